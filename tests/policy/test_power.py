"""The rows that are said to be needed would do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from audits.cube.intervals import compute_two_share_p
from audits.policy.power import compute_rows_needed, compute_z


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
