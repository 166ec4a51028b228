"""The same rows in two runs: counts of what each row was decided before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.core.groups import JOIN
from audits.cube import number_combinations

UNKNOWN_TRUE = 2
"""Code of a row without a true outcome, as in the masks of `audits.cube.rates`."""

MOMENTS = ("before", "after", "change_square", "total_square")
"""What each cell sums of a number x before and y after: x, y, (y - x) squared, (y + x) squared."""


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """Rows of both runs by groups, true outcome and both decisions. One entry a cell.

    groups: each protected column's value (text). true: 0, 1 or `UNKNOWN_TRUE`; before and after:
    the decisions, 0 or 1 (of several classes: true is 1 and a decision says whether it was
    right; of a number: all 0). weight and squared: sums of the rows' weights and their squares.
    moments: for a mean over rows, its sums (`MOMENTS`), weighted.
    """

    groups: Mapping[str, FloatArray]
    true: IntArray
    before: IntArray
    after: IntArray
    count: IntArray
    weight: FloatArray
    squared: FloatArray
    moments: Mapping[str, Mapping[str, FloatArray]]
    task: str

    @property
    def groupings(self) -> dict[str, tuple[str, ...]]:
        """Columns by the name of the attribute or intersection; "" is everybody."""
        singles = [(name,) for name in self.groups]
        pairs = list(combinations(self.groups, 2))
        return {"": (), **{JOIN.join(names): names for names in (*singles, *pairs)}}


@dataclass(frozen=True, slots=True)
class GroupedPairs:
    """The counts of one grouping. labels: `[n_groups]`.

    joint: effective rows `[n_groups, true (3), before (2), after (2)]`; count: rows, alike.
    """

    labels: tuple[str, ...]
    joint: FloatArray
    count: FloatArray
    means: Mapping[str, PairedMeans]

    @property
    def discordant(self) -> FloatArray:
        """Rows decided differently in the two runs, `[n_groups]`."""
        differing: FloatArray = self.count[:, :, 0, 1] + self.count[:, :, 1, 0]
        return np.asarray(differing.sum(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class PairedMeans:
    """A mean over rows in both runs, `[n_groups]` each; NaN without rows.

    variance_change and variance_sum: of after minus before, and of after plus before.
    """

    before: FloatArray
    after: FloatArray
    variance_change: FloatArray
    variance_sum: FloatArray
    effective: FloatArray
    n: IntArray


def group_pairs(pairs: PairedCounts, names: tuple[str, ...]) -> GroupedPairs:
    """Return the counts by the values of some protected columns."""
    cells = len(pairs.true)
    codes, values = [], []
    for name in names:
        unique, code = np.unique(pairs.groups[name], return_inverse=True)
        codes.append(code.astype(np.int64))
        values.append(unique)
    if names:
        first, place = number_combinations(codes, cells)
        labels = tuple(
            JOIN.join(str(value[code[i]]) for value, code in zip(values, codes, strict=True))
            for i in first
        )
    else:
        place, labels = np.zeros(cells, dtype=np.int64), ("",)
    shape = (len(labels), 3, 2, 2)
    where = (place, pairs.true, pairs.before, pairs.after)
    weight, squared, count = (
        _add(where, shape, sums) for sums in (pairs.weight, pairs.squared, pairs.count)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = weight.sum(axis=(1, 2, 3)) / squared.sum(axis=(1, 2, 3))
    joint = weight * np.where(np.isfinite(scale), scale, 0.0)[:, None, None, None]
    means = {name: _average(pairs, place, len(labels), name) for name in pairs.moments}
    return GroupedPairs(labels, joint, count, means)


def _add(
    where: tuple[IntArray, ...], shape: tuple[int, ...], sums: FloatArray | IntArray
) -> FloatArray:
    total: FloatArray = np.zeros(shape, dtype=np.float64)
    np.add.at(total, where, sums)
    return total


def _average(pairs: PairedCounts, place: IntArray, groups: int, name: str) -> PairedMeans:
    known = (
        pairs.true != UNKNOWN_TRUE if name not in OF_ALL_ROWS else np.ones_like(pairs.true, bool)
    )
    moments = pairs.moments[name]

    def add(values: FloatArray | IntArray) -> FloatArray:
        added = np.bincount(place[known], weights=values[known], minlength=groups)
        return np.asarray(added, dtype=np.float64)

    weight, squared, n = add(pairs.weight), add(pairs.squared), add(pairs.count)
    x, y, change_square, total_square = (add(moments[part]) for part in MOMENTS)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(squared > 0, weight**2 / squared, 0.0)
        before, after = x / weight, y / weight
        bessel = effective / (effective - 1)
        change = change_square / weight - (after - before) ** 2
        total = total_square / weight - (after + before) ** 2
    return PairedMeans(
        before,
        after,
        np.maximum(change, 0.0) * bessel,
        np.maximum(total, 0.0) * bessel,
        effective,
        np.rint(n).astype(np.int64),
    )


OF_ALL_ROWS = ("mean_score", "mean_prediction")
"""Means that need no true outcome."""
