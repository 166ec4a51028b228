"""Gaps to groups that were chosen by looking: the interval counts the choice, and agrees with p."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from audits.cube.counts.cube import Cube
from audits.cube.counts.values import Values
from audits.cube.counts.view import compute_view
from audits.cube.disparities import DISPARITIES, compute_disparities
from audits.cube.intervals.chosen import compute_gaps, list_rivals
from audits.cube.intervals.intervals import (
    compute_difference,
    compute_mean_interval,
    compute_share_interval,
    compute_share_limits,
    compute_two_share_p,
)
from audits.cube.intervals.inversion import find_z
from audits.cube.intervals.pairs import compute_worst_pair_interval, compute_worst_pair_p
from tests.whole import repeat


def shares(hits: list[int], rows: list[int]) -> Values:
    share, n = np.array(hits) / np.array(rows), np.array(rows, dtype=float)
    low, high = compute_share_interval(share, n)
    return Values(share, low, high, np.array(rows), n, "wilson_midp")


def means(value: list[float], spread: float, rows: list[int]) -> Values:
    mean, n = np.array(value), np.array(rows, dtype=float)
    low, high = compute_mean_interval(mean, np.full(len(mean), spread**2), n)
    return Values(mean, low, high, np.array(rows), n, "student_t")


def everybody(values: Values) -> np.ndarray:
    return np.ones(len(values.value), dtype=bool)


def test_of_two_groups_it_is_the_pair_s_own_interval_and_test() -> None:
    values = shares([300, 420], [1000, 1000])
    gaps = compute_gaps(values, [(0, 1)], everybody(values), lower_is_worse=True)
    pair = ((values.low[1:], values.high[1:]), (values.low[:1], values.high[:1]))
    low, high = compute_difference(values.value[1:], pair[0], values.value[:1], pair[1])
    assert (gaps.low[0], gaps.high[0]) == pytest.approx((low[0], high[0]))
    assert gaps.p_value[0] == pytest.approx(compute_two_share_p(300, 1000, 420, 1000), rel=0.3)
    assert gaps.ratio[0] == pytest.approx(300 / 420)


@pytest.mark.parametrize("groups", [3, 10])
def test_of_equal_sizes_it_is_dunnett_s(groups: int) -> None:
    """scipy's Dunnett test, one-sided and doubled, on normal data of many rows."""
    draw = np.random.default_rng(groups)
    rows = 400
    samples = [draw.normal(0.12 if k else 0.0, 1, rows) for k in range(groups)]
    oracle = stats.dunnett(*samples[1:], control=samples[0], alternative="greater", rng=draw)
    value = [float(sample.mean()) for sample in samples]
    spread = float(np.sqrt(np.mean([sample.var(ddof=1) for sample in samples])))
    values = means(value, spread, [rows] * groups)
    gaps = compute_gaps(
        values, [(0, k) for k in range(1, groups)], everybody(values), lower_is_worse=True
    )
    doubled = np.minimum(1, 2 * oracle.pvalue)
    better = np.array(value[1:]) > value[0]
    assert gaps.p_value[better] == pytest.approx(doubled[better], abs=0.01)


