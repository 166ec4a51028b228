"""Gaps with legitimate columns held fixed: a published paradox, sums by hand, simulation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from audits.cube.conditional import (
    Strata,
    compute_conditional_difference,
    compute_conditional_disparity,
    split_strata,
)
from audits.cube.counts.view import compute_view

# Graduate admissions at Berkeley, 1973 (Bickel, Hammel and O'Connell 1975, Science 187:398):
# admitted and rejected, men and women, of the six largest departments.
BERKELEY = {
    "A": ((512, 313), (89, 19)),
    "B": ((353, 207), (17, 8)),
    "C": ((120, 205), (202, 391)),
    "D": ((138, 279), (131, 244)),
    "E": ((53, 138), (94, 299)),
    "F": ((22, 351), (24, 317)),
}


def make_berkeley() -> pd.DataFrame:
    parts = [
        pd.DataFrame({"sex": sex, "race": department, "y_pred": decision}, index=range(rows))
        for department, sexes in BERKELEY.items()
        for sex, (admitted, rejected) in zip(("Male", "Female"), sexes, strict=True)
        for decision, rows in ((1, admitted), (0, rejected))
    ]
    return pd.concat(parts, ignore_index=True).astype({"y_pred": np.int32})


@pytest.fixture(scope="module")
def strata(count) -> Strata:
    cube = count(make_berkeley(), threshold=None)
    return split_strata(compute_view(cube, ("sex",)), ("race",))


def test_the_gap_of_berkeley_is_gone_within_departments(strata) -> None:
    total = strata.selected.sum(axis=1) / strata.total.sum(axis=1)
    assert total[0] - total[1] == pytest.approx(-0.1416, abs=1e-4)
    values, p_values = compute_conditional_difference(strata, 1)
    assert values.value[0] > 0
    assert values.low[0] < 0 < values.high[0]
    # R's mantelhaen.test(UCBAdmissions, correct = FALSE): X-squared = 1.5246.
    assert p_values[0] == pytest.approx(stats.chi2.sf(1.5246, 1), abs=1e-4)


def test_the_average_equals_a_sum_of_fractions(strata) -> None:
    top = bottom = Fraction(0)
    for (men, men_out), (women, women_out) in BERKELEY.values():
        n0, n1 = men + men_out, women + women_out
        weight = Fraction(n0 * n1, n0 + n1)
        top += weight * (Fraction(women, n1) - Fraction(men, n0))
        bottom += weight
    values, _ = compute_conditional_difference(strata, 1)
    assert values.value[0] == pytest.approx(float(top / bottom), abs=1e-12)


def test_conditional_disparity_equals_its_definition(strata) -> None:
    expected, everyone = 0.0, 0
    for (men, men_out), (women, women_out) in BERKELEY.values():
        n = men + men_out + women + women_out
        among_out, among_in = women_out / (women_out + men_out), women / (women + men)
        expected += n * (among_out - among_in)
        everyone += n
    values = compute_conditional_disparity(strata, np.random.default_rng(0))
    assert values.value[0] == pytest.approx(expected / everyone, abs=1e-12)
    assert values.value.sum() == pytest.approx(0.0, abs=1e-12)
    assert values.low[0] <= values.value[0] <= values.high[0]


def test_one_stratum_is_the_plain_difference() -> None:
    strata = Strata(np.array([[30.0], [60.0]]), np.array([[100.0], [120.0]]),
                    np.array([[100.0], [120.0]]))  # fmt: skip
    values, p_values = compute_conditional_difference(strata, 1)
    assert values.value[0] == pytest.approx(30 / 100 - 60 / 120)
    # Cochran-Mantel-Haenszel with one stratum is the chi-squared test, times (N - 1) / N.
    table = np.array([[30, 70], [60, 60]])
    plain = stats.chi2_contingency(table, correction=False).statistic
    assert p_values[0] == pytest.approx(stats.chi2.sf(plain * 219 / 220, 1))


def test_strata_that_say_nothing_have_a_named_outcome() -> None:
    apart = Strata(np.array([[3.0, 0], [0, 4]]), np.array([[9.0, 0], [0, 8]]),
                   np.array([[9.0, 0], [0, 8]]))  # fmt: skip
    values, p_values = compute_conditional_difference(apart, 1)
    assert np.isnan(values.value[0])
    assert np.isnan(p_values[0])
    assert values.result(0, "no stratum").reason == "no stratum"
    alike = Strata(np.array([[9.0], [8.0]]), np.array([[9.0], [8.0]]),
                   np.array([[9.0], [8.0]]))  # fmt: skip
    disparity = compute_conditional_disparity(alike, np.random.default_rng(0))
    assert np.isnan(disparity.value).all()


def test_intervals_cover_and_the_test_keeps_its_level() -> None:
    draw = np.random.default_rng(1)
    total = np.array([[40.0, 25, 60], [90, 30, 35]])
    base = np.array([0.2, 0.5, 0.7])
    held, alarms, times = 0, 0, 400
    for _ in range(times):
        shifted = Strata(draw.binomial(total.astype(int), base + np.array([[-0.1], [0]])).astype(float),
                         total, total)  # fmt: skip
        values, _ = compute_conditional_difference(shifted, 1)
        held += values.low[0] <= -0.1 <= values.high[0]
        equal = Strata(draw.binomial(total.astype(int), base).astype(float), total, total)  # fmt: skip
        alarms += compute_conditional_difference(equal, 1)[1][0] < 0.05
    assert 0.92 < held / times < 0.98
    assert alarms / times < 0.08


def test_disparity_of_weighted_rows_is_of_shares_of_weight(count) -> None:
    tables = (("A", 1.0, 30, 70), ("B", 10.0, 60, 40))
    frame = pd.concat(
        [
            pd.DataFrame(
                {"sex": name, "race": "x", "y_pred": decision, "weight": weight}, index=range(rows)
            )
            for name, weight, chosen, rejected in tables
            for decision, rows in ((1, chosen), (0, rejected))
        ],
        ignore_index=True,
    ).astype({"y_pred": np.int32})
    weighted = split_strata(compute_view(count(frame, threshold=None), ("sex",)), ("race",))
    found = compute_conditional_disparity(weighted, np.random.default_rng(0))
    # Of the weight rejected 70 of 470 is A's, of the weight selected 30 of 630.
    wanted = float(Fraction(70, 470) - Fraction(30, 630))
    assert found.value[0] == pytest.approx(wanted)
    assert found.low[0] < wanted < found.high[0]


@pytest.mark.parametrize(
    ("group", "reference", "base", "shift"),
    [
        ([30], [300], [0.03], 0.0),
        ([5] * 4, [20] * 4, [0.05, 0.05, 0.1, 0.1], 0.0),
        ([20] * 3, [60] * 3, [0.95, 0.9, 0.97], 0.0),
        ([2] * 100, [2] * 100, list(np.linspace(0.2, 0.8, 100)), -0.1),
    ],
)
def test_intervals_cover_where_few_are_selected_and_where_strata_are_small(
    group: list[int], reference: list[int], base: list[float], shift: float
) -> None:
    draw = np.random.default_rng(2)
    total = np.array([group, reference])
    shares = np.array(base) + np.array([[shift], [0.0]])
    held, given = 0, 0
    for _ in range(3000):
        strata = Strata(draw.binomial(total, shares).astype(float), total * 1.0, total * 1.0)
        values, _ = compute_conditional_difference(strata, 1)
        given += np.isfinite(values.value[0])
        held += values.low[0] - 1e-9 <= shift <= values.high[0] + 1e-9
    assert held / given > 0.935


def test_nobody_selected_anywhere_is_no_proof_of_equality() -> None:
    total = np.array([[3.0, 4], [3, 5]])
    values, _ = compute_conditional_difference(Strata(np.zeros((2, 2)), total, total), 1)
    assert np.isnan(values.value[0])


def test_three_against_three_is_not_certain() -> None:
    apart = Strata(np.array([[3.0], [0]]), np.array([[3.0], [3]]), np.array([[3.0], [3]]))
    values, _ = compute_conditional_difference(apart, 1)
    assert values.value[0] == 1.0
    assert values.low[0] < 0.5
    assert values.high[0] == 1.0


def test_rows_of_strata_that_are_left_out_do_not_count() -> None:
    total = np.array([[40.0, 100, 30], [50, 0, 20]])
    strata = Strata(np.array([[10.0, 50, 0], [20, 0, 0]]), total, total)
    assert compute_conditional_difference(strata, 1)[0].n[0] == 40 + 50 + 30 + 20
    assert compute_conditional_disparity(strata, np.random.default_rng(0)).n[0] == 40 + 50 + 100
