"""Coverage of the intervals, added up exactly over every possible outcome rather than simulated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from audits.cube.intervals.intervals import (
    compute_difference,
    compute_ratio,
    compute_share_interval,
    compute_wilson,
)

ROWS = (5, 6, 7, 8, 10, 12, 14, 17, 20, 25, 30, 40, 60, 100, 200, 500, 1000, 3000, 10_000)
CORNERS = np.concatenate([np.geomspace(0.001, 0.5, 150), 1 - np.geomspace(0.001, 0.5, 150)])
EVEN = np.linspace(0.001, 0.999, 250)


def cover(interval, n: int, shares: np.ndarray) -> np.ndarray:
    """Return the probability, at each true share, that the interval of n rows holds it."""
    hits = np.arange(n + 1.0)
    low, high = interval(hits / n, np.full(n + 1, float(n)))
    inside = (low <= shares[:, None]) & (shares[:, None] <= high)
    return (stats.binom.pmf(hits, n, shares[:, None]) * inside).sum(axis=1)


def test_shares_are_covered_in_every_corner() -> None:
    corners = np.array([cover(compute_share_interval, n, CORNERS) for n in ROWS])
    even = np.array([cover(compute_share_interval, n, EVEN) for n in ROWS])
    assert 0.94 < corners.mean() < 0.975
    assert 0.94 < even.mean() < 0.975
    assert min(corners.min(), even.min()) >= 0.92


def test_wilson_alone_would_not_do() -> None:
    """The reason for choosing by the corner."""
    assert min(cover(compute_wilson, n, CORNERS).min() for n in ROWS) < 0.85


@pytest.mark.parametrize(("n", "other_n"), [(10, 10), (10, 100), (30, 30), (30, 300), (100, 400)])
@pytest.mark.parametrize("kind", ["difference", "ratio"])
def test_comparisons_of_two_groups_are_covered(n: int, other_n: int, kind: str) -> None:
    compute = compute_difference if kind == "difference" else compute_ratio
    hits, other_hits = np.arange(n + 1.0), np.arange(other_n + 1.0)
    if kind == "ratio":
        other_hits = other_hits[1:]  # nobody selected in the reference: there is no ratio
    low, high = compute_share_interval(hits / n, np.full_like(hits, n))
    other = compute_share_interval(other_hits / other_n, np.full_like(other_hits, other_n))
    low, high = compute(
        (hits / n)[:, None], (low[:, None], high[:, None]), (other_hits / other_n)[None], other
    )
    found = []
    for share in (0.05, 0.2, 0.5, 0.8, 0.95):
        for other_share in (0.05, 0.2, 0.5, 0.8, 0.95):
            truth = share - other_share if kind == "difference" else share / other_share
            chance = np.outer(
                stats.binom.pmf(hits, n, share), stats.binom.pmf(other_hits, other_n, other_share)
            )
            found.append((chance * ((low <= truth) & (truth <= high))).sum() / chance.sum())
    assert 0.945 < np.mean(found) < 0.98
    assert min(found) > 0.92


def test_the_exact_limits_equal_scipys() -> None:
    for hits, n in [(0, 5), (1, 6), (3, 7), (7, 7)]:
        expected = stats.binomtest(hits, n).proportion_ci(method="exact")
        low, high = compute_share_interval(np.array([hits / n]), np.array([float(n)]))
        assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_the_mid_p_limits_are_the_roots_of_their_definition() -> None:
    n, hits = 50, 3
    low, high = compute_share_interval(np.array([hits / n]), np.array([float(n)]))
    wilson_low, wilson_high = compute_wilson(np.array([hits / n]), np.array([float(n)]))
    above = stats.binom.sf(hits, n, low[0]) + 0.5 * stats.binom.pmf(hits, n, low[0])
    assert low[0] < wilson_low[0]
    assert above == pytest.approx(0.025, abs=1e-9)
    assert high[0] >= wilson_high[0]
