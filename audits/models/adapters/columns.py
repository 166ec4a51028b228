"""From the columns of a frame to the numbers that a model reads."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import InputError, near_misses, one_of

MISSING = -1
"""Code of a missing value, or of one that is not among the categories."""
_FEW_ROWS = 32  # below this a loop is faster than a hash table of the column


def select_features(frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Return the model's columns in its order. Raises InputError naming those that lack."""
    if list(frame.columns) == list(features):
        return frame
    absent = [name for name in features if name not in frame.columns]
    if absent:
        plural = "columns" if len(absent) > 1 else "column"
        hint = near_misses(absent[0], [str(name) for name in frame.columns])
        raise InputError(
            f"the data lacks {len(absent)} {plural} that the model needs: {one_of(absent)}"
            f"{hint or '; the data has ' + one_of(frame.columns)}"
        )
    chosen = frame[list(features)]
    if chosen.shape[1] != len(features):
        twice = sorted({str(name) for name in chosen.columns[chosen.columns.duplicated()]})
        raise InputError(f"the data has several columns named {one_of(twice)}; rename them")
    return chosen


def compute_numbers(column: pd.Series) -> FloatArray:
    """Return a column as float64 with NaN for missing; raises InputError on text."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        return column.to_numpy(dtype=np.float64)
    if pd.api.types.is_datetime64_any_dtype(column) or column.dtype.kind == "m":
        raise InputError(
            f"column {column.name!r} holds dates, but the model reads it as a number; "
            "turn it into the number that the model was trained on"
        )
    values = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    numbers = pd.to_numeric(values, errors="coerce")
    result = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.isnan(result) & column.notna().to_numpy()
    if wrong.any():
        example = column.iloc[int(np.flatnonzero(wrong)[0])]
        raise InputError(
            f"column {column.name!r} holds the text {str(example)!r}, but the model reads it as a "
            "number; if it stands for a missing value, name it under [data] missing"
        )
    return result


def text_of(value: Hashable) -> str:
    """Return a value's text: a whole number beside missing values is 1.0 to pandas, "1" to people.

    Numpy's numbers print as their plain ones.
    """
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


class Categories:
    """The values that a categorical column may take, in the order of their codes.

    A value matches the category that equals it (1.0 equals 1), or else one of the same text.
    """

    def __init__(self, values: Iterable[Hashable]) -> None:
        self._codes = {value: code for code, value in enumerate(values)}
        self._by_text = {text_of(value): code for value, code in self._codes.items()}

    def compute_codes(self, column: pd.Series) -> IntArray:
        """Return int64 codes `[n]`, -1 for missing and unseen values."""
        if len(column) <= _FEW_ROWS:
            return np.array([self._code(value) for value in column.tolist()], dtype=np.int64)
        codes, values = pd.factorize(column)
        table = np.array([self._code(value) for value in values] + [MISSING], dtype=np.int64)
        return table[codes]

    def _code(self, value: Hashable) -> int:
        code = self._codes.get(value)
        if code is not None:
            return code
        if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
            return MISSING
        return self._by_text.get(text_of(value), MISSING)


def compute_matrix(
    frame: pd.DataFrame, features: Sequence[str], categories: Mapping[str, Categories]
) -> FloatArray:
    """Return float64 `[n_rows, n_features]`: numbers, and codes of categorical columns.

    Missing values and unseen categories are NaN.
    """
    matrix = np.empty((len(frame), len(features)), dtype=np.float64)
    for index, name in enumerate(features):
        known = categories.get(name)
        if known is None:
            matrix[:, index] = compute_numbers(frame[name])
        else:
            codes = known.compute_codes(frame[name])
            matrix[:, index] = np.where(codes == MISSING, np.nan, codes)
    return matrix