@settings(max_examples=150)
@given(
    st.lists(
        st.integers(5, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=2, max_size=7,
    )
)  # fmt: skip
def test_interval_and_p_value_never_disagree(counts: list[tuple[int, int]]) -> None:
    values = shares([hits for hits, _ in counts], [n for _, n in counts])
    known = everybody(values)
    best = int(np.argmax(values.value))
    pairs = [(g, h) for g in range(len(counts)) if g != best
             for h in list_rivals(values, g, known, lower_is_worse=True) or [best]]  # fmt: skip
    gaps = compute_gaps(values, pairs, known, lower_is_worse=True)
    assert np.array_equal(gaps.p_value < 0.05, gaps.low > 0)
    defined = ~np.isnan(gaps.ratio)
    assert np.array_equal((gaps.p_value < 0.05)[defined], (gaps.ratio_high < 1)[defined])
    p_value = compute_worst_pair_p([values])
    low, _ = compute_worst_pair_interval([values], "difference")
    assert low > 0 or p_value >= 0.05  # the pairs' own tests may be less sure


@pytest.mark.simulation
@pytest.mark.parametrize(("groups", "n"), [(2, 400), (5, 200), (10, 400)])
@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_the_gap_to_the_best_off_is_covered(groups: int, n: int, spread: float) -> None:
    draw = np.random.default_rng([groups, n])
    truth = np.linspace(0.4 - spread, 0.4 + spread, groups)
    held, seen, rounds = 0, 0, repeat(200, part=80)
    for _ in range(rounds):
        values = shares(list(draw.binomial(n, truth)), [n] * groups)
        best = int(np.argmax(values.value))
        pairs = [(g, best) for g in range(groups) if g != best]
        gaps = compute_gaps(values, pairs, everybody(values), lower_is_worse=True)
        true = truth.max() - truth[[g for g, _ in pairs]]
        ratio = truth[[g for g, _ in pairs]] / truth.max()
        both = (gaps.low <= true + 1e-12) & (true <= gaps.high + 1e-12)
        both &= (gaps.ratio_low <= ratio + 1e-12) & (ratio <= gaps.ratio_high + 1e-12)
        held, seen = held + int(both.sum()), seen + len(pairs)
    # Four standard errors under 95%, of rounds, which share their yardstick.
    assert held / seen > 0.95 - 4 * np.sqrt(0.05 * 0.95 / rounds)


def test_a_small_group_does_not_hide_what_is_sure_beside_a_large_one() -> None:
    values = shares([500, 700, 25], [1000, 1000, 31])
    assert list_rivals(values, 0, everybody(values), lower_is_worse=True) == [2, 1]
    gaps = compute_gaps(values, [(0, 2), (0, 1)], everybody(values), lower_is_worse=True)
    assert gaps.p_value[1] < 1e-10 < gaps.p_value[0]


def test_groups_that_are_no_comparators_change_nothing() -> None:
    few = shares([300, 420, 390], [1000, 1000, 900])
    many = shares([300, 420, 390, 9, 0, 20], [1000, 1000, 900, 9, 12, 25])
    known = np.array([True, True, True, False, False, False])
    one = compute_gaps(few, [(0, 1), (2, 1)], everybody(few), lower_is_worse=True)
    two = compute_gaps(many, [(0, 1), (2, 1)], known, lower_is_worse=True)
    for part in ("value", "low", "high", "ratio", "ratio_low", "ratio_high", "p_value"):
        assert np.array_equal(getattr(one, part), getattr(two, part)), part


@pytest.mark.parametrize(
    "values",
    [
        shares([14, 590, 1626], [15, 847, 2403]),
        shares([29, 100, 90], [29, 1000, 1000]),
        means([9.0, 1.0, 0.9], 1.0, [15, 800, 900]),
    ],
)
def test_of_a_group_that_is_better_off_nothing_is_sure(values: Values) -> None:
    """One too small to be anybody's yardstick may do better than all that are: it is not worse
    off, p says no more, and so does the interval."""
    judged = np.array([False, True, True])
    gaps = compute_gaps(values, [(0, 1)], judged, lower_is_worse=True)
    assert gaps.value[0] < 0
    assert gaps.p_value[0] == pytest.approx(1.0)
    assert gaps.low[0] < 0 <= gaps.high[0]
    if values.method == "wilson_midp":
        assert gaps.ratio_low[0] <= 1 < gaps.ratio_high[0]


def test_where_more_is_worse_the_gap_goes_the_other_way() -> None:
    values = means([5.0, 3.0, 4.0], 2.0, [400, 400, 400])
    assert list_rivals(values, 0, everybody(values), lower_is_worse=False)[0] == 1
    gaps = compute_gaps(values, [(0, 1)], everybody(values), lower_is_worse=False)
    assert gaps.value[0] == pytest.approx(2.0)
    assert 0 < gaps.low[0] < 2.0 < gaps.high[0]
    assert np.isnan(gaps.ratio[0])


def test_the_inverted_interval_reaches_zero_where_it_says() -> None:
    values = shares([300, 360, 2], [1000, 1000, 40])
    group, other = np.array([0, 2]), np.array([1, 1])
    z = find_z(values, group, other)
    for place in range(2):
        ends = [
            compute_share_limits(values.value[[k]], values.effective[[k]], z[place])
            for k in (other[place], group[place])
        ]
        low, _ = compute_difference(values.value[[other[place]]], ends[0],
                                    values.value[[group[place]]], ends[1])  # fmt: skip
        assert low[0] == pytest.approx(0.0, abs=1e-9)


def test_summaries_name_whom_they_leave_out(count: Callable[..., Cube]) -> None:
    groups = {"a": (400, 1000), "b": (300, 1000), "c": (0, 8)}
    frame = pd.DataFrame(
        [
            {"y_true": 1, "y_pred": int(k < hits), "y_score": 0.7 if k < hits else 0.3, "sex": sex}
            for sex, (hits, rows) in groups.items()
            for k in range(rows)
        ]
    )
    frame = frame.assign(row=frame.index.astype(str)).astype({"y_true": "int32", "y_pred": "int32"})
    view = compute_view(count(frame, attributes=("sex",)), ("sex",))
    found = {item.name: result for item, result in compute_disparities(view, 30)}
    parity = found["demographic_parity_difference"]
    assert parity.value == pytest.approx(0.1)
    assert [view.labels[place] for place in parity.left_out] == ["c"]
    assert parity.p_value < 0.001 < parity.low
    assert set(found) <= {item.name for item in DISPARITIES}
