"""Thresholds against every combination of thresholds, and against fairlearn's randomised ones."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from audits.core.errors import InputError
from audits.cube.counts.view import View, compute_view
from audits.cube.rates import RATES
from audits.mitigate.curves import NOBODY
from audits.mitigate.goals import GOALS, Costs, find_goal
from audits.mitigate.plan import NoPlan, Plan, apply_thresholds
from audits.mitigate.thresholds import Chooser

helpers = import_module("tests.mitigate.conftest")

TINY = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([1, 1, 1, 0, 0, 0, -1]), st.integers(0, 5)),
    min_size=6, max_size=60,
)  # fmt: skip
COSTS = st.sampled_from([Costs(), Costs(1.0, 3.0), Costs(2.5, 1.0)])
GAP = st.sampled_from([0.0, 0.02, 0.1, 0.25, 0.5, 1.0])


@settings(max_examples=150)
@given(rows=TINY, costs=COSTS, gap=GAP, name=st.sampled_from(sorted(GOALS)))
def test_by_group_no_combination_is_cheaper(
    rows: list[tuple[int, int, int]], costs: Costs, gap: float, name: str
) -> None:
    goal = GOALS[name]
    view = compute_view(helpers.make_cube(rows), ("team",))
    chooser = Chooser(view, goal, costs)
    plan = chooser.choose(gap, by_group=True)
    tried = list(helpers.try_everything(view, goal, costs)) if len(chooser.curves) else []
    allowed = [(cost, found) for found, cost in tried if found <= gap + 1e-9]
    if isinstance(plan, NoPlan):
        assert plan.reason
        if plan.smallest_gap is not None:
            assert not allowed
            assert plan.smallest_gap == pytest.approx(min(found for found, _ in tried))
        return
    known = sum(curve.known for curve in chooser.curves)
    cost, smallest = min(allowed)
    assert plan.cost * known == pytest.approx(cost)
    if name != "equalized_odds":  # which does not seek the smallest gap among equals
        assert plan.gap == pytest.approx(
            min(g for c, g in allowed if c <= cost + 1e-9), abs=1e-9
        )  # fmt: skip
    assert plan.gap <= gap + 1e-9
    assert smallest <= gap + 1e-9


@settings(max_examples=80)
@given(rows=TINY, costs=COSTS, gap=GAP, name=st.sampled_from(sorted(GOALS)))
def test_one_threshold_no_other_is_cheaper(
    rows: list[tuple[int, int, int]], costs: Costs, gap: float, name: str
) -> None:
    view = compute_view(helpers.make_cube(rows), ("team",))
    goal = GOALS[name]
    chooser = Chooser(view, goal, costs)
    plan = chooser.choose(gap, by_group=False)
    best = np.inf
    for threshold in (NOBODY, *view.cube.edges):
        moved = compute_view(
            apply_thresholds(view, dict.fromkeys(view.labels, threshold)), ("team",)
        )
        shares = [RATES[name].share(moved.weight) for name in goal.rates]
        bound = ~np.any([np.isnan(share) for share in shares], axis=0) if shares else True
        spread = [np.ptp(share[bound]) for share in shares if np.any(bound)]
        cost = costs.false_positive * moved.weight[:, 0, 1].sum()
        cost += costs.false_negative * moved.weight[:, 1, 0].sum()
        if max(spread, default=0.0) <= gap + 1e-9:
            best = min(best, float(cost))
    if isinstance(plan, Plan):
        assert plan.cost * sum(curve.known for curve in chooser._all) == pytest.approx(best)
        assert len(set(plan.thresholds.values())) == 1
        assert not plan.uses_attribute
    elif plan.smallest_gap is not None:
        assert best == np.inf


@pytest.mark.parametrize("name", sorted(GOALS))
def test_the_plan_does_what_it_says(view: View, name: str) -> None:
    """Its gap and cost, taken again from the decisions that its thresholds make."""
    plan = Chooser(view, GOALS[name], Costs(1.0, 2.0)).choose(0.05, by_group=True)
    assert isinstance(plan, Plan)
    assert plan.uses_attribute
    moved = compute_view(apply_thresholds(view, plan.thresholds), ("team",))
    for rate in GOALS[name].rates:
        assert np.ptp(RATES[rate].share(moved.weight)) <= 0.05 + 1e-9
    cost = moved.weight[:, 0, 1].sum() + 2 * moved.weight[:, 1, 0].sum()
    assert plan.cost == pytest.approx(cost / moved.weight.sum())


def test_a_wider_gap_never_costs_more(view: View) -> None:
    for goal in GOALS.values():
        chooser = Chooser(view, goal, Costs())
        plans = [chooser.choose(gap, by_group=True) for gap in np.linspace(0.05, 1, 20)]
        costs = [plan.cost for plan in plans if isinstance(plan, Plan)]
        assert costs == sorted(costs, reverse=True)


def test_least_cost_follows_the_costs(view: View) -> None:
    dear = Chooser(view, GOALS["least_cost"], Costs(false_positive=5.0)).choose(0, by_group=True)
    cheap = Chooser(view, GOALS["least_cost"], Costs(false_negative=5.0)).choose(0, by_group=True)
    assert isinstance(dear, Plan)
    assert isinstance(cheap, Plan)
    assert all(dear.thresholds[label] > cheap.thresholds[label] for label in view.labels)


def test_a_group_without_an_outcome_keeps_its_decisions() -> None:
    rows = [(0, 1, 3), (0, 0, 2), (1, 1, 1), (1, 0, 0), (2, 0, 5), (2, 0, 1)]
    view = compute_view(helpers.make_cube(rows), ("team",))
    plan = Chooser(view, GOALS["equal_opportunity"], Costs()).choose(0.0, by_group=True)
    assert isinstance(plan, Plan)
    assert plan.untouched == ("c",)
    moved = apply_thresholds(view, plan.thresholds)
    third = view.cell_group == 2
    assert moved.codes["y_pred"][third].tolist() == view.cube.codes["y_pred"][third].tolist()


@pytest.mark.parametrize(
    ("rows", "goal", "words"),
    [
        ([(0, 0, 1), (1, 0, 2), (1, 1, 2)], "equal_opportunity", "outcome is favourable"),
        ([(0, 1, 1), (1, 0, 2)], "equalized_odds", "two groups with rows"),
        ([(0, -1, 1), (1, -1, 2)], "demographic_parity", "known outcome"),
    ],
)
def test_what_cannot_be_done_says_why(
    rows: list[tuple[int, int, int]], goal: str, words: str
) -> None:
    view = compute_view(helpers.make_cube(rows), ("team",))
    for by_group in (True, False):
        plan = Chooser(view, GOALS[goal], Costs()).choose(0.1, by_group=by_group)
        assert isinstance(plan, NoPlan)
        assert words in plan.reason


def test_a_gap_out_of_reach_names_the_smallest() -> None:
    # Group b's scores say nothing: its accuracy is one half whatever the threshold.
    rows = [(0, 1, 5), (0, 0, 0), (0, 0, 5), (0, 1, 5), (1, 1, 2), (1, 0, 2)]
    view = compute_view(helpers.make_cube(rows), ("team",))
    plan = Chooser(view, GOALS["equal_accuracy"], Costs()).choose(0.0, by_group=True)
    assert isinstance(plan, Plan)  # nobody selected: one half in both groups
    rows += [(0, 0, 0)]
    view = compute_view(helpers.make_cube(rows), ("team",))
    plan = Chooser(view, GOALS["equal_accuracy"], Costs()).choose(0.0, by_group=True)
    assert isinstance(plan, NoPlan)
    assert plan.smallest_gap == pytest.approx(0.1)
    assert "the smallest possible is 10.0 points" in plan.reason


def test_many_thresholds_are_thinned_evenly(view: View) -> None:
    exact = Chooser(view, GOALS["equalized_odds"], Costs()).choose(0.1, by_group=True)
    thinned = Chooser(view, GOALS["equalized_odds"], Costs(), 20).choose(0.1, by_group=True)
    assert isinstance(exact, Plan)
    assert isinstance(thinned, Plan)
    assert exact.cost <= thinned.cost <= exact.cost + 0.05
    assert thinned.gap <= 0.1 + 1e-9


def test_fairlearn_randomises_and_is_at_least_as_good(view: View) -> None:
    """Its optimum may mix two thresholds in a group; at no gap it can only be cheaper, and for
    many rows and thresholds hardly so."""
    from fairlearn.postprocessing import ThresholdOptimizer
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Given(ClassifierMixin, BaseEstimator):
        def fit(self, features: object, target: object) -> Given:
            self.fitted_ = True
            return self

        def predict(self, features: np.ndarray) -> np.ndarray:
            return np.asarray(features)[:, 0]

    cube = view.cube
    times = cube.sums["count"].astype(int)
    frame = pd.DataFrame(
        {
            "score": np.repeat(cube.edges[cube.codes["score_bin"]], times),
            "true": np.repeat(cube.codes["y_true"], times),
            "team": np.repeat(view.cell_group, times),
        }
    )
    for name, constraint in (
        ("demographic_parity", "demographic_parity"),
        ("equal_opportunity", "true_positive_rate_parity"),
        ("equalized_odds", "equalized_odds"),
    ):
        optimizer = ThresholdOptimizer(
            estimator=Given().fit(None, None), constraints=constraint, prefit=True,
            predict_method="predict", grid_size=1000,
        )  # fmt: skip
        optimizer.fit(frame[["score"]], frame["true"], sensitive_features=frame["team"])
        chance = optimizer._pmf_predict(frame[["score"]], sensitive_features=frame["team"])[:, 1]
        error = np.where(frame["true"] == 1, 1 - chance, chance).mean()
        exact = Chooser(view, GOALS[name], Costs()).choose(0.0, by_group=True)
        loose = Chooser(view, GOALS[name], Costs()).choose(0.03, by_group=True)
        assert isinstance(exact, Plan)
        assert isinstance(loose, Plan)
        assert error <= exact.cost + 0.001, name
        if len(GOALS[name].rates) == 1:  # no two thresholds give two groups one point of odds
            assert loose.cost <= error + 0.01, name


def test_goals_and_costs_are_checked() -> None:
    assert find_goal("equalized-odds").name == "equalized_odds"
    with pytest.raises(InputError, match="did you mean 'equalized_odds'"):
        find_goal("equalised_odds")
    for wrong in ((-1.0, 1.0), (0.0, 0.0), (float("inf"), 1.0), (float("nan"), 1.0)):
        with pytest.raises(InputError, match="at least 0"):
            Costs(*wrong)
