"""The search: every combination of conditions of up to three columns, as far as time allows.

A slice is ranked by the lower end of how much worse it is than the rest, an end that holds for
all slices looked at together (Bonferroni). A longer slice counts only where each of its
conditions adds to it beyond what such an end leaves to chance: otherwise the shorter one says it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import scipy

from audits.core.arrays import FloatArray, IntArray
from audits.slices.cuts import Codes, Cut, Mask
from audits.slices.sums import Summed, Sums
from audits.slices.targets import Target

ALPHA = 0.05
"""The chance, for a whole audit, of listing anything where no slice is worse."""
BUDGET = 2_000_000_000
"""Rows times combinations of columns that slices of one length may cost for one target: 10 to
15 s on one core, at 6 ns a row."""
CELL_ROWS = 100
"""A cell of a combination's table of conditions costs about as much as counting so many rows."""
COMBINATION_ROWS = 300_000
"""What a combination costs whatever its rows and cells, as rows counted: about 2 ms."""
PER_COMBINATION = 5
"""Best slices kept of one combination of columns: more would be variants of each other."""

Combination = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A slice by its columns and the condition of each; score and effect: how much worse it is
    than the rest of the searched rows, at the cautious lower end and as seen (above 0 is worse).

    signs: which way the slice's mean and the rest's are off, for targets of absolute size.
    """

    columns: Combination
    conditions: tuple[int, ...]
    score: float
    effect: float
    signs: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Search:
    """Candidates, best first. looked_at: slices with enough rows. left_out: combinations of
    columns that were not affordable, of those that there are."""

    candidates: tuple[Candidate, ...]
    looked_at: int
    left_out: int


def search_slices(
    cuts: Sequence[Cut],
    codes: Codes,
    target: Target,
    weights: FloatArray | None,
    *,
    conditions: int,
    least: int,
    budget: int = BUDGET,
    progress: Callable[[float], None] = lambda _: None,
) -> Search:
    """Look at the slices of up to `conditions` conditions that at least `least` rows meet.

    codes: levels `[cuts, rows]` of the rows of `target`, all of which know its value.
    """
    searcher = _Searcher(cuts, codes, target, weights, conditions, least)
    longest = min(conditions, len(cuts))
    affordable = [
        _count_affordable(cuts, length, len(target.values), budget)
        for length in range(1, longest + 1)
    ]
    planned = [min(comb(len(cuts), n), most) for n, most in enumerate(affordable, 1)]
    best: dict[Combination, float] = {}
    done = left_out = 0
    for length, most in enumerate(affordable, 1):
        chosen = _choose_combinations(len(cuts), length, most, best)
        left_out += comb(len(cuts), length) - len(chosen)
        best = {}
        for combination in chosen:
            best[combination] = searcher.look_at(combination)
            done += 1
            progress(min(done / sum(planned), 1.0))
    found = sorted(searcher.found, key=lambda one: -one.score)
    return Search(tuple(found), searcher.looked_at, left_out)


def _count_affordable(cuts: Sequence[Cut], length: int, rows: int, budget: int) -> int:
    """Return how many combinations of `length` columns the budget pays for: each column once, at
    least."""
    usual = sum(len(cut.words) + 1 for cut in cuts) / max(len(cuts), 1)
    cost = COMBINATION_ROWS + rows + CELL_ROWS * usual**length
    return max(int(budget / cost), len(cuts))


def _choose_combinations(
    columns: int, length: int, affordable: int, best: dict[Combination, float]
) -> list[Combination]:
    """Return all combinations where affordable, else those that extend the most promising ones.

    best: the highest score of every combination that is one column shorter.
    """
    if comb(columns, length) <= affordable:
        return list(combinations(range(columns), length))
    chosen: dict[Combination, None] = {}
    for shorter in sorted(best, key=lambda one: -best[one]):
        for column in set(range(columns)) - set(shorter):
            if len(chosen) == affordable:
                return sorted(chosen)
            chosen[tuple(sorted((*shorter, column)))] = None
    return sorted(chosen)


class _Searcher:
    """One target's search: what is known of all rows, and what was found so far."""

    def __init__(
        self, cuts: Sequence[Cut], codes: Codes, target: Target, weights: FloatArray | None,
        conditions: int, least: int,
    ) -> None:  # fmt: skip
        self.found: list[Candidate] = []
        self.looked_at = 0
        self._codes, self._target, self._least = codes, target, least
        self._members = [cut.member for cut in cuts]
        self._neighbours = [cut.neighbours for cut in cuts]
        self._rows = Summed(target.values, weights, shares=target.shares)
        self._whole = self._rows.count_rows(np.ones(len(target.values), dtype=bool))
        self._quantile = _common_quantile([len(cut.words) for cut in cuts], conditions)
        self._prefix: tuple[Combination, IntArray] | None = None
        self._buffer = np.empty(len(target.values), dtype=np.int64)

    def look_at(self, combination: Combination) -> float:
        """Look at every slice of the columns; return the best score, -inf without any."""
        members = [self._members[column] for column in combination]
        sums = self._rows.count_cells(self._index(combination), members)
        inner = sums[tuple(slice(-1) for _ in combination)]
        enough = (inner.count >= self._least) & (inner.count <= self._whole.count - self._least)
        self.looked_at += int(enough.sum())
        rest = self._whole - inner
        effect, error = compare_sums(self._target, inner, rest, self._whole)
        score = np.where(enough & (effect > 0), effect - self._quantile * error, -np.inf)
        places = np.argwhere(np.isfinite(score))
        if not len(places):
            return -np.inf
        kept = places[self._is_earned(sums, places)]
        earned = np.full_like(score, -np.inf)
        earned[tuple(kept.T)] = score[tuple(kept.T)]
        kept = kept[self._is_peak(earned, combination, kept)]
        ranked = kept[np.argsort(-score[tuple(kept.T)], kind="stable")][:PER_COMBINATION]
        for place in map(tuple, ranked):
            signs = (_sign(float(inner.mean[place])), _sign(float(rest.mean[place])))
            self.found.append(
                Candidate(
                    combination, tuple(int(i) for i in place), float(score[place]),
                    float(effect[place]), signs,
                )
            )  # fmt: skip
        return float(score.max())

    def _index(self, combination: Combination) -> IntArray:
        """Return the cell of every row; the cells of all columns but the last are kept."""
        *before, last = combination
        if not before:
            self._buffer[:] = self._codes[last]
            return self._buffer
        start = tuple(before)
        if self._prefix is None or self._prefix[0] != start:
            index = self._codes[start[0]].astype(np.int64)
            for column in start[1:]:
                index *= self._members[column].shape[1]
                index += self._codes[column]
            self._prefix = start, index
        np.multiply(self._prefix[1], self._members[last].shape[1], out=self._buffer)
        self._buffer += self._codes[last]
        return self._buffer

    def _is_earned(self, sums: Sums, places: IntArray) -> Mask:
        """Whether every condition of a slice makes it worse than the slice without it."""
        earned = np.ones(len(places), dtype=bool)
        if places.shape[1] == 1:
            return earned
        own = sums[tuple(places.T)]
        for axis in range(places.shape[1]):
            shorter = places.copy()
            shorter[:, axis] = -1  # the last place: whatever the level
            without = sums[tuple(shorter.T)] - own
            gain, error = compare_sums(self._target, own, without, self._whole)
            earned &= np.nan_to_num(gain - self._quantile * error, nan=-1.0) > 0
        return earned

    def _is_peak(self, score: FloatArray, combination: Combination, places: IntArray) -> Mask:
        """Whether no range that is one part wider or narrower scores higher."""
        peak = np.ones(len(places), dtype=bool)
        own = score[tuple(places.T)]
        for axis, column in enumerate(combination):
            for step in self._neighbours[column].T:
                moved = places.copy()
                moved[:, axis] = step[places[:, axis]]
                peak &= own >= score[tuple(moved.T)]
        return peak


