"""What drives a gap between two groups: the difference of their mean outputs, attributed to
columns.

People of one group are paired with people of the other, and each pair is moved from the one to
the other, a column at a time (`permutations.py`). What a column's step changes, averaged over
orders and pairs, is its share of the gap; the shares add up to it. The output may be the decision
itself, so that the gap is that of the selection rates: no surrogate and no score stands between.
This is the Shapley value (Shorrocks 2013, "Decomposition procedures for distributional analysis")
of the decomposition of Kitagawa, Oaxaca and Blinder; what a model answers has no unexplained
part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from audits.core.arrays import FloatArray, IndexArray
from audits.explain.sampled.blend import Blender
from audits.explain.sampled.engine import CONFIDENCE
from audits.explain.sampled.permutations import sample_permutations

CALL_PAIRS = 4_096


@dataclass(frozen=True, slots=True)
class GapShares:
    """A gap attributed to columns.

    shares: `[n_players]`, they add up to `gap`. low, high: 95% intervals over people. p_values:
    two-sided, of a share of 0. gap: the mean output of the group less that of the reference
    group, as measured on all rows. paired_gap: the same over the pairs; what it misses of `gap` is
    attributed to the columns in proportion to their uncertainty. pairs, rows, reference_rows: how
    many pairs, and how many different people on each side.
    """

    shares: FloatArray
    low: FloatArray
    high: FloatArray
    p_values: FloatArray
    gap: float
    paired_gap: float
    pairs: int
    rows: int
    reference_rows: int


def draw_evenly(weights: FloatArray, n: int, generator: np.random.Generator) -> IndexArray:
    """Return `n` positions in random order, each as often as its weight asks for, to within one
    (systematic sampling). weights: `[n_rows]`, at least 0, not all 0."""
    ends = np.cumsum(weights) / weights.sum()
    places = (np.arange(n) + generator.random()) / n
    found = np.searchsorted(ends, places, side="right").clip(max=len(weights) - 1)
    return generator.permutation(found)


def compute_pair_steps(
    blender: Blender, rows: IndexArray, others: IndexArray, generator: np.random.Generator
) -> FloatArray:
    """Return what each column's step changes for each pair, float64 `[n_pairs, n_players]`."""
    steps = np.empty((len(rows), blender.n_players))
    everybody = np.ones((len(rows), blender.n_players), dtype=np.bool_)
    finishes = blender.predict(rows, others, everybody)
    starts = blender.predict(rows, others, ~everybody)
    for begin in range(0, len(rows), CALL_PAIRS):
        part = slice(begin, begin + CALL_PAIRS)
        ends = (finishes[part], starts[part])
        steps[part] = sample_permutations(blender, rows[part], others[part], ends, generator).steps
    return steps


def compute_gap_shares(
    steps: FloatArray, rows: IndexArray, others: IndexArray, gap: float
) -> GapShares:
    """Average the pairs' steps, with intervals, and make them add up to the measured gap.

    steps: `[n_pairs, n_players]` of `compute_pair_steps`. rows, others: `[n_pairs]`, who was
    paired. A person who is in several pairs counts once for the interval: the variance is that of
    two-way clusters (Cameron, Gelbach and Miller 2011). Student's t with the smaller side's
    people less one.
    """
    n = len(steps)
    mean = steps.mean(axis=0)
    centred = steps - mean
    by_row, n_rows = _sum_clusters(centred, rows)
    by_other, n_others = _sum_clusters(centred, others)
    alone = (centred**2).sum(axis=0)
    variance = np.maximum(by_row + by_other - alone, np.maximum(by_row, by_other)) / n**2
    total = variance.sum()
    missing = gap - float(mean.sum())
    shares = mean + (missing * variance / total if total > 0 else missing / len(mean))
    error = np.sqrt(variance)
    freedom = max(min(n_rows, n_others) - 1, 1)
    half = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * scipy.stats.t.sf(np.abs(shares) / error, freedom)
    p_values = np.where(error > 0, p_values, np.where(shares == 0, 1.0, 0.0))
    return GapShares(
        shares, shares - half, shares + half, p_values, gap, float(mean.sum()), n, n_rows, n_others
    )


def _sum_clusters(centred: FloatArray, members: IndexArray) -> tuple[FloatArray, int]:
    """Return the sum of squared cluster totals `[n_players]`, corrected for few clusters, and how
    many clusters there are."""
    people, position = np.unique(members, return_inverse=True)
    totals = np.zeros((len(people), centred.shape[1]))
    np.add.at(totals, position, centred)
    count = len(people)
    return (totals**2).sum(axis=0) * count / max(count - 1, 1), count
