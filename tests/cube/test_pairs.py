"""The interval of a worst pair covers, where a bootstrap does not."""

from __future__ import annotations

import numpy as np
import pytest

from audits.cube.counts.values import Values
from audits.cube.intervals.intervals import (
    compute_difference,
    compute_ratio,
    compute_share_interval,
)
from audits.cube.intervals.pairs import compute_worst_pair_interval

TIMES = 150


def seen(hits: np.ndarray, rows: np.ndarray) -> Values:
    share = hits / rows
    low, high = compute_share_interval(share, rows.astype(float))
    return Values(share, low, high, rows, rows.astype(float), "wilson_midp")


@pytest.mark.parametrize("kind", ["difference", "ratio"])
@pytest.mark.parametrize(("groups", "n"), [(2, 50), (5, 40), (5, 400), (20, 100)])
def test_it_covers(groups: int, n: int, kind: str) -> None:
    draw = np.random.default_rng(groups * n)
    rows = np.where(np.arange(groups) % 3 == 0, n, 3 * n)
    missed = 0
    truths = (np.full(groups, 0.3), np.linspace(0.25, 0.5, groups), np.where(rows == n, 0.2, 0.4))
    for share in truths:
        gap = np.ptp(share) if kind == "difference" else share.min() / share.max()
        for _ in range(TIMES):
            low, high = compute_worst_pair_interval([seen(draw.binomial(rows, share), rows)], kind)
            missed += not low <= gap + 1e-12 or not gap - 1e-12 <= high
    # 5% of 450 is 22.5, with a standard deviation of 4.6.
    assert missed <= 35


def test_two_groups_have_the_pairs_own_interval() -> None:
    rate = seen(np.array([30, 60]), np.array([100, 120]))
    interval = (rate.low[:1], rate.high[:1]), (rate.low[1:], rate.high[1:])
    low, high = compute_difference(rate.value[1:], interval[1], rate.value[:1], interval[0])
    assert compute_worst_pair_interval([rate], "difference") == pytest.approx((low[0], high[0]))
    low, high = compute_ratio(rate.value[:1], interval[0], rate.value[1:], interval[1])
    assert compute_worst_pair_interval([rate], "ratio") == pytest.approx((low[0], high[0]))


def test_many_groups_are_compared_in_blocks() -> None:
    draw = np.random.default_rng(0)
    rows = np.full(600, 50)
    rate = seen(draw.binomial(rows, 0.3), rows)
    low, high = compute_worst_pair_interval([rate], "difference")
    assert low == 0.0
    assert high > np.ptp(rate.value)


def test_a_group_without_a_rate_is_left_out() -> None:
    rate = seen(np.array([30, 60, 0]), np.array([100, 120, 1]))
    rate.value[2] = np.nan
    known = seen(np.array([30, 60]), np.array([100, 120]))
    for kind in ("difference", "ratio"):
        assert compute_worst_pair_interval([rate], kind) == pytest.approx(
            compute_worst_pair_interval([known], kind)
        )
