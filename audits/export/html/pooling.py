"""The scores of a cube, coarsened so that a file for others names nobody's score.

Two things happen to a score. It is put into one of at most `MAX_BINS` bins, so that the file does
not grow with rows; the audited threshold is an edge of them. Then the rows of the same groups,
outcome and side of the threshold are pooled along the score until each pool has `least` rows, and
all rows of a pool stand in the bin of its median (microaggregation, Defays and Nanopoulos 1993).
Rows that are too few for a pool of their own are pooled with those of other groups.

Every number of the file is then a function of pools: no subtraction of groups gives back the score
of fewer than `least` people. Counts on either side of the audited threshold are not changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.cube import UNKNOWN, Cube, number_combinations

MAX_BINS = 200
"""No choice of the edges below gives more."""
_EVEN_BINS = 100
_SPLIT_BINS = 10
_SPLIT_INTO = 10
_CROWDED = 0.03
"""A bin with more of the rows than this is split: scores of rare outcomes crowd near 0."""


@dataclass(frozen=True, slots=True)
class PooledScores:
    """edges: `[n_bins]`, lower edges, rising, each a threshold that can be tried. place:
    `[n_cells]`, each cell's bin after pooling. exact: the same before it. audited: the position
    of the audited threshold in `edges`, None where decisions were given."""

    edges: FloatArray
    place: IntArray
    exact: IntArray
    audited: int | None


def pool_scores(cube: Cube, attributes: Sequence[str], least: int) -> PooledScores | None:
    """Return the cube's scores in bins and pools; None where rows have no scores.

    attributes: the columns whose groups are kept apart. least: rows in a pool.
    """
    score_bin = cube.codes.get("score_bin")
    if score_bin is None or not len(score_bin) or (score_bin == UNKNOWN).any():
        return None
    threshold = cube.threshold
    cut = None if threshold is None or np.isnan(threshold) else threshold
    scores, count = cube.edges[score_bin], cube.sums["count"]
    edges = choose_edges(scores, count, cut)
    exact = _find_bins(edges, scores)
    audited = None if cut is None else int(np.searchsorted(edges, cut))
    side = np.zeros_like(exact) if audited is None else (exact >= audited).astype(np.int64)
    columns = [cube.attributes.index(name) for name in attributes]
    _, joint = number_combinations(cube.group_codes[:, columns].T, len(exact))
    place = _pool(joint, 2 * cube.codes["y_true"] + side, exact, count, least)
    return PooledScores(edges, place, exact, audited)


def choose_edges(scores: FloatArray, count: FloatArray, threshold: float | None) -> FloatArray:
    """Return the bins' lower edges: hundredths, thousandths where rows crowd, the threshold."""
    even = np.arange(_EVEN_BINS + 1) / _EVEN_BINS
    rows = np.bincount(_find_bins(even, scores), count, minlength=len(even))
    crowded = np.argsort(-rows, kind="stable")[:_SPLIT_BINS]
    fine = [
        (place * _SPLIT_INTO + step) / (_EVEN_BINS * _SPLIT_INTO)
        for place in crowded
        if place < _EVEN_BINS and rows[place] > _CROWDED * rows.sum()
        for step in range(1, _SPLIT_INTO)
    ]
    extra = [] if threshold is None else [threshold]
    return np.union1d(even, [*fine, *extra])


def _find_bins(edges: FloatArray, scores: FloatArray) -> IntArray:
    return np.maximum(np.searchsorted(edges, scores, side="right") - 1, 0).astype(np.int64)


def _pool(
    joint: IntArray, kind: IntArray, exact: IntArray, count: FloatArray, least: int
) -> IntArray:
    """Return each cell's bin after pooling. kind: outcome and side of the threshold together."""
    first, slot = number_combinations([joint, kind - kind.min(), exact], len(exact))
    rows = np.asarray(np.bincount(slot, count, minlength=len(first)), dtype=np.float64)
    bins, kinds, joints = exact[first], kind[first], joint[first]
    placed = bins.copy()
    left: list[int] = []
    for start, end in _find_runs(joints, kinds):
        if rows[start:end].sum() < least:
            left += range(start, end)
        else:
            _place_pools(placed, np.arange(start, end), bins, rows, least)
    rest = np.array(left, dtype=np.int64)
    for one in np.unique(kinds[rest]):
        mine = rest[kinds[rest] == one]
        mine = mine[np.argsort(bins[mine], kind="stable")]
        if rows[mine].sum() >= least:
            _place_pools(placed, mine, bins, rows, least)
        else:
            placed[mine] = _find_median(bins[kinds == one], rows[kinds == one])
    return np.asarray(placed[slot], dtype=np.int64)


def _find_runs(joints: IntArray, kinds: IntArray) -> list[tuple[int, int]]:
    """Return (start, end) of the runs of slots with the same groups and kind."""
    changes = np.flatnonzero((np.diff(joints) != 0) | (np.diff(kinds) != 0)) + 1
    bounds = [0, *changes.tolist(), len(joints)]
    return list(pairwise(bounds))


def _place_pools(
    placed: IntArray, slots: IntArray, bins: IntArray, rows: FloatArray, least: int
) -> None:
    """Put the slots, rising in their bins and at least `least` rows together, into pools."""
    ends, held = [], 0.0
    for position, more in enumerate(rows[slots].tolist()):
        held += more
        if held >= least:
            ends.append(position + 1)
            held = 0.0
    ends[-1] = len(slots)  # what is left at the end joins the last pool
    begin = 0
    for end in ends:
        pool = slots[begin:end]
        placed[pool] = _find_median(bins[pool], rows[pool])
        begin = end


def _find_median(bins: IntArray, rows: FloatArray) -> int:
    order = np.argsort(bins, kind="stable")
    reached = np.cumsum(rows[order])
    return int(bins[order][np.searchsorted(reached, reached[-1] / 2)])
