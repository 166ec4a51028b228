"""The least cost and what it is made of, by hand; equal effort and columns between two groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats.contingency import relative_risk

from audits.core.counterfactual import Change, Counterfactual
from audits.core.report.estimate import Estimate, Unavailable
from audits.recourse.burden.burden import (
    Burden,
    choose_effort,
    compare_columns,
    compare_mean_cost,
    compare_shares,
    compute_burden,
    compute_effort_curve,
    count_within,
    select_rows,
)
from audits.recourse.columns import build_columns

REFERENCE = pd.DataFrame(
    {"pay": [10.0, 20.0, 30.0, 40.0, 50.0], "job": ["a", "a", "b", "b", "c"], "age": range(5)}
)
SPREAD = 10 * 1.4826


def answer(row: str, rank: int, cost: float, *changes: Change) -> Counterfactual:
    return Counterfactual(row, rank, {}, changes, cost, 0.7, True, True)


def make(costs: list[float], parts: list[list[float]]) -> Burden:
    names = tuple(f"c{n}" for n in range(len(parts[0])))
    rows = tuple(str(n) for n in range(len(costs)))
    return Burden(rows, np.array(costs), names, np.array(parts))


def test_the_cheapest_answer_counts_and_its_columns_add_up() -> None:
    columns = build_columns(REFERENCE, REFERENCE)
    answers = [
        answer("r1", 0, 1.0, Change("job", "a", "b")),
        answer("r1", 1, 10 / SPREAD, Change("pay", 20.0, 30.0)),
        answer("r2", 0, 20 / SPREAD + 1, Change("pay", 20.0, 40.0), Change("job", None, "b")),
    ]
    burden = compute_burden(["r1", "r2", "r3"], answers, columns)
    np.testing.assert_allclose(burden.cost, [10 / SPREAD, 20 / SPREAD + 1, np.inf])
    assert burden.columns == ("pay", "job", "age")
    np.testing.assert_allclose(burden.parts, [[10 / SPREAD, 0, 0], [20 / SPREAD, 1, 0], [0, 0, 0]])


def test_prices_of_another_search_are_scaled_to_the_cost() -> None:
    """A search may charge more for a unit than the spread says: the parts still add up."""
    columns = build_columns(REFERENCE, REFERENCE)
    dear = answer("r", 0, 6.0, Change("pay", 20.0, 20.0 + SPREAD), Change("job", "a", "b"))
    burden = compute_burden(["r"], [dear], columns)
    np.testing.assert_allclose(burden.parts, [[3.0, 3.0, 0.0]])


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([3.0, 1.0, 2.0], 2.0),
        ([3.0, 1.0, 2.0, np.inf], 2.0),
        ([1.0, 2.0, np.inf, np.inf, np.inf], 2.0),
        ([np.inf], None),
        ([], None),
    ],
)
def test_effort_is_the_median_of_all(costs: list[float], expected: float | None) -> None:
    assert choose_effort(np.array(costs)) == expected


def test_the_curve_counts_rows_within_each_effort() -> None:
    cost = np.array([0.5, 1.0, 1.0, 2.0, np.inf])
    share, low, high = compute_effort_curve(cost, np.array([0.0, 1.0, 1.5, 9.0]))
    np.testing.assert_allclose(share, [0.0, 0.6, 0.6, 0.8])
    assert (low <= share).all()
    assert (high >= share).all()
    assert count_within(cost, 1.0) == 3
    assert np.isnan(compute_effort_curve(np.array([]), np.array([1.0]))[0]).all()


def test_shares_are_compared_as_the_textbooks_do() -> None:
    gap = compare_shares(30, 80, 70, 100)
    assert isinstance(gap.difference, Estimate)
    assert gap.difference.value == pytest.approx(-0.325)
    # Newcombe 1998, method 10, worked by hand from Wilson's limits.
    one = stats.binomtest(30, 80).proportion_ci(method="wilson")
    two = stats.binomtest(70, 100).proportion_ci(method="wilson")
    low = -0.325 - np.hypot(0.375 - one.low, two.high - 0.7)
    assert gap.difference.low == pytest.approx(low, abs=1e-6)
    assert isinstance(gap.ratio, Estimate)
    assert gap.ratio.value == pytest.approx(relative_risk(30, 80, 70, 100).relative_risk)
    pooled = stats.chi2_contingency([[30, 50], [70, 30]], correction=False)
    assert gap.p_value == pytest.approx(pooled.pvalue)
    few = compare_shares(1, 9, 8, 10)
    assert few.p_value == pytest.approx(stats.fisher_exact([[1, 8], [8, 2]]).pvalue)


def test_a_ratio_to_none_and_a_group_without_rows_have_reasons() -> None:
    none = compare_shares(3, 20, 0, 20)
    assert isinstance(none.ratio, Unavailable)
    assert isinstance(none.difference, Estimate)
    assert isinstance(compare_shares(0, 0, 3, 20).difference, Unavailable)


def test_columns_add_up_to_the_difference_of_the_means() -> None:
    draw = np.random.default_rng(0)
    ours, theirs = (
        make(list(parts.sum(axis=1)), parts.tolist())
        for parts in (
            draw.exponential([2.0, 0.5, 0.0], (40, 3)) * (draw.random((40, 3)) < 0.6),
            draw.exponential([0.5, 0.7, 0.0], (60, 3)) * (draw.random((60, 3)) < 0.6),
        )
    )
    gaps = compare_columns(ours, theirs)
    total = compare_mean_cost(ours.cost, theirs.cost)
    assert isinstance(total, Estimate)
    assert total.value == pytest.approx(ours.cost.mean() - theirs.cost.mean())
    assert [gap.column for gap in gaps] == ["c0", "c1"]  # nobody changes the third
    values = [gap.cost.value for gap in gaps if isinstance(gap.cost, Estimate)]
    assert sum(values) == pytest.approx(total.value)
    welch = [
        stats.ttest_ind(ours.parts[:, i], theirs.parts[:, i], equal_var=False).pvalue
        for i in (0, 1)
    ]
    assert gaps[0].cost_p == pytest.approx(min(2 * welch[0], 1.0))
    first = gaps[0].share
    assert isinstance(first, Estimate)
    seen = (ours.parts[:, 0] > 0).mean() - (theirs.parts[:, 0] > 0).mean()
    assert first.value == pytest.approx(seen)


def test_rows_without_recourse_are_left_out_of_the_columns() -> None:
    ours = make([1.0, 3.0, np.inf], [[1.0], [3.0], [0.0]])
    theirs = make([1.0, 1.0], [[1.0], [1.0]])
    gaps = compare_columns(ours, theirs)
    assert isinstance(gaps[0].cost, Estimate)
    assert gaps[0].cost.value == pytest.approx(1.0)
    assert gaps[0].cost.n == 4
    nobody = make([np.inf], [[0.0]])
    assert compare_columns(nobody, theirs) == ()
    assert isinstance(compare_mean_cost(nobody.cost, theirs.cost), Unavailable)


def test_selected_rows_keep_what_is_theirs() -> None:
    burden = make([1.0, np.inf, 2.0], [[1.0], [0.0], [2.0]])
    some = select_rows(burden, np.array([False, True, True]))
    assert some.rows == ("1", "2")
    np.testing.assert_array_equal(some.parts, [[0.0], [2.0]])
