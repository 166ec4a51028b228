"""Worst slices from start to end: found on one half of the rows, measured on the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy

from audits.core.arrays import FloatArray
from audits.core.groups import JOIN
from audits.core.report.estimate import Estimate
from audits.cube import (
    CONFIDENCE,
    Interval,
    compute_difference,
    compute_holm,
    compute_mean_interval,
    compute_share_interval,
    compute_two_share_p,
    reconcile,
)
from audits.slices.cuts import Codes, Cut, Mask
from audits.slices.rows import CutRows
from audits.slices.search import ALPHA, BUDGET, Candidate, compare_sums, find_rows, search_slices
from audits.slices.sums import Summed, Sums
from audits.slices.targets import Target

MAX_SHARED = 0.5
"""Two slices that share more than half of the rows that either has (Jaccard) are one finding."""
MIN_LEFT = 0.5
"""A slice that loses more than half of its effect once the rows of better ones are set aside is
only their echo."""
MIN_ERRORS = 3.0
"""What is left of an effect must be so many standard errors: chance leaves that in 1 of 700."""
LOOKED_AT = 500
"""Candidates that are compared at most, best first: a bound on time."""

MIN_EFFECTIVE_ROWS = 2
"""Rows on either side under which nothing is estimated: a variance needs two."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice that is worse. count: its searched rows, both halves. share: of all of them.

    estimate: slice minus rest on the half that the search did not see. p_adjusted: by Holm over
    every candidate of the audit. discovered: how much worse it was where it was found.
    """

    target: Target
    conditions: tuple[str, ...]
    count: int
    share: float
    estimate: Estimate
    p_adjusted: float
    discovered: float

    @property
    def name(self) -> str:
        """The conditions in one text."""
        return JOIN.join(self.conditions)


@dataclass(frozen=True, slots=True)
class Found:
    """Slices in the targets' order, each target's worst first. looked_at, left_out: see Search;
    tested: candidates that the other half was asked about."""

    slices: tuple[Slice, ...]
    looked_at: int
    left_out: int
    tested: int


def find_slices(
    rows: CutRows,
    targets: Sequence[Target],
    weights: FloatArray | None,
    generator: np.random.Generator,
    *,
    conditions: int,
    least: int,
    answers: int,
    budget: int = BUDGET,
    progress: Callable[[float], None] = lambda _: None,
) -> Found:
    """Find the slices that are worse than the rest of the rows, at most `answers` a target.

    least: the rows that a slice has at least, half of them where it is found.
    """
    total = rows.codes.shape[1]
    discovery = np.zeros(total, dtype=bool)
    discovery[generator.permutation(total)[: total // 2]] = True
    tested: list[tuple[Target, Candidate, Mask, Difference]] = []
    asked = looked_at = left_out = 0
    for number, target in enumerate(targets):

        def tell(fraction: float, number: int = number) -> None:
            progress((number + fraction) / len(targets))

        known = ~np.isnan(target.values)
        half = discovery & known
        codes = rows.codes[:, half]
        search = search_slices(
            rows.cuts, codes, _restrict(target, half), _take(weights, half),
            conditions=conditions, least=max(least // 2, 2), budget=budget, progress=tell,
        )  # fmt: skip
        looked_at += search.looked_at
        left_out += search.left_out
        rest = ~discovery & known
        for candidate in choose_distinct(
            rows.cuts, codes, _restrict(target, half), _take(weights, half), search.candidates,
            answers,
        ):  # fmt: skip
            asked += 1
            inside = find_rows(rows.cuts, rows.codes, candidate)
            difference = estimate_difference(
                _restrict(target, rest), _take(weights, rest), inside[rest], candidate.signs
            )
            if difference is not None:
                tested.append((target, candidate, inside, difference))
    return Found(_adjust(rows, tested), looked_at, left_out, asked)


def _adjust(
    rows: CutRows, tested: Sequence[tuple[Target, Candidate, Mask, Difference]]
) -> tuple[Slice, ...]:
    """Return those that are worse beyond chance, with p-values adjusted over all of them."""
    adjusted = compute_holm(np.array([one.p_value for *_, one in tested], dtype=np.float64))
    return tuple(
        Slice(
            target=target,
            conditions=tuple(
                rows.cuts[column].words[condition]
                for column, condition in zip(candidate.columns, candidate.conditions, strict=True)
            ),
            count=int(np.count_nonzero(inside)),
            share=float(inside.mean()),
            estimate=difference.estimate,
            p_adjusted=float(p_value),
            discovered=target.worse * candidate.effect,
        )
        for (target, candidate, inside, difference), p_value in zip(tested, adjusted, strict=True)
        if difference.worse and p_value < ALPHA
    )


def _restrict(target: Target, rows: Mask) -> Target:
    return replace(target, values=target.values[rows])


def _take(weights: FloatArray | None, rows: Mask) -> FloatArray | None:
    return None if weights is None else weights[rows]


# From ranked candidates to the few worth testing: each tells something that no other does.


def choose_distinct(
    cuts: Sequence[Cut],
    codes: Codes,
    target: Target,
    weights: FloatArray | None,
    candidates: Sequence[Candidate],
    answers: int,
) -> list[Candidate]:
    """Return the best `answers` candidates, none a near-duplicate or an echo of a better one.

    candidates: best first, found on the rows of `codes`, `target` and `weights`.
    """
    rows = Summed(target.values, weights, shares=target.shares)
    nothing: Mask = np.zeros(codes.shape[1], dtype=bool)
    whole = rows.count_rows(~nothing)
    chosen: list[Candidate] = []
    masks: list[Mask] = []
    covered = nothing
    for candidate in candidates[:LOOKED_AT]:
        met = find_rows(cuts, codes, candidate)
        if any(_share_rows(met, other) > MAX_SHARED for other in masks):
            continue
        inside, outside = rows.count_rows(met & ~covered), rows.count_rows(~met & ~covered)
        left, error = compare_sums(target, inside, outside, whole)
        # NaN where nothing is left: not above anything
        if left > MIN_LEFT * candidate.effect and left > MIN_ERRORS * error:
            chosen.append(candidate)
            masks.append(met)
            covered = covered | met
        if len(chosen) == answers:
            break
    return chosen


def _share_rows(one: Mask, other: Mask) -> float:
    either = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / either if either else 1.0


# What a slice's difference is on rows that the search has not seen: interval and test.


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
