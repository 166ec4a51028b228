"""Sampled Shapley values of any model, with a stated error for every value.

The game is the interventional one: absent columns take the values of a reference row (Janzing,
Minorics and Bloebaum 2020). Each pair of permutations (`permutations.py`) has a reference row of
its own, so that one budget serves both averages, over orders and over reference rows; rows are
taken together, in few large calls of the model, and leave as soon as their error is small
enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from audits.core.arrays import BoolArray, FloatArray, IndexArray
from audits.explain.sampled.blend import Blender
from audits.explain.sampled.permutations import sample_permutations

CONFIDENCE = 0.95
PAIRS = 512
ERROR = 0.01
FIRST_PAIRS = 32
"""Pairs of permutations before the first look at the error: fewer tell too little about it."""
PASSES = 3
"""Permutations from the same reference row before the spread among them alone is the error: two
tell too little where few reference rows make all the difference."""
BLOCK_CELLS = 1 << 22
"""Cells of the running sums that one block of rows may hold: 32 MB each."""


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop. pairs: the most antithetic pairs of permutations a row; tolerance: the largest
    error of a value, as a share of the range of the scores, at which a row is done."""

    pairs: int = PAIRS
    tolerance: float = ERROR


@dataclass(frozen=True, slots=True)
class SampledShapley:
    """values, error: float64 `[n_rows, n_players]`; error is half of the 95% interval of each
    value. base: the mean score of the reference rows. output: `[n_rows]` scores. evaluations: rows
    that the model was asked for in all. reached: whether every value is within the tolerance."""

    values: FloatArray
    error: FloatArray
    base: float
    output: FloatArray
    evaluations: int
    reached: bool


