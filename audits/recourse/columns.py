"""Columns as the search sees them: the kind of their values, their codes and their spread.

A code is a float64: a number stands for itself, a category or a yes/no value for its position
among the column's values, NaN for a missing value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas.api.extensions import ExtensionArray, ExtensionDtype
from pandas.api.types import infer_dtype, is_bool_dtype, is_float_dtype, is_numeric_dtype

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.core.errors import InputError, near_misses

Dtype = np.dtype | ExtensionDtype
Kind = Literal["number", "boolean", "category"]

MAD_TO_STD = 1.4826
"""Makes the median absolute deviation of normal data equal to its standard deviation."""
MAX_DECIMALS = 6
SPREAD_STEPS = 1000
"""A number with endless decimals moves in steps no larger than its spread / SPREAD_STEPS."""

_INFERRED: dict[str, Kind] = {
    "string": "category",
    "empty": "category",
    "boolean": "boolean",
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One feature. `dtype` is that of every frame that the search builds.

    pool: the values by code: no and yes, or a category's values with the reference data's own
    first and most frequent first; where values are missing the last element is the missing
    value, which code -1 takes. decimals, low, high, spread: of a number, in the reference
    data (low and high are NaN where it has no finite value). declared_step, unit_cost and
    move_costs (old code, new code, cost): what the rules say of the column. in_block: whether it is
    one of the columns that encode a category (see `blocks`).
    """

    name: str
    kind: Kind
    dtype: Dtype
    pool: ExtensionArray
    decimals: int = 0
    low: float = math.nan
    high: float = math.nan
    spread: float = 0.0
    declared_step: float = 0.0
    unit_cost: float | None = None
    move_costs: tuple[tuple[float, float, float], ...] = ()
    in_block: bool = False
    stored: tuple[Any, ...] = field(init=False, repr=False)
    """The pool as it is stored: texts and yes/no, None for a missing value."""
    _index: pd.Index = field(init=False, repr=False)

    def __post_init__(self) -> None:
        index = pd.Index(np.asarray(self.pool, dtype=object), dtype=object)
        object.__setattr__(self, "_index", index)
        object.__setattr__(self, "stored", tuple(list_plain(self.pool)))

    @property
    def step(self) -> float:
        """The smallest move of a number."""
        return self.declared_step or float(10.0**-self.decimals)

    def encode(self, values: pd.Series) -> FloatArray:
        """Return the codes of `values`; infinite numbers count as missing."""
        if self.kind == "number":
            codes = values.astype(self.dtype).to_numpy(dtype=np.float64, na_value=np.nan)
            return np.where(np.isfinite(codes), codes, np.nan)
        return self._look_up(*pd.factorize(values))[0]

    def _look_up(self, places: IntArray, distinct: ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Return the codes of factorized values, and which of the distinct values have one."""
        known = self._index.get_indexer(pd.Index(np.asarray(distinct, dtype=object), dtype=object))
        codes = np.append(np.where(known < 0, np.nan, known), np.nan)  # missing: the last place
        return codes[places], known >= 0

    def extend(self, values: pd.Series) -> tuple[Column, FloatArray]:
        """Return the column with codes for values that it does not know yet, behind its own, and
        the codes of `values`."""
        if self.kind == "number":
            return self, self.encode(values)
        places, distinct = pd.factorize(values)
        codes, known = self._look_up(places, distinct)
        missing, absent = self.pool.isna(), np.flatnonzero(places < 0)
        if known.all() and (missing.any() or not len(absent)):
            return self, codes
        none = list(self.pool[missing]) or list(values.iloc[absent[:1]])
        listed = [*self.pool[~missing], *np.asarray(distinct, dtype=object)[~known], *none]
        column = replace(self, pool=pd.Series(listed, dtype=self.dtype).array)
        return column, column.encode(values)

    def decode(self, codes: FloatArray) -> ExtensionArray:
        """Return an array of `dtype` for finite `codes` (a category's may be NaN)."""
        if self.kind == "number":
            whole = codes if is_float_dtype(self.dtype) else np.rint(codes).astype(np.int64)
            values: ExtensionArray = pd.Series(whole).astype(self.dtype).array
            return values
        return self.pool.take(np.where(np.isnan(codes), -1, codes).astype(np.intp))

    def round_to_dtype(self, codes: FloatArray) -> FloatArray:
        """Return the codes of the values that `dtype` can hold (float32 rounds)."""
        if self.kind == "number" and self.dtype == np.dtype(np.float64):
            return np.where(np.isfinite(codes), codes, np.nan)
        if self.kind == "number" and self.dtype == np.dtype(np.int64):
            return np.rint(codes)
        return self.encode(pd.Series(self.decode(codes)))

    def cost(self, old: FloatArray, new: FloatArray) -> FloatArray:
        """Return what moving from `old` to `new` costs (codes, broadcast together).

        A number costs |new - old| / spread; 1 where the old value is missing or the reference
        data has no spread. A changed category costs 1. No change costs 0. A declared cost
        stands in for 1 / spread or for 1 (a missing number: for one spread's worth). In a block the
        column that comes to be set costs what a category does; what it unsets costs nothing.
        """
        if self.in_block:
            whole = 1.0 if self.unit_cost is None else self.unit_cost
            return np.where((old == new) | (new == 0), 0.0, whole)
        if self.kind == "number":
            price = self.unit_cost
            if self.spread == 0 and price is None:
                return np.where(old == new, 0.0, 1.0)
            unit = 1.0 / self.spread if price is None else price
            filled = 1.0 if price is None else price * (self.spread or 1.0)
            return np.where(np.isnan(old), filled, np.abs(new - old) * unit)
        change = 1.0 if self.unit_cost is None else self.unit_cost
        costs = np.where(old == new, 0.0, change)
        for one, other, price in self.move_costs:
            costs = np.where((old == one) & (new == other), price, costs)
        return costs


def list_plain(values: ExtensionArray) -> list[Any]:
    """Return values as they are stored: plain numbers, texts, yes/no, None for missing."""
    return [
        None if absent else value
        for value, absent in zip(pd.Series(values).tolist(), values.isna(), strict=True)
    ]


def kind_of(values: pd.Series) -> Kind:
    """Return what the values are. Raises InputError for dates and mixed types."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "category"
    if is_bool_dtype(values.dtype):
        return "boolean"
    if is_numeric_dtype(values.dtype):
        return "number"
    inferred = infer_dtype(values, skipna=True)
    if inferred not in _INFERRED:
        raise InputError(
            f"column {values.name!r} holds {inferred} values; recourse can read numbers, "
            "yes/no values and texts: convert the column, or leave it out of the model"
        )
    return _INFERRED[inferred]


def compute_spread(values: FloatArray) -> float:
    """Return the robust spread of finite `values`: MAD * 1.4826, else IQR, else std, else 0.

    Each stands in where the one before is 0, as when most rows share one value.
    """
    if not len(values):
        return 0.0
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    mad = float(np.median(np.abs(values - middle))) * MAD_TO_STD
    return mad or float(high - low) or (float(values.std()) if np.ptp(values) > 0 else 0.0)


def compute_decimals(values: FloatArray, spread: float) -> int:
    """Return how many decimals the values have; for endless ones, enough for the spread."""
    for decimals in range(MAX_DECIMALS + 1):
        if np.array_equal(np.round(values, decimals), values):
            return decimals
    return max(0, math.ceil(-math.log10(spread / SPREAD_STEPS)))


def build_columns(rows: pd.DataFrame, reference: pd.DataFrame) -> tuple[Column, ...]:
    """Describe each column of `rows` from the reference data.

    Raises InputError where the reference data lacks a column or has it as another kind.
    """
    absent = [name for name in rows.columns if name not in reference.columns]
    if absent:
        hint = near_misses(str(absent[0]), map(str, reference.columns))
        raise InputError(f"the reference data has no column {absent[0]!r}{hint}")
    return tuple(_build_column(rows[name], reference[name]) for name in rows.columns)


def holds(dtype: Dtype, other: Dtype) -> bool:
    """Whether values of the other type joined with those of `dtype` are of `dtype`."""
    if isinstance(dtype, np.dtype) and isinstance(other, np.dtype) and dtype.kind in "iuf":
        return other.kind in "iuf" and bool(np.result_type(dtype, other) == dtype)
    return dtype == other


def fit_columns(
    columns: Sequence[Column], rows: pd.DataFrame
) -> tuple[tuple[Column, ...], FloatArray] | None:
    """Return the columns as `build_columns` would for these rows, and the rows' codes.

    rows: of types that the columns' hold (`holds`). What only these rows have gets codes behind
    the others. None where a kind differs, so that the columns have to be built anew.
    """
    fitted, codes = [], []
    for column in columns:
        values = rows[column.name]
        if values.dtype == object and values.notna().any() and kind_of(values) != column.kind:
            return None
        full, found = column.extend(values)
        fitted.append(full)
        codes.append(found)
    return tuple(fitted), np.column_stack(codes)


def encode_frame(columns: Sequence[Column], frame: pd.DataFrame) -> FloatArray:
    """Return the codes of a frame, float64 `[n_rows, n_columns]`."""
    return np.column_stack([column.encode(frame[column.name]) for column in columns])


def _build_column(rows: pd.Series, reference: pd.Series) -> Column:
    kind = kind_of(reference) if reference.notna().any() else kind_of(rows)
    if rows.notna().any() and kind_of(rows) != kind:
        raise InputError(
            f"column {rows.name!r} holds {kind_of(rows)} values in the audited rows but {kind} "
            "values in the reference data; give both the same type"
        )
    joined = pd.concat([reference, rows], ignore_index=True)
    if kind == "number":
        return _build_number(joined.dtype, reference)
    dtype = _category_dtype(rows, reference) or joined.dtype
    values = [False, True] if kind == "boolean" else _by_frequency(rows, reference)
    missing = list(joined[joined.isna()].iloc[:1])
    pool = pd.Series([*values, *missing], dtype=dtype).array
    return Column(str(rows.name), kind, dtype, pool)


def _by_frequency(rows: pd.Series, reference: pd.Series) -> list[object]:
    counts = reference.value_counts()
    seen = list(counts[counts > 0].index)
    return [*seen, *(value for value in rows.dropna().unique() if value not in set(seen))]


def _category_dtype(rows: pd.Series, reference: pd.Series) -> pd.CategoricalDtype | None:
    """Return the categories of both, which `concat` would give up where they differ."""
    if not isinstance(rows.dtype, pd.CategoricalDtype):
        return None
    categories = rows.dtype.categories
    extra = pd.Index(reference.dropna().unique()).difference(categories, sort=False)
    return pd.CategoricalDtype(categories.append(extra), ordered=rows.dtype.ordered)


def _build_number(joined: Dtype, reference: pd.Series) -> Column:
    dtype = np.dtype(np.float64) if joined == np.dtype(object) else joined
    values = reference.to_numpy(dtype=np.float64, na_value=np.nan)
    values = values[np.isfinite(values)]
    spread = compute_spread(values)
    low, high = (values.min(), values.max()) if len(values) else (math.nan, math.nan)
    decimals = compute_decimals(values, spread)
    return Column(
        str(reference.name),
        "number",
        dtype,
        pd.Series([], dtype=dtype).array,
        decimals=decimals,
        low=float(low),
        high=float(high),
        spread=spread,
    )
