"""Rows as the numbers that the search for rules works on, and back.

A number becomes its rank among the values there are (1 for the smallest, 0 for missing), so that
thresholds are values of the data and no rounding loses them; a category becomes its position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from audits.core.arrays import FloatArray, IndexArray
from audits.explain.effects.grid import find_kind, to_numbers
from audits.explain.rules.conditions import Condition, InRange, IsValue


@dataclass(frozen=True, slots=True, eq=False)
class CodedColumn:
    """One column: `values` by code, the missing value among them where the data has one.

    ranks: the numbers by code (NaN for missing), None for categories.
    """

    name: str
    values: ExtensionArray
    ranks: FloatArray | None
    has_missing: bool

    def describe(self, above: int | None, up_to: int | None) -> Condition:
        """Return the condition that a number's code is above one code and up to another.

        Code 0 is missing (no value has it where none is missing).
        """
        assert self.ranks is not None  # only numbers have an order
        low = None if not above else float(self.ranks[above])
        high = None if not up_to else float(self.ranks[up_to])
        with_missing = self.has_missing and above is None
        return InRange(self.name, low, high, with_missing)

    def describe_value(self, code: int) -> Condition:
        """Return the condition that a category has the value of a code."""
        value = self.values[code]
        return IsValue(self.name, None if pd.isna(value) else value)


@dataclass(frozen=True, slots=True, eq=False)
class Coder:
    """Codes of a frame: the varied columns, numbers first; `rest` never varies."""

    columns: tuple[CodedColumn, ...]
    codes: FloatArray
    order: tuple[str, ...]
    rest: pd.DataFrame

    @classmethod
    def make(cls, frame: pd.DataFrame) -> Coder:
        """Code all rows of a frame `[n_rows, n_columns]`; columns of one value are left out."""
        made = [_code(frame[name]) for name in frame.columns]
        varied = [item for item in made if item is not None]
        # alibi reads the columns between numbers wrongly where kinds alternate.
        varied.sort(key=lambda item: item[0].ranks is None)
        columns = tuple(column for column, _ in varied)
        codes = np.column_stack([codes for _, codes in varied]) if varied else np.empty((0, 0))
        kept = {column.name for column in columns}
        rest = frame.iloc[[0]][[name for name in frame.columns if name not in kept]]
        return cls(columns, codes.astype(np.float64), tuple(frame.columns), rest)

    def decode(self, codes: FloatArray) -> pd.DataFrame:
        """Return the rows of a matrix of codes, in the types of the data."""
        built = {name: self.rest[name].array.take(np.zeros(len(codes), dtype=np.intp))
                 for name in self.rest.columns}  # fmt: skip
        for position, column in enumerate(self.columns):
            own = np.clip(codes[:, position].astype(np.intp), 0, len(column.values) - 1)
            built[column.name] = column.values.take(own)
        return pd.DataFrame({name: built[name] for name in self.order}, copy=False)

    def name_categories(self) -> dict[int, list[str]]:
        """Return the codes of every category as texts, by the column's position."""
        return {
            position: [str(code) for code in range(len(column.values))]
            for position, column in enumerate(self.columns)
            if column.ranks is None
        }

    def names(self) -> Sequence[str]:
        """Return names that cannot be taken for anything else in alibi's texts: c0, c1, ..."""
        return [f"c{position}" for position in range(len(self.columns))]


def _code(values: pd.Series) -> tuple[CodedColumn, IndexArray] | None:
    missing = values.isna().to_numpy(dtype=bool)
    if missing.all():
        return None
    if find_kind(values) == "number":
        return _code_numbers(values)
    codes, _ = pd.factorize(values)
    if missing.any():
        codes = np.where(codes < 0, codes.max() + 1, codes)
    if codes.max() == 0:
        return None
    return CodedColumn(
        str(values.name), _take_first(values, codes), None, bool(missing.any())
    ), codes


def _code_numbers(values: pd.Series) -> tuple[CodedColumn, IndexArray] | None:
    numbers = to_numbers(values)
    known = ~np.isnan(numbers)
    unique, inverse = np.unique(numbers[known], return_inverse=True)
    codes = np.zeros(len(numbers), dtype=np.intp)
    codes[known] = inverse + 1
    if len(unique) + (not known.all()) < 2:
        return None
    lacking = bool((~known).any())
    # Without a missing value nothing has code 0; it decodes as the smallest, which is never asked.
    first = _take_first(values, codes if lacking else codes - 1)
    pool = first if lacking else first.take(np.maximum(np.arange(-1, len(first)), 0))
    ranks = np.concatenate([[np.nan], unique])
    return CodedColumn(str(values.name), pool, ranks, lacking), codes


def _take_first(values: pd.Series, codes: IndexArray) -> ExtensionArray:
    """Return one value for each code, in the order of the codes."""
    _, first = np.unique(codes, return_index=True)
    taken: ExtensionArray = values.array.take(first)
    return taken
