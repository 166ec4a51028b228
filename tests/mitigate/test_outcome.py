"""Before and after on rows that were not used to choose; the frontier."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from audits.core.report.estimate import Estimate
from audits.cube.counts.cube import Cube
from audits.cube.counts.view import compute_view
from audits.cube.intervals.paired import Pairs, compute_paired_change
from audits.cube.rates import RATES
from audits.mitigate.frontier import compute_frontier
from audits.mitigate.goals import GOALS, Costs
from audits.mitigate.halves import split_cube
from audits.mitigate.outcome import compute_plan_outcome
from audits.mitigate.plan import Plan, apply_thresholds
from audits.mitigate.thresholds import Chooser

helpers = import_module("tests.mitigate.conftest")


def test_paired_interval_is_newcombes() -> None:
    """The worked example of his method 10 (1998, Statistics in Medicine 17:2635)."""
    change, low, high = compute_paired_change(Pairs(both=36, gained=12, lost=2, neither=0))
    assert (change, low, high) == pytest.approx((0.2, 0.0569, 0.3404), abs=5e-5)


def test_paired_interval_covers() -> None:
    draw = np.random.default_rng(0)
    shares = np.array([0.7, 0.08, 0.04, 0.18])
    inside = 0
    for both, gained, lost, neither in draw.multinomial(120, shares, size=2000):
        _, low, high = compute_paired_change(Pairs(both, gained, lost, neither))
        inside += low <= shares[1] - shares[2] <= high
    assert 0.93 < inside / 2000 < 0.985


def test_paired_interval_at_the_edges() -> None:
    for pairs in (Pairs(50, 0, 0, 0), Pairs(0, 0, 0, 50), Pairs(0, 50, 0, 0), Pairs(0, 0, 50, 0)):
        change, low, high = compute_paired_change(pairs)
        assert -1 <= low <= change <= high <= 1
    assert all(np.isnan(compute_paired_change(Pairs(0, 0, 0, 0))))


def test_outcome_is_that_of_the_rows(drawn: Cube) -> None:
    first, second = split_cube(drawn, np.random.default_rng(0))
    costs = Costs(1.0, 2.0)
    chooser = Chooser(compute_view(first, ("team",)), GOALS["demographic_parity"], costs)
    plan = chooser.choose(0.02, by_group=True)
    assert isinstance(plan, Plan)
    held_out = compute_view(second, ("team",))
    outcome = compute_plan_outcome(plan, held_out)
    times = second.sums["count"].astype(int)
    true = np.repeat(second.codes["y_true"], times)
    score = np.repeat(second.edges[second.codes["score_bin"]], times)
    group = np.repeat(held_out.cell_group, times)
    wanted = np.array([plan.thresholds[label] for label in held_out.labels])
    before, after = score >= 0.5, score >= wanted[group]
    assert outcome.accuracy.before.value == pytest.approx(accuracy_score(true, before))
    assert outcome.accuracy.after.value == pytest.approx(accuracy_score(true, after))
    assert outcome.accuracy_change.value == pytest.approx(
        accuracy_score(true, after) - accuracy_score(true, before)
    )
    rates = [[decided[group == g].mean() for g in range(3)] for decided in (before, after)]
    assert outcome.gap is not None
    assert outcome.gap.before.value == pytest.approx(np.ptp(rates[0]))
    assert outcome.gap.after.value == pytest.approx(np.ptp(rates[1]))
    assert outcome.gap.after.value < outcome.gap.before.value
    cost = np.where(true == 1, 2.0 * ~after, 1.0 * after).mean()
    assert outcome.cost.after.value == pytest.approx(cost)
    for effect in (outcome.gap, outcome.accuracy, outcome.cost, outcome.selection):
        for result in (effect.before, effect.after):
            assert isinstance(result, Estimate)
            assert result.low <= result.value <= result.high


@pytest.mark.parametrize("by_group", [True, False])
@pytest.mark.parametrize("name", sorted(set(GOALS) - {"least_cost"}))
def test_frontier_has_no_point_that_another_beats(drawn: Cube, name: str, by_group: bool) -> None:
    first, second = split_cube(drawn, np.random.default_rng(0))
    view, held_out = (compute_view(half, ("team",)) for half in (first, second))
    goal, costs = GOALS[name], Costs()
    points = compute_frontier(view, held_out, goal, costs, by_group=by_group)
    assert points
    gaps = [point.plan.gap for point in points]
    spent = [point.plan.cost for point in points]
    assert gaps == sorted(gaps, reverse=True)
    assert spent == sorted(spent)
    chooser = Chooser(view, goal, costs)
    for point in points[:: max(len(points) // 6, 1)]:
        best = chooser.choose(point.plan.gap, by_group=by_group)
        assert isinstance(best, Plan)
        assert best.cost == pytest.approx(point.plan.cost)
        moved = compute_view(apply_thresholds(held_out, point.plan.thresholds), ("team",))
        spread = max(np.ptp(RATES[rate].share(moved.weight)) for rate in goal.rates)
        assert point.held_out_gap == pytest.approx(spread)
        wrong = moved.weight[:, 0, 1].sum() + moved.weight[:, 1, 0].sum()
        assert point.held_out_cost == pytest.approx(wrong / moved.weight.sum())


def test_small_cubes_have_whole_frontiers() -> None:
    """Every point that no combination of thresholds beats is on it."""
    draw = np.random.default_rng(4)
    rows = [(int(g), int(y), int(s)) for g, y, s in draw.integers(0, [3, 2, 4], (30, 3))]
    view = compute_view(helpers.make_cube(rows, 4), ("team",))
    goal = GOALS["demographic_parity"]
    points = compute_frontier(view, view, goal, Costs(), by_group=True)
    tried = sorted(set(helpers.try_everything(view, goal, Costs())))
    best: list[tuple[float, float]] = []
    for gap, cost in tried:
        if not best or cost < best[-1][1]:
            best.append((gap, cost))
    found = sorted((point.plan.gap, point.plan.cost * 30) for point in points)
    assert np.allclose(found, best)
