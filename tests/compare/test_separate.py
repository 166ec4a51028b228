"""Changes of independent estimates, against scipy and the intervals' own arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from audits.compare.scale import fold, fold_interval, is_better
from audits.compare.separate import compute_separate_test
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.cube.counts.values import estimate_mean, estimate_share


def number(estimate, unit="share", direction="higher_is_better", metric="accuracy") -> Measurement:
    return Measurement(
        id=metric,
        check="performance.overall",
        metric=metric,
        estimate=estimate,
        unit=unit,
        direction=direction,
    )


def test_shares_by_fisher() -> None:
    old, new = number(estimate_share(2, 30)), number(estimate_share(7, 30))
    few = compute_separate_test(old, new, weighted=False)
    assert few.p_value == pytest.approx(stats.fisher_exact([[7, 23], [2, 28]]).pvalue)
    old, new = number(estimate_share(300, 1000)), number(estimate_share(360, 1000))
    many = compute_separate_test(old, new, weighted=False)
    exact = stats.fisher_exact([[360, 640], [300, 700]])
    assert many.p_value == pytest.approx(exact.pvalue)
    assert many.change == pytest.approx(0.06)
    newcombe = (0.0187, 0.1010)  # method 10 of Newcombe 1998, by hand from both Wilson intervals
    assert (many.low, many.high) == pytest.approx(newcombe, abs=2e-3)


def test_means_by_welch() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.normal(0, 1, 60), draw.normal(0.5, 2, 35)
    pair = [number(estimate_mean(part, "none"), unit="target") for part in (one, other)]
    found = compute_separate_test(*pair, weighted=False)
    assert found.p_value == pytest.approx(stats.ttest_ind(one, other, equal_var=False).pvalue)


def test_the_interval_and_its_p_value_agree() -> None:
    """Of the z test of two intervals: p is 0.05 where the interval ends at zero."""
    old = Estimate(value=0.5, low=0.44, high=0.56, n=400, method="delong_logit", confidence=0.95)
    for value in np.linspace(0.5, 0.75, 26):
        new = Estimate(
            value=value,
            low=value - 0.05,
            high=value + 0.08,
            n=400,
            method="delong_logit",
            confidence=0.95,
        )
        found = compute_separate_test(number(old, "score"), number(new, "score"), weighted=False)
        assert (found.p_value < 0.05) == (found.low > 0)


def test_gaps_are_judged_by_size_and_ratios_by_nearness() -> None:
    assert fold(np.array([-0.3, 0.2]), "closer_to_zero").tolist() == [0.3, 0.2]
    assert fold(np.array([0.5, 2.0, 1.0, 0.0]), "closer_to_one").tolist() == [0.5, 0.5, 1.0, 0.0]
    assert fold_interval(-0.1, 0.3, "closer_to_zero") == (0.0, 0.3)
    assert fold_interval(-0.4, -0.1, "closer_to_zero") == (0.1, 0.4)
    assert fold_interval(0.8, 2.0, "closer_to_one") == (0.5, 1.0)
    assert fold_interval(2.0, 4.0, "closer_to_one") == (0.25, 0.5)
    assert is_better(-0.1, "closer_to_zero") and is_better(0.1, "closer_to_one")
    assert is_better(0.1, "higher_is_better") and not is_better(0.1, "lower_is_better")
    assert is_better(0.1, "none") is None


def test_a_gap_that_turned_is_no_change_of_its_size() -> None:
    """From 10 points against the one to 10 points against the other: nothing got better."""
    old = Estimate(
        value=-0.1, low=-0.14, high=-0.06, n=2000, method="mover_wilson_midp", confidence=0.95
    )
    new = Estimate(
        value=0.1, low=0.06, high=0.14, n=2000, method="mover_wilson_midp", confidence=0.95
    )
    pair = [
        number(part, "points", "closer_to_zero", "selection_rate_difference") for part in (old, new)
    ]
    found = compute_separate_test(*pair, weighted=False)
    assert found.change == pytest.approx(0) and found.p_value == 1.0


def test_an_estimate_outside_its_interval_is_not_certain() -> None:
    """A bootstrap's interval may miss its value."""
    odd = Estimate(value=0.05, low=0.06, high=0.10, n=100, method="bootstrap", confidence=0.95)
    new = Estimate(value=0.04, low=0.03, high=0.06, n=100, method="bootstrap", confidence=0.95)
    assert (
        compute_separate_test(number(odd, "score"), number(new, "score"), weighted=False).p_value
        > 0.05
    )


def test_intervals_on_few_rows_say_nothing() -> None:
    old = Estimate(value=0.1, low=0.08, high=0.12, n=29, method="bootstrap", confidence=0.95)
    new = old.model_copy(update={"value": 0.3, "low": 0.28, "high": 0.32})
    pair = [number(part, "score", "lower_is_better") for part in (old, new)]
    assert compute_separate_test(*pair, weighted=False) is None
    more = [
        part.model_copy(update={"estimate": part.estimate.model_copy(update={"n": 30})})
        for part in pair
    ]
    assert compute_separate_test(*more, weighted=False).p_value < 1e-6
