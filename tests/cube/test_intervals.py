"""Intervals and tests against statistics libraries, published vectors and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from audits.cube.intervals.intervals import (
    compute_difference,
    compute_holm,
    compute_mean_interval,
    compute_ratio,
    compute_two_share_p,
    compute_wilson,
)


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (1, 10), (15, 148), (5, 5), (500, 1000)])
def test_wilson_equals_scipy(hits: int, n: int) -> None:
    expected = stats.binomtest(hits, n).proportion_ci(method="wilson")
    low, high = compute_wilson(array(hits / n), array(n))
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_newcombe_reproduces_the_published_examples() -> None:
    """Newcombe 1998, Statistics in Medicine 17:873, table II, method 10."""
    published = {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (10, 10, 0, 20): (0.6791, 1.0),
    }
    for (x1, n1, x2, n2), expected in published.items():
        one, two = array(x1 / n1), array(x2 / n2)
        low, high = compute_difference(
            one, compute_wilson(one, array(n1)), two, compute_wilson(two, array(n2))
        )
        assert (low[0], high[0]) == pytest.approx(expected, abs=5e-5)


def test_ratio_interval_is_the_inverse_of_the_swapped_one() -> None:
    one, two = array(0.3), array(0.5)
    first, second = compute_wilson(one, array(80)), compute_wilson(two, array(120))
    low, high = compute_ratio(one, first, two, second)
    swapped = compute_ratio(two, second, one, first)
    assert (low[0], high[0]) == pytest.approx((1 / swapped[1][0], 1 / swapped[0][0]))


def test_ratio_is_undefined_over_zero_and_zero_is_a_ratio() -> None:
    zero, half = array(0.0), array(0.5)
    nothing, some = compute_wilson(zero, array(50)), compute_wilson(half, array(50))
    assert np.isnan(compute_ratio(half, some, zero, nothing)).all()
    low, high = compute_ratio(zero, nothing, half, some)
    assert low[0] == 0
    assert 0 < high[0] < 0.2


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("kind", ["difference", "ratio"])
def test_intervals_cover_what_they_promise(share: float, kind: str) -> None:
    draw = np.random.default_rng(7)
    n1, n2, other, times = 120, 200, 0.3, 4000
    one, two = draw.binomial(n1, share, times) / n1, draw.binomial(n2, other, times) / n2
    compute = compute_difference if kind == "difference" else compute_ratio
    low, high = compute(
        one, compute_wilson(one, np.full(times, n1)), two, compute_wilson(two, np.full(times, n2))
    )
    truth = share - other if kind == "difference" else share / other
    covered = ((low <= truth) & (truth <= high)).mean()
    assert 0.93 < covered < 0.98


def test_mean_interval_equals_scipy() -> None:
    rows = np.random.default_rng(1).normal(size=40)
    low, high = compute_mean_interval(array(rows.mean()), array(rows.var(ddof=1)), array(40))
    expected = stats.ttest_1samp(rows, 0).confidence_interval()
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ((12, 40, 48, 80), 0.00195),
        ((45, 100, 60, 100), 0.03367),
        ((170, 390, 412, 797), 0.00871),
        ((555, 1181, 667, 1390), 0.61587),
        ((1, 10, 3, 20), 1.0),  # few: Fisher's exact test
    ],
)
def test_two_shares_reproduce_the_regulators_examples(table, expected) -> None:
    assert compute_two_share_p(*table) == pytest.approx(expected, abs=5e-6)


def test_nothing_to_compare_is_no_evidence() -> None:
    assert compute_two_share_p(0, 10, 0, 20) == 1.0
    assert compute_two_share_p(10, 10, 20, 20) == 1.0
    assert compute_two_share_p(0, 0, 5, 20) == 1.0


def test_holm_by_hand() -> None:
    adjusted = compute_holm(array(0.01, 0.04, 0.03, 0.005))
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert compute_holm(array()).size == 0
