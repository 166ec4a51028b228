"""Growing changes: from the most promising changes of some columns to one column more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.recourse.search.candidates import Candidates

MAX_KEYS = 2**62
"""Larger numbers would not fit an int64."""


@dataclass(frozen=True, slots=True)
class Combinations:
    """Combination `i` gives row `rows[i]` the candidates `picks[i]`, in ascending order.

    rows `[n]`, sorted; picks `[n, n_changes]`; costs and scores `[n]`.
    """

    rows: IntArray
    picks: IntArray
    costs: FloatArray
    scores: FloatArray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, where: IntArray | BoolArray) -> Combinations:
        """Return some of the combinations."""
        return Combinations(
            self.rows[where], self.picks[where], self.costs[where], self.scores[where]
        )


@dataclass(frozen=True, slots=True)
class Ranking:
    """Each row's candidates, most promising first: `order[row, :counts[row]]`."""

    order: IntArray
    counts: IntArray


def rank_candidates(
    candidates: Candidates, scores: FloatArray, costs: FloatArray, allowed: BoolArray
) -> Ranking:
    """Rank each row's allowed candidates by the score that they reach alone.

    Columns take turns: every column's best candidate comes before any column's second best.
    Of candidates of one column with equal scores (the same leaves of a tree) the cheapest
    counts, the others come last.
    """
    turn = np.full(scores.shape, np.inf)
    height = np.where(allowed, scores, -np.inf)
    for place in np.unique(candidates.owner):
        mine = np.flatnonzero(candidates.owner == place)
        inner = np.lexsort((costs[:, mine], -height[:, mine]), axis=1)
        sorted_height = np.take_along_axis(height[:, mine], inner, axis=1)
        repeated = np.zeros(inner.shape, dtype=np.bool_)
        repeated[:, 1:] = sorted_height[:, 1:] == sorted_height[:, :-1]
        turns = np.arange(len(mine)) + len(candidates) * repeated
        turn[np.arange(len(turn))[:, None], mine[inner]] = turns
    turn[~allowed] = np.inf
    order = np.lexsort((-height, turn), axis=1)
    return Ranking(order.astype(np.int64), allowed.sum(axis=1))


def start_beam(ranking: Ranking, scores: FloatArray, costs: FloatArray) -> Combinations:
    """Return each row's allowed single changes, most promising first."""
    inside = np.arange(ranking.order.shape[1]) < ranking.counts[:, None]
    rows, places = np.nonzero(inside)
    picks = ranking.order[rows, places]
    return Combinations(rows, picks[:, None], costs[rows, picks], scores[rows, picks])


def spread(
    beam: Combinations, ranking: Ranking, candidates: Candidates, reach: int
) -> Combinations:
    """Return combinations with one more column, not yet scored; some of them repeatedly.

    A combination takes each of its row's `reach` most promising candidates in other columns.
    The costs are left to the caller (NaN), as are the scores.
    """
    more = ranking.order[beam.rows, :reach]
    fits = np.arange(more.shape[1]) < ranking.counts[beam.rows, None]
    owner = candidates.owner[more]
    for taken in candidates.owner[beam.picks].T:
        fits &= owner != taken[:, None]
    which, place = np.nonzero(fits)
    return _add(beam, which, more[which, place])


def spread_best(
    beam: Combinations, promise: FloatArray, candidates: Candidates, most: int
) -> Combinations:
    """Return combinations with one more column, not yet scored; some of them repeatedly.

    promise: what each combination promises with each candidate, `[n, n_candidates]`, -inf where
    it may not be added. Of each row's, those are taken that promise as much as its `most`th.
    """
    for taken in candidates.owner[beam.picks].T:
        promise = np.where(candidates.owner == taken[:, None], -np.inf, promise)
    cut = np.full(len(beam), -np.inf)
    for row in np.unique(beam.rows):
        mine = beam.rows == row
        values = promise[mine].ravel()
        if len(values) > most:
            cut[mine] = np.partition(values, len(values) - most)[len(values) - most]
    return _add(beam, *np.nonzero((promise >= cut[:, None]) & (promise > -np.inf)))


def _add(beam: Combinations, which: IntArray, more: IntArray) -> Combinations:
    picks = np.column_stack([beam.picks[which], more])
    picks.sort(axis=1)
    unknown = np.full(len(which), np.nan)
    return Combinations(beam.rows[which], picks, unknown, unknown)


def distinct(tried: Combinations) -> Combinations:
    """Return each combination once, those that share their first changes side by side."""
    _, first = np.unique(_keys(tried.rows, tried.picks), return_index=True)
    return tried.take(first)


def best_of_each_set(
    found: Combinations, candidates: Candidates, *, cheapest: bool
) -> Combinations:
    """Keep one combination for each row and set of columns; rows ascending, best first.

    cheapest: the lowest cost counts, then the highest score; else the other way round.
    """
    keys = _keys(found.rows, candidates.owner[found.picks])
    by_cost = (-found.scores, found.costs) if cheapest else (found.costs, -found.scores)
    order = np.lexsort((*by_cost, keys))
    _, first = np.unique(keys[order], return_index=True)
    best = found.take(order[first])
    by_cost = (-best.scores, best.costs) if cheapest else (best.costs, -best.scores)
    return best.take(np.lexsort((*by_cost, best.rows)))


def nothing(changes: int) -> Combinations:
    """Return no combination, of `changes` changes each."""
    none = np.empty(0)
    rows = np.empty(0, dtype=np.int64)
    return Combinations(rows, np.empty((0, changes), dtype=np.int64), none, none)


def join(parts: Sequence[Combinations]) -> Combinations:
    """Return the combinations of all parts (at least one, all of as many changes)."""
    return Combinations(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.picks for part in parts]),
        np.concatenate([part.costs for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def narrow(beam: Combinations, width: int) -> Combinations:
    """Keep each row's first `width` combinations."""
    if not len(beam):
        return beam
    starts = np.flatnonzero(np.r_[True, beam.rows[1:] != beam.rows[:-1]])
    place = np.arange(len(beam)) - np.repeat(starts, np.diff(np.r_[starts, len(beam)]))
    return beam.take(place < width)


def _keys(rows: IntArray, picks: IntArray) -> IntArray:
    """Return one number for each combination; equal ones are equal, rows keep their order."""
    base = int(picks.max(initial=0)) + 1
    keys, most = rows, int(rows.max(initial=0)) + 1
    for pick in picks.T:
        if most * base > MAX_KEYS:  # numbered anew, in the same order
            keys = np.unique(keys, return_inverse=True)[1]
            most = int(keys.max(initial=0)) + 1
        keys = keys * base + pick
        most *= base
    return keys
