"""What a slice's difference is on rows that the search has not seen: interval and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from audits.core.arrays import FloatArray
from audits.core.report.estimate import Estimate
from audits.cube import (
    CONFIDENCE,
    Interval,
    compute_difference,
    compute_mean_interval,
    compute_share_interval,
    compute_two_share_p,
    reconcile,
)
from audits.slices.cuts import Mask
from audits.slices.sums import Summed, Sums
from audits.slices.targets import Target

MIN_EFFECTIVE_ROWS = 2
"""Rows on either side under which nothing is estimated: a variance needs two."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A slice minus the rest. worse: whether it points the way that the search saw."""

    estimate: Estimate
    p_value: float
    worse: bool


def estimate_difference(
    target: Target, weights: FloatArray | None, inside: Mask, signs: tuple[int, int]
) -> Difference | None:
    """Return the difference of the target's mean inside and outside; None where it has no rows.

    Newcombe's interval from those of `compute_share_interval` and the two-share test for shares;
    for means, Student's t intervals put together by MOVER, and Welch's test. signs: see
    Candidate.
    """
    rows = Summed(target.values, weights, shares=target.shares)
    one, rest = rows.count_rows(inside), rows.count_rows(~inside)
    if min(float(one.effective), float(rest.effective)) < MIN_EFFECTIVE_ROWS:
        return None
    first, second = signs if target.absolute else (1, 1)
    value, value_interval = _measure(one, first, shares=target.shares)
    other, other_interval = _measure(rest, second, shares=target.shares)
    low, high = compute_difference(value, value_interval, other, other_interval)
    if target.shares:
        method, tested = "mover_wilson_midp", _test_shares(one, rest)
    else:
        method, tested = "mover_student_t", _test_means(value, one, other, rest)
    difference = float(value - other)
    (low, high), p_value = reconcile(np.asarray(difference), (low, high), np.asarray(tested))
    estimate = Estimate(
        value=difference, low=float(low), high=float(high), n=int(one.count + rest.count),
        method=method, confidence=CONFIDENCE,
    )  # fmt: skip
    return Difference(estimate, float(p_value), worse=target.worse * difference > 0)


def _measure(sums: Sums, sign: int, *, shares: bool) -> tuple[FloatArray, Interval]:
    if shares:
        return sums.mean, compute_share_interval(sums.mean, sums.effective)
    mean = sign * sums.mean
    return mean, compute_mean_interval(mean, _sample_variance(sums), sums.effective)


def _sample_variance(sums: Sums) -> FloatArray:
    return np.asarray(sums.variance * sums.effective / (sums.effective - 1))


def _test_shares(one: Sums, rest: Sums) -> float:
    return compute_two_share_p(
        float(one.mean * one.effective), float(one.effective),
        float(rest.mean * rest.effective), float(rest.effective),
    )  # fmt: skip


def _test_means(mean: FloatArray, one: Sums, other: FloatArray, rest: Sums) -> float:
    """Return Welch's two-sided p-value; by definition where neither side varies."""
    spread, rest_spread = _sample_variance(one), _sample_variance(rest)
    if spread == 0 and rest_spread == 0:
        return 1.0 if mean == other else 0.0
    tested = scipy.stats.ttest_ind_from_stats(
        float(mean), float(np.sqrt(spread)), float(one.effective),
        float(other), float(np.sqrt(rest_spread)), float(rest.effective), equal_var=False,
    )  # fmt: skip
    return float(tested.pvalue)
