"""An interval and its p-value never contradict each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from audits.cube.conditional import Strata, compute_conditional_difference
from audits.cube.distances import DISTANCES, compute_distance
from audits.cube.intervals.agree import reconcile
from audits.diagnostics.proxies import compute_separation
from audits.explain.groups.importance import PartSums, compute_part_differences
from audits.recourse.burden.burden import compare_shares
from audits.recourse.burden.costs import compute_costlier
from tests.simulated.populations import make_scored, view_scored

numbers = st.floats(-3, 3)


@settings(max_examples=200)
@given(numbers, st.floats(0, 2), st.floats(0, 2), st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0]))
def test_what_is_reconciled_agrees(
    value: float, below: float, above: float, p_value: float, neutral: float
) -> None:
    ends = np.array(value - below), np.array(value + above)
    (low, high), p = reconcile(np.array(value), ends, np.array(p_value), neutral)
    assert (low <= neutral <= high) == (p >= 0.05)
    assert low <= value <= high
    assert low <= ends[0]
    assert high >= ends[1]
    assert p >= p_value


def test_what_agrees_already_is_left_alone() -> None:
    ends = np.array([0.1, -0.1]), np.array([0.3, 0.3])
    found, p_values = reconcile(np.array([0.2, 0.1]), ends, np.array([0.001, 0.4]))
    assert np.array_equal(found[0], ends[0])
    assert np.array_equal(found[1], ends[1])
    assert p_values.tolist() == [0.001, 0.4]


def test_without_a_test_nothing_changes() -> None:
    found, p = reconcile(np.array(0.2), (np.array(0.1), np.array(0.3)), np.array(np.nan))
    assert (float(found[0]), float(found[1])) == (0.1, 0.3)
    assert np.isnan(p)


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(8, 60), st.integers(8, 60), st.floats(0, 1))
def test_every_kind_agrees(seed: int, n: int, other: int, shift: float) -> None:
    draw = np.random.default_rng(seed)
    found = []
    hits, ref_hits = int(draw.binomial(n, 0.3 + 0.4 * shift)), int(draw.binomial(other, 0.4))
    gap = compare_shares(hits, n, ref_hits, other)
    found.append((gap.difference.low, gap.difference.high, 0.0, gap.p_value))
    if ref_hits:
        found.append((gap.ratio.low, gap.ratio.high, 1.0, gap.p_value))
    costlier, p_value = compute_costlier(draw.normal(shift, 1, n), draw.normal(0, 1, other))
    found.append((costlier.low, costlier.high, 0.5, p_value))
    inside = np.arange(n + other) < n
    told = compute_separation(draw.normal(shift * inside, 1), inside, two_sided=True)
    found.append((told.low, told.high, 0.5, told.p_value))
    sums = PartSums(2, 1, signed=True)
    sums.add(draw.normal(shift * inside, 1)[:, None], np.where(inside, 0, 1))
    parts = compute_part_differences(sums.compute_means(), 1)
    found.append((parts.low[0, 0], parts.high[0, 0], 0.0, parts.p_values[0, 0]))
    rows = np.full((2, 3), float(n))
    strata = Strata(draw.binomial(n, 0.3 + 0.2 * shift * np.array([[1], [0]]), (2, 3)) * 1.0, rows,
                    rows)  # fmt: skip
    values, p_values = compute_conditional_difference(strata, 1)
    found.append((values.low[0], values.high[0], 0.0, p_values[0]))
    for low, high, neutral, p in found:
        if np.isfinite(p):
            assert (low <= neutral <= high) == (p >= 0.05)


@pytest.mark.parametrize("shape", [(2, 3), (2.4, 3), (3, 2)])
def test_the_height_between_scores_agrees_with_its_test(shape: tuple[float, float]) -> None:
    draw = np.random.default_rng(0)
    scored = make_scored(shape=(2, 3)), make_scored(shape=shape)
    for _ in range(60):
        counts = [draw.multinomial(150, one.chance.ravel()).reshape(-1, 2) for one in scored]
        view = view_scored(np.array(counts, dtype=float), scored[0])
        values, p_values = compute_distance(DISTANCES[0], view, 1, draw)
        assert (values.low[0] == 0) == (p_values[0] >= 0.05)
