"""From the columns of a frame to the numbers that a model reads."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from audits.core.errors import InputError, near_misses, one_of
from audits.models.adapter import FloatArray, IntArray

MISSING = -1
"""Code of a missing value, or of one that is not among the categories."""


def select_features(frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Return the model's columns in its order. Raises InputError naming those that lack."""
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


def compute_codes(column: pd.Series, categories: Mapping[Any, int]) -> IntArray:
    """Return the category index of each value, -1 for missing and unseen ones.

    A value matches a category that equals it, or else one of the same text.
    """
    by_text = {str(value): code for value, code in categories.items()}
    codes, values = pd.factorize(column)
    table = np.array(
        [_code(value, categories, by_text) for value in values] + [MISSING], dtype=np.int64
    )
    return table[codes]


def _code(value: Hashable, categories: Mapping[Any, int], by_text: Mapping[str, int]) -> int:
    if isinstance(value, np.generic):
        value = value.item()
    code = categories.get(value)
    return by_text.get(str(value), MISSING) if code is None else code


def compute_matrix(
    frame: pd.DataFrame, features: Sequence[str], categories: Mapping[str, Mapping[Any, int]]
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
            codes = compute_codes(frame[name], known)
            matrix[:, index] = np.where(codes == MISSING, np.nan, codes)
    return matrix