class _Sums:
    """Running sums over the permutations of a block of rows.

    While every pair of permutations has a reference row of its own, their spread is that of the
    answer. Once every reference row was used, only the spread among permutations from the same
    reference row is left: how the reference rows differ is then known, not sampled.
    """

    def __init__(self, n_rows: int, n_players: int, n_reference: int, repeats: bool) -> None:
        shape = (n_rows, n_players)
        self.pairs = np.zeros(n_rows)
        self.total = np.zeros(shape)
        self.square = np.zeros(shape)
        self.moved = np.zeros(shape)
        cells = (n_rows, n_reference, n_players) if repeats else (0, 0, 0)
        self.by_reference = np.zeros(cells)
        self.square_by_reference = np.zeros(cells)
        self._n_reference = n_reference

    def add(
        self, rows: IndexArray, others: IndexArray, steps: FloatArray, moved: FloatArray
    ) -> None:
        """Add permutations `[n_rows, n_pairs, n_players]` of `rows`; `others` is `[n_rows,
        n_pairs]`."""
        self.pairs[rows] += others.shape[1]
        self.total[rows] += steps.sum(axis=1)
        self.square[rows] += (steps**2).sum(axis=1)
        self.moved[rows] += moved.sum(axis=1)
        if self.by_reference.size:
            np.add.at(self.by_reference, (rows[:, None], others), steps)
            np.add.at(self.square_by_reference, (rows[:, None], others), steps**2)

    def compute_means(self) -> FloatArray:
        return self.total / self.pairs[:, None]

    def compute_errors(self, share_moved: FloatArray) -> FloatArray:
        """Return half of each value's interval.

        share_moved: the exact share of reference rows that differ from each row in each column. A
        column that differs seldom may not have moved in any permutation, and its spread would look
        like nothing; what a move does is then taken from the other rows of the block.
        """
        pairs = self.pairs[:, None]
        size = self.square / np.maximum(self.moved, 1.0)
        seen = self.square.sum(axis=0) / np.maximum(self.moved.sum(axis=0), 1.0)
        weight = self.moved / (self.moved + 1.0)
        second = share_moved * (weight * size + (1 - weight) * np.maximum(seen, size))
        variance = np.maximum(second - (self.total / pairs) ** 2, 0.0) / np.maximum(pairs - 1, 1)
        freedom = np.broadcast_to(np.maximum(pairs - 1, 1), variance.shape).copy()
        whole = self.pairs >= PASSES * self._n_reference
        if whole.any():
            variance[whole], freedom[whole] = self._compute_inside(whole)
        quantile = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, freedom)
        return np.asarray(quantile * np.sqrt(variance), dtype=np.float64)

    def _compute_inside(self, whole: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Return the variance of means over whole passes, and its degrees of freedom.

        The reference rows are strata with as many permutations each as there were passes; their
        variances differ, so that the degrees of freedom are Satterthwaite's (1946), which are
        few where few reference rows make all the difference.
        """
        passes = (self.pairs[whole] / self._n_reference)[:, None, None]
        inside = self.square_by_reference[whole] - self.by_reference[whole] ** 2 / passes
        inside = np.maximum(inside, 0.0) / (passes - 1)
        total, fourth = inside.sum(axis=1), (inside**2).sum(axis=1)
        passes = passes[:, :, 0]
        freedom = np.divide(
            total**2 * (passes - 1), fourth, out=np.ones_like(total), where=fourth > 0
        )
        return total / passes / self._n_reference**2, np.maximum(freedom, 1.0)


def compute_permutation_shap(
    blender: Blender,
    n_rows: int,
    n_reference: int,
    budget: Budget,
    generator: np.random.Generator,
) -> SampledShapley:
    """Estimate the Shapley values of `n_rows` rows against `n_reference` reference rows.

    The values of a row add up to its score less the mean score of the reference rows: what
    sampling leaves of that gap is attributed to the columns in proportion to their variance.
    Deterministic for a generator's state.
    """
    n_players = blender.n_players
    nobody = np.zeros((n_reference, n_players), dtype=np.bool_)
    everybody = np.ones((n_rows, n_players), dtype=np.bool_)
    starts = blender.predict(np.zeros(n_reference, dtype=np.intp), np.arange(n_reference), nobody)
    finishes = blender.predict(np.arange(n_rows), np.zeros(n_rows, dtype=np.intp), everybody)
    spread = float(max(starts.max(), finishes.max()) - min(starts.min(), finishes.min()))
    sampler = _Sampler(blender, starts, finishes, budget, budget.tolerance * spread, generator)
    width = n_players * (n_reference if sampler.repeats else 1)
    size = max(1, BLOCK_CELLS // max(width, 1))
    parts = [
        sampler.explain(np.arange(begin, min(begin + size, n_rows)))
        for begin in range(0, n_rows, size)
    ]
    base = float(starts.mean())
    values = np.concatenate([values for values, _ in parts])
    error = np.concatenate([error for _, error in parts])
    values, error = _close_gap(values, error, finishes - base)
    reached = bool((error <= sampler.allowed).all())
    evaluations = sampler.evaluations + n_rows + n_reference
    return SampledShapley(values, error, base, finishes, evaluations, reached)


class _Sampler:
    """Samples blocks of rows until each is done or the budget is spent."""

    def __init__(
        self,
        blender: Blender,
        starts: FloatArray,
        finishes: FloatArray,
        budget: Budget,
        allowed: float,
        generator: np.random.Generator,
    ) -> None:
        self.blender, self.starts, self.finishes = blender, starts, finishes
        self.budget, self.allowed, self.generator = budget, allowed, generator
        self.repeats = budget.pairs >= PASSES * len(starts)
        self.evaluations = 0
        self._order = generator.permutation(len(starts))

    def explain(self, rows: IndexArray) -> tuple[FloatArray, FloatArray]:
        """Return the values and errors `[n_rows, n_players]` of a block of rows."""
        sums = _Sums(len(rows), self.blender.n_players, len(self.starts), self.repeats)
        share_moved = self._compute_share_moved(rows)
        begin = self.generator.integers(len(self.starts), size=len(rows))
        active = np.arange(len(rows))
        done = 0
        error = np.zeros((len(rows), self.blender.n_players))
        while len(active):
            pairs = self._choose_round(done)
            if not pairs:
                break
            self._sample(sums, rows, active, begin, done, pairs)
            done += pairs
            error = sums.compute_errors(share_moved)
            active = active[(error[active] > self.allowed).any(axis=1)]
        return sums.compute_means(), error

    def _choose_round(self, done: int) -> int:
        """Return how many pairs come next, 0 where the budget is spent: whole passes over the
        reference rows where several are affordable, doublings before."""
        n_reference = len(self.starts)
        if done and done % n_reference == 0:
            wanted = n_reference
        else:
            wanted = max(done, FIRST_PAIRS)
            to_the_end = n_reference - done % n_reference
            if self.repeats:
                wanted = min(wanted, to_the_end)
        if self.repeats and done + wanted > self.budget.pairs:
            return 0
        return min(wanted, self.budget.pairs - done)

    def _sample(
        self,
        sums: _Sums,
        rows: IndexArray,
        active: IndexArray,
        begin: IndexArray,
        done: int,
        pairs: int,
    ) -> None:
        """Walk the next `pairs` of each active row; each row starts elsewhere in one shuffled
        order of the reference rows, so that none comes twice before all came once."""
        place = (begin[active][:, None] + done + np.arange(pairs)) % len(self.starts)
        others = self._order[place]
        players = self.blender.n_players
        per_call = max(1, BLOCK_CELLS // (pairs * players * 2))
        for first in range(0, len(active), per_call):
            part = slice(first, first + per_call)
            mine = np.repeat(rows[active[part]], pairs)
            theirs = others[part].ravel()
            ends = (self.finishes[mine], self.starts[theirs])
            sampled = sample_permutations(self.blender, mine, theirs, ends, self.generator)
            shape = (-1, pairs, players)
            sums.add(
                active[part],
                others[part],
                sampled.steps.reshape(shape),
                sampled.differs.reshape(shape).astype(np.float64),
            )
            self.evaluations += sampled.evaluations

    def _compute_share_moved(self, rows: IndexArray) -> FloatArray:
        n_reference, players = len(self.starts), self.blender.n_players
        share = np.empty((len(rows), players))
        everyone = np.arange(n_reference)
        per_call = max(1, BLOCK_CELLS // (n_reference * players))
        for first in range(0, len(rows), per_call):
            chosen = rows[first : first + per_call]
            differs = self.blender.find_differences(
                np.repeat(chosen, n_reference), np.tile(everyone, len(chosen))
            )
            share[first : first + per_call] = differs.reshape(-1, n_reference, players).mean(axis=1)
        return share


def _close_gap(
    values: FloatArray, error: FloatArray, wanted: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lay the gap that sampling leaves on the columns, most on the least certain ones: the least
    squares solution under the constraint that a row's values add up to `wanted`.

    Where all permutations happened to agree, every column that moved is as uncertain as any. No
    error is smaller than what was attributed to it.
    """
    moved = np.where((values != 0).any(axis=1, keepdims=True), values != 0, True)
    weight = np.where((error > 0).any(axis=1, keepdims=True), error**2, moved)
    share = weight / weight.sum(axis=1, keepdims=True)
    laid = share * (wanted - values.sum(axis=1))[:, None]
    return values + laid, np.maximum(error, np.abs(laid))
