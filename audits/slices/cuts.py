"""Columns cut into conditions: ranges of numbers, frequent texts, and missing values.

A row falls on one *level* of a column; a *condition* holds one level or, for numbers, several
levels in a row. Cuts look at the columns alone, never at outcomes or predictions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from audits.core.arrays import FloatArray, IntArray

Codes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

PARTS = 8
"""Numbers are cut at eighths of the rows: fine enough for "under 25", coarse enough to search."""
MAX_TEXTS = 16
"""Of a text column, its most frequent values are conditions; the rest are in none."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One column's levels and conditions.

    edges: where numbers are cut, `[levels - 2]` beside missing; None for texts. texts: the values
    of a text column's levels. spans: first and last level of every condition, `[conditions, 2]`.
    words: every condition for people. The last two levels are "missing" and, for texts, "other".
    """

    name: str
    edges: FloatArray | None
    texts: tuple[str, ...]
    spans: IntArray
    words: tuple[str, ...]

    @property
    def missing(self) -> int:
        """The level of rows without a value."""
        return len(self.texts) if self.edges is None else len(self.edges) + 1

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return self.missing + 2

    @property
    def member(self) -> Mask:
        """Which levels each condition holds, `[conditions, levels]`."""
        level = np.arange(self.levels)
        return (self.spans[:, :1] <= level) & (level <= self.spans[:, 1:])

    @property
    def neighbours(self) -> IntArray:
        """The conditions with one level more or fewer at one end, `[conditions, 4]`; a condition
        that has none stands for itself."""
        place = {(int(a), int(b)): i for i, (a, b) in enumerate(self.spans)}
        steps = ((-1, 0), (1, 0), (0, -1), (0, 1))
        return np.array(
            [[place.get((a + x, b + y), i) for x, y in steps] for (a, b), i in place.items()],
            dtype=np.int64,
        ).reshape(-1, 4)

    def encode(self, values: pa.Array) -> Codes:
        """Return the level of every value: float64 values (NaN is missing) or strings."""
        if self.edges is not None:
            numbers = values.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
            found: Codes = np.searchsorted(self.edges, numbers, side="right").astype(np.uint8)
            found[np.isnan(numbers)] = self.missing
            return found
        places = pc.index_in(values, value_set=pa.array(self.texts, pa.string()))
        codes: Codes = pc.fill_null(places, self.missing + 1).to_numpy().astype(np.uint8)
        codes[pc.is_null(values).to_numpy(zero_copy_only=False)] = self.missing
        return codes

    def keep_supported(self, rows: IntArray, least: int) -> Cut:
        """Return the cut with the conditions that at least `least` rows meet, and as many do not.

        rows: how many rows are on each level, `[levels]`.
        """
        met = self.member.astype(np.int64) @ rows
        kept = np.flatnonzero((met >= least) & (met <= rows.sum() - least))
        return replace(self, spans=self.spans[kept], words=tuple(self.words[i] for i in kept))


_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


def find_edges(values: FloatArray, parts: int = PARTS) -> FloatArray:
    """Return rising edges that cut `values` (no NaN) into about `parts` equal parts.

    A value that fills a part by itself gets a part of its own; other edges are rounded to what
    people would write. A few different values are all kept apart.
    """
    distinct = np.unique(values)
    if len(distinct) <= parts:
        return distinct[1:]
    ordered = np.sort(values)
    shares = np.arange(1, parts) / parts
    wanted = np.quantile(ordered, shares, method="inverted_cdf")
    below, upto = (np.searchsorted(ordered, wanted, side) / len(ordered) for side in _SIDES)
    after = distinct[np.minimum(np.searchsorted(distinct, wanted, "right"), len(distinct) - 1)]
    heavy = upto - below >= 1 / parts
    nearest = np.where(shares - below <= upto - shares, wanted, after)
    light = _round_together(np.unique(nearest[~heavy]))
    edges = np.unique(np.concatenate([wanted[heavy], after[heavy], light]))
    inner: FloatArray = edges[(edges > distinct[0]) & (edges <= distinct[-1])]
    return inner


def _round_together(values: FloatArray) -> FloatArray:
    """Round to two digits of the values' spread."""
    spread = float(np.ptp(values)) if len(values) > 1 else 0.0
    if not 0 < spread < np.inf:
        return values
    rounded = np.round(values, 1 - int(np.floor(np.log10(spread))))
    return np.asarray(rounded + 0.0)  # there is no minus nought


def cut_numbers(name: str, edges: FloatArray, lowest: float, highest: float, whole: bool) -> Cut:
    """Return the cut of a numeric column: every run of neighbouring parts, and missing.

    lowest, highest: the ends of all values. whole: all of them are whole numbers.
    """
    ends = [lowest, *map(float, edges), highest + 1 if whole else highest]
    count = len(edges) + 1
    spans = [(i, j) for i in range(count) for j in range(i, count) if j - i < count - 1]
    words = [_say_range(name, i, j, ends, whole) for i, j in spans]
    return Cut(
        name,
        np.asarray(edges, dtype=np.float64),
        (),
        np.array([*spans, (count, count)], dtype=np.int64),
        (*words, f"{name} is missing"),
    )


def _say_range(name: str, first: int, last: int, ends: list[float], whole: bool) -> str:
    low, high = ends[first], ends[last + 1]
    if whole and high - low == 1:
        return f"{name} = {show_number(low)}"
    if first == 0:
        return f"{name} under {show_number(high)}"
    if last == len(ends) - 2:
        return f"{name} {show_number(low)} and over"
    return f"{name} {show_number(low)} to under {show_number(high)}"


def show_number(value: float) -> str:
    """Return a number exactly, as briefly as that allows."""
    text = repr(value)
    return text.removesuffix(".0")


def cut_texts(name: str, counts: dict[str, int]) -> Cut:
    """Return the cut of a text column: its most frequent values, and missing.

    Ties are broken by the text, so the order of the rows does not matter.
    """
    ranked = sorted(counts, key=lambda text: (-counts[text], text))[:MAX_TEXTS]
    levels = np.arange(len(ranked) + 1)
    words = (*(f"{name} = {text}" for text in ranked), f"{name} is missing")
    return Cut(name, None, tuple(ranked), np.stack([levels, levels], axis=1), words)
