"""The values of a column at which its effect is looked at, and how many rows are near each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_bool_dtype, is_numeric_dtype

from audits.core.arrays import FloatArray, IndexArray

Kind = Literal["number", "boolean", "category"]

POINTS = 20
"""Most points of a number: quantiles of its values, the smallest and the largest included."""

CATEGORIES = 20
"""Most points of a category: its most frequent values."""

MISSING_TEXT = "(missing)"


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Values of one column, all of them seen in the data. Arrays are `[n_points]`.

    A number's points rise, then comes missing where some rows lack the value; a category's come
    by falling frequency. sources: position of a row that has the value. numbers: the value, 0
    and 1 for no and yes; NaN for categories and for missing. n: of a number, the rows above the
    point before and not above this one (the first: equal to it); else the rows with that value.
    left_out: how many rarer categories have no point.
    """

    feature: str
    kind: Kind
    sources: IndexArray
    numbers: FloatArray
    texts: tuple[str, ...]
    n: IndexArray
    has_missing: bool
    left_out: int = 0

    @property
    def known(self) -> int:
        """How many points are values, not missing."""
        return len(self.texts) - self.has_missing

    @property
    def is_ordered(self) -> bool:
        """Whether neighbouring points are neighbouring values."""
        return self.kind != "category"


@dataclass(frozen=True, slots=True)
class NoEffect:
    """A column without an effect that could be looked at, and why (in words for people)."""

    feature: str
    reason: str


def build_grid(
    values: pd.Series, *, points: int = POINTS, categories: int = CATEGORIES
) -> Grid | NoEffect:
    """Return the points of one column, or why there are fewer than two of them.

    Infinite numbers have no point; dates and columns of mixed types are taken as they are only
    where a value can be told from another.
    """
    feature = str(values.name)
    missing = values.isna().to_numpy(dtype=bool)
    if missing.all():
        return NoEffect(feature, "the column has no values at all")
    kind = find_kind(values)
    if kind is None:
        return NoEffect(feature, "the column holds dates, which have no grid here")
    if kind == "category":
        sources, n, left_out = _choose_categories(values, categories)
        numbers = np.full(len(sources), np.nan)
        texts = [str(values.iloc[position]) for position in sources]
    else:
        left_out = 0
        sources, n, numbers = _choose_numbers(to_numbers(values), points)
        texts = [_write(number, kind) for number in numbers]
    if missing.any():
        sources = np.append(sources, np.flatnonzero(missing)[0])
        n, numbers = np.append(n, missing.sum()), np.append(numbers, np.nan)
        texts.append(MISSING_TEXT)
    if len(texts) < 2:
        return NoEffect(feature, f"the column has one value only ({texts[0] if texts else 'none'})")
    return Grid(feature, kind, sources, numbers, tuple(texts), n, bool(missing.any()), left_out)


def find_kind(values: pd.Series) -> Kind | None:
    """Return what a column holds, None for dates and times."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "category"
    if is_bool_dtype(values.dtype):
        return "boolean"
    if is_numeric_dtype(values.dtype):
        return "number"
    inferred = infer_dtype(values, skipna=True)
    if inferred == "boolean":
        return "boolean"
    if inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        return "number"
    return None if inferred.startswith(("date", "time")) else "category"


def to_numbers(values: pd.Series) -> FloatArray:
    """Return float64, NaN for missing and for infinite values."""
    numbers = pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _choose_numbers(numbers: FloatArray, points: int) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Return where each grid value stands, the rows of its cell, and the values."""
    order = np.argsort(numbers, kind="stable")  # NaN last
    ranked = numbers[order[: len(numbers) - int(np.isnan(numbers).sum())]]
    grid = np.unique(ranked)
    if len(grid) > points:
        shares = np.linspace(0, 1, points)
        grid = np.unique(np.quantile(ranked, shares, method="inverted_cdf"))
    sources = order[np.searchsorted(ranked, grid)]
    n = np.diff(np.searchsorted(ranked, grid, side="right"), prepend=0)
    return sources.astype(np.intp), n.astype(np.intp), grid


def _choose_categories(values: pd.Series, most: int) -> tuple[IndexArray, IndexArray, int]:
    codes, levels = pd.factorize(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    chosen = np.argsort(-counts, kind="stable")[:most]
    first = np.full(len(levels), len(codes))
    known = np.flatnonzero(codes >= 0)
    np.minimum.at(first, codes[known], known)
    return first[chosen].astype(np.intp), counts[chosen].astype(np.intp), len(levels) - len(chosen)


def _write(number: float, kind: Kind) -> str:
    if kind == "boolean":
        return "yes" if number else "no"
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.10g}"
