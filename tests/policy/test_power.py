"""The rows that are said to be needed would do."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.cube.intervals.intervals import (
    compute_ratio,
    compute_share_interval,
    compute_two_share_p,
)
from audits.policy.judging.judge import compute_verdicts
from audits.policy.judging.power import compute_rows_needed, compute_z
from audits.policy.policy import Rule
from audits.policy.rule import Policy


@pytest.mark.parametrize(("share", "other"), [(0.3, 0.4), (0.05, 0.1), (0.7, 0.5)])
def test_that_many_rows_find_the_difference_four_times_in_five(share: float, other: float) -> None:
    rows = 40
    hits = np.array([share, other]) * rows
    p_value = compute_two_share_p(hits[0], rows, hits[1], rows)
    pooled = (share + other) / 2
    z = abs(share - other) / np.sqrt(2 * pooled * (1 - pooled) / rows)
    needed = compute_rows_needed(rows, z, 0.05)
    assert p_value > 0.05
    draw = np.random.default_rng(0)
    one, two = draw.binomial(needed, share, 3000), draw.binomial(needed, other, 3000)
    found = np.mean(
        [compute_two_share_p(a, needed, b, needed) < 0.05 for a, b in zip(one, two, strict=True)]
    )
    assert 0.76 < found < 0.86


def test_a_stricter_test_takes_more_rows() -> None:
    z = compute_z(0.2)
    assert z == pytest.approx(stats.norm.isf(0.1))
    few, many = compute_rows_needed(100, z, 0.05), compute_rows_needed(100, z, 0.005)
    assert 100 < few < many


def test_nothing_seen_is_nothing_to_find() -> None:
    assert compute_rows_needed(50, compute_z(1.0), 0.05) is None


def test_rounded_up_to_two_digits() -> None:
    needed = compute_rows_needed(1000, 1.0, 0.05)
    assert needed == 7900


def judge_ratio(share: float, rows: int, other: float, others: int) -> str:
    """Return what the policy says of a ratio of selection rates."""
    one, two = (np.array([x]) for x in (share, other))
    size, other_size = np.array([float(rows)]), np.array([float(others)])
    low, high = compute_ratio(one, compute_share_interval(one, size),
                              two, compute_share_interval(two, other_size))  # fmt: skip
    ratio = Measurement(
        id="selection_rate_ratio[sex=F|M]", check="c", metric="selection_rate_ratio",
        attribute="sex", group="F", reference_group="M", unit="ratio", direction="closer_to_one",
        p_value=compute_two_share_p(share * rows, rows, other * others, others),
        estimate=Estimate(value=share / other, low=float(low[0]), high=float(high[0]),
                          n=rows + others, method="m", confidence=0.95),
    )  # fmt: skip
    counts = [
        Measurement(id=f"count[sex={name}]", check="c", metric="count", attribute="sex", group=name,
                    unit="count", direction="none", estimate=Estimate.exact(n, n))
        for name, n in (("F", rows), ("M", others))
    ]  # fmt: skip
    rule = Rule(name="r", title="t", metric="selection_rate_ratio", fail_below=0.8)
    policy = Policy(name="p", title="t", rules=(rule,))
    return compute_verdicts(policy, (ratio, *counts))[0].reason


@pytest.mark.parametrize(
    ("share", "rows", "other", "others"),
    [(0.05, 40, 0.1, 200), (0.02, 100, 0.04, 1000), (0.3, 40, 0.4, 40), (0.25, 12, 0.5, 200)],
)
def test_rare_selection_does_not_ask_for_several_times_the_rows(
    share: float, rows: int, other: float, others: int
) -> None:
    found = re.search(r"About ([\d,]+) rows of F", judge_ratio(share, rows, other, others))
    assert found is not None
    needed = int(found[1].replace(",", ""))
    alike = round(needed * others / rows)
    draw = np.random.default_rng(0)
    pairs = zip(draw.binomial(needed, share, 2000), draw.binomial(alike, other, 2000), strict=True)
    power = np.mean([compute_two_share_p(a, needed, b, alike) < 0.05 for a, b in pairs])
    assert 0.75 < power < 0.9


def test_nobody_selected_yet_is_counted_by_the_test() -> None:
    assert "rows of F would be needed" in judge_ratio(0.0, 12, 0.2, 60)
