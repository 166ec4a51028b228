"""Costs of two groups: against scipy, all pairs counted by hand, and simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from audits.core.report.estimate import Estimate, Unavailable
from audits.recourse.burden import costs
from audits.recourse.burden.costs import compute_costlier, compute_median, compute_shift

NONE = np.inf


def sample(seed: int, n: int, without: float = 0.2, shift: float = 0.0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    cost = draw.lognormal(0.0, 0.6, n).round(1) + shift
    return np.where(draw.random(n) < without, NONE, cost)


@pytest.mark.parametrize("seed", range(6))
def test_costlier_is_the_share_of_pairs_counted_one_by_one(seed: int) -> None:
    ours, theirs = sample(seed, 30), sample(seed + 50, 45)
    won = sum((a > b) + 0.5 * (a == b) for a in ours for b in theirs)
    estimate, p_value = compute_costlier(ours, theirs)
    assert isinstance(estimate, Estimate)
    assert estimate.value == pytest.approx(won / (30 * 45))
    assert estimate.low < estimate.value < estimate.high
    assert estimate.n == 75
    # scipy's own handling of infinities is not relied on: a number above all others instead.
    test = stats.mannwhitneyu(np.minimum(ours, 1e6), np.minimum(theirs, 1e6), method="asymptotic")
    assert p_value == pytest.approx(test.pvalue)


def test_the_test_agrees_with_all_permutations() -> None:
    """The null distribution by drawing labels anew, with half of the rows tied at the top."""
    ours, theirs = sample(3, 18, without=0.5, shift=0.4), sample(9, 25, without=0.5)
    _, p_value = compute_costlier(ours, theirs)
    joined = stats.rankdata(np.concatenate([ours, theirs]))
    centre, draw = joined.mean() * 18, np.random.default_rng(0)
    sums = np.array([draw.permutation(joined)[:18].sum() for _ in range(20_000)])
    seen = abs(joined[:18].sum() - centre)
    assert p_value == pytest.approx((np.abs(sums - centre) >= seen - 1e-9).mean(), abs=0.02)


def test_leaving_out_those_without_recourse_would_hide_the_gap() -> None:
    """Half of one group has none; the others of both groups pay the same."""
    theirs = np.linspace(0.5, 1.5, 60)
    ours = np.concatenate([np.linspace(0.5, 1.5, 30), np.full(30, NONE)])
    estimate, p_value = compute_costlier(ours, theirs)
    assert isinstance(estimate, Estimate)
    assert estimate.value == pytest.approx(0.75, abs=0.01)
    assert p_value < 1e-4
    assert stats.mannwhitneyu(ours[:30], theirs).pvalue > 0.9


@pytest.mark.parametrize("seed", range(5))
def test_shift_is_the_median_pair_and_its_interval_holds_it(seed: int) -> None:
    ours, theirs = sample(seed, 21, 0.0, 0.5), sample(seed + 9, 32, 0.0)
    estimate = compute_shift(ours, theirs)
    assert isinstance(estimate, Estimate)
    assert estimate.value == pytest.approx(np.median(np.subtract.outer(ours, theirs)))
    assert estimate.low <= estimate.value <= estimate.high


def test_shift_interval_is_that_of_the_book_for_equal_shapes() -> None:
    """Hollander, Wolfe and Chicken 2014, section 4.3: order statistics of the differences."""
    draw = np.random.default_rng(1)
    ours, theirs = draw.normal(1.0, 1.0, 40), draw.normal(0.0, 1.0, 40)
    gaps = np.sort(np.subtract.outer(ours, theirs), axis=None)
    c = int(np.floor(1600 / 2 - 1.96 * np.sqrt(1600 * 81 / 12)))
    estimate = compute_shift(ours, theirs)
    assert isinstance(estimate, Estimate)
    assert estimate.low == pytest.approx(gaps[c - 1], abs=0.05)
    assert estimate.high == pytest.approx(gaps[1600 - c], abs=0.05)


def test_pairs_without_recourse_on_both_sides_say_nothing_of_the_shift() -> None:
    base = np.linspace(1.0, 2.0, 20)
    ours = np.concatenate([base + 0.7, np.full(20, NONE)])
    theirs = np.concatenate([base, np.full(20, NONE)])
    gaps = [a - b for a in ours for b in theirs if np.isfinite(a) or np.isfinite(b)]
    assert np.median(gaps) == pytest.approx(0.7)
    found = compute_shift(ours, theirs)
    assert isinstance(found, Unavailable) or found.value == pytest.approx(0.7)
    few = np.concatenate([base + 0.7, np.full(2, NONE)])
    estimate = compute_shift(few, np.concatenate([base, np.full(2, NONE)]))
    assert isinstance(estimate, Estimate)
    assert estimate.value == pytest.approx(0.7)


def test_a_shift_that_has_no_number_says_why() -> None:
    found = compute_shift(np.full(20, NONE), np.linspace(1, 2, 20))
    assert isinstance(found, Unavailable)
    assert "without recourse" in found.reason
    nobody = compute_shift(np.full(20, NONE), np.full(20, NONE))
    assert isinstance(nobody, Unavailable)
    assert "nobody" in nobody.reason


def test_all_costs_equal_is_no_difference() -> None:
    ours, theirs = np.ones(40), np.ones(60)
    estimate, p_value = compute_costlier(ours, theirs)
    assert isinstance(estimate, Estimate)
    assert (estimate.value, p_value) == (0.5, 1.0)
    assert estimate.low < 0.5 < estimate.high
    shift = compute_shift(ours, theirs)
    assert isinstance(shift, Estimate)
    assert shift.value == 0.0


def test_too_few_rows_have_no_comparison() -> None:
    found, p_value = compute_costlier(np.ones(7), np.ones(60))
    assert isinstance(found, Unavailable)
    assert np.isnan(p_value)
    assert isinstance(compute_shift(np.ones(7), np.ones(60)), Unavailable)


@pytest.mark.parametrize("without", [0.0, 0.15])
def test_many_pairs_are_not_held_but_give_the_same(
    without: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = sample(1, 90, without, 0.3), sample(2, 70, without)
    expected = compute_shift(ours, theirs)
    monkeypatch.setattr(costs, "_MAX_PAIRS", 10)
    found = compute_shift(ours, theirs)
    assert isinstance(expected, Estimate)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(expected.value, abs=1e-6)
    assert found.low == pytest.approx(expected.low, abs=1e-6)
    assert found.high == pytest.approx(expected.high, abs=1e-6)


def test_median_counts_those_without_recourse() -> None:
    cost = np.concatenate([np.arange(1.0, 72.0), np.full(30, NONE)])
    estimate = compute_median(cost)
    assert isinstance(estimate, Estimate)
    assert estimate.value == 51.0
    assert (estimate.low, estimate.high) == (41.0, 62.0)
    most = compute_median(np.concatenate([np.ones(10), np.full(30, NONE)]))
    assert isinstance(most, Unavailable)
    assert "30 of 40" in most.reason
    edge = compute_median(np.concatenate([np.ones(21), np.full(19, NONE)]))
    assert isinstance(edge, Unavailable)
    assert "no upper end" in edge.reason


@pytest.mark.parametrize(("spread", "n"), [(1.0, (40, 40)), (3.0, (60, 25)), (0.3, (60, 25))])
def test_intervals_cover_whatever_the_shapes(spread: float, n: tuple[int, int]) -> None:
    """400 draws at 95%: under 366 hits would be rarer than 1 in 500."""
    draw, hits, sure = np.random.default_rng(5), 0, 0
    for _ in range(400):
        ours, theirs = 0.5 + spread * draw.normal(size=n[0]), draw.normal(size=n[1])
        shift = compute_shift(ours, theirs)
        assert isinstance(shift, Estimate)
        hits += shift.low <= 0.5 <= shift.high
        costlier, _ = compute_costlier(ours, theirs)
        assert isinstance(costlier, Estimate)
        true = stats.norm.cdf(0.5 / np.hypot(spread, 1.0))
        sure += costlier.low <= true <= costlier.high
    assert hits >= 366
    assert sure >= 366


@pytest.mark.parametrize("without", [0.0, 0.3, 0.7])
def test_no_more_false_alarms_than_stated(without: float) -> None:
    """Two groups of one distribution with ties, 1,000 times: at most 5% but for chance."""
    alarms = 0
    for seed in range(1_000):
        _, p_value = compute_costlier(
            sample(seed, 40, without), sample(seed + 10_000, 120, without)
        )
        alarms += p_value < 0.05
    assert alarms <= 65