def compare_sums(
    target: Target, one: Sums, other: Sums, whole: Sums
) -> tuple[FloatArray, FloatArray]:
    """Return how much worse `one` is than `other` (above 0 is worse), and its standard error.

    No variance is taken to be under that of all rows: a few rows that agree prove little.
    """

    def badness(mean: FloatArray) -> FloatArray:
        return np.abs(mean) if target.absolute else target.worse * mean

    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(
            np.maximum(one.variance, whole.variance) / one.effective
            + np.maximum(other.variance, whole.variance) / other.effective
        )
    return badness(one.mean) - badness(other.mean), error


def _sign(value: float) -> int:
    return -1 if value < 0 else 1


def _common_quantile(sizes: Sequence[int], conditions: int) -> float:
    """Return the normal quantile that bounds every slice of up to `conditions` conditions.

    sizes: the number of conditions of every column.
    """
    ways = [1.0] + [0.0] * conditions  # ways[n]: slices of n conditions of the columns so far
    for size in sizes:
        for n in range(conditions, 0, -1):
            ways[n] += size * ways[n - 1]
    return float(scipy.stats.norm.isf(ALPHA / max(sum(ways[1:]), 1.0)))


def find_rows(cuts: Sequence[Cut], codes: Codes, candidate: Candidate) -> Mask:
    """Return which rows meet every condition of a candidate."""
    met: Mask = np.ones(codes.shape[1], dtype=bool)
    for column, condition in zip(candidate.columns, candidate.conditions, strict=True):
        met &= cuts[column].member[condition][codes[column]]
    return met
