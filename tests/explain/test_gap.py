"""A gap attributed to columns: adds up, equals brute force, covers, and follows weights."""

import numpy as np
import pytest

from audits.explain.groups.gap import compute_gap_shares, compute_pair_steps, draw_evenly
from audits.explain.sampled.blend import MatrixBlender
from audits.models.adapters.adapter import Encoded
from tests.explain.brute_force import shapley


def decide(matrix):
    return (matrix[:, 0] + matrix[:, 1] * matrix[:, 2] > 0.5).astype(float)


def people(generator, n, shift):
    rows = generator.normal(size=(n, 4))
    rows[:, 0] += shift
    return rows


def decompose(mine, theirs, pairs, seed=0, weights=None, gap=None):
    generator = np.random.default_rng(seed)
    ones = (np.ones(len(mine)), np.ones(len(theirs)))
    both = Encoded(np.concatenate([mine, theirs]), np.arange(mine.shape[1]))
    blender = MatrixBlender(decide, lambda scores, rows: scores, both, both, mine.shape[1])
    rows = draw_evenly((weights or ones)[0], pairs, generator)
    others = draw_evenly((weights or ones)[1], pairs, generator) + len(mine)
    steps = compute_pair_steps(blender, rows, others, generator)
    if gap is None:
        gap = decide(mine).mean() - decide(theirs).mean()
    return compute_gap_shares(steps, rows, others, gap)


def exact_shares(mine, theirs):
    """The Shapley values of the gap by definition, averaged over every pair of people."""

    def value(mask):
        total = 0.0
        for person in mine:
            mixed = theirs.copy()
            mixed[:, mask] = person[mask]
            total += decide(mixed).mean()
        return total / len(mine)

    return shapley(value, mine.shape[1])


def test_shares_equal_brute_force_and_add_up():
    generator = np.random.default_rng(0)
    mine, theirs = people(generator, 30, 0.8), people(generator, 20, 0.0)
    found = decompose(mine, theirs, pairs=60_000)
    np.testing.assert_allclose(found.shares, exact_shares(mine, theirs), atol=0.01)
    assert found.shares.sum() == pytest.approx(found.gap, abs=1e-12)
    assert found.paired_gap == pytest.approx(found.gap, abs=1e-9)  # everybody is used equally
    assert (found.rows, found.reference_rows) == (30, 20)
    assert found.shares[3] == pytest.approx(0, abs=1e-12)  # the model does not look at it
    assert found.p_values[3] == 1.0


def test_the_gap_on_all_rows_is_met_when_only_some_are_paired():
    generator = np.random.default_rng(1)
    mine, theirs = people(generator, 400, 0.8), people(generator, 300, 0.0)
    whole = decide(mine).mean() - decide(theirs).mean()
    found = decompose(mine[:50], theirs[:50], pairs=200, gap=whole)
    assert found.paired_gap != pytest.approx(whole, abs=1e-6)
    assert found.shares.sum() == pytest.approx(whole, abs=1e-12)


def test_intervals_cover_what_the_population_would_give():
    """People are a sample: the interval is to hold for the groups they come from."""
    generator = np.random.default_rng(2)
    truth = decompose(
        people(generator, 20_000, 0.8), people(generator, 20_000, 0.0), pairs=60_000
    ).shares
    inside = []
    for seed in range(150):
        drawn = np.random.default_rng(seed + 100)
        mine, theirs = people(drawn, 60, 0.8), people(drawn, 90, 0.0)
        found = decompose(mine, theirs, pairs=600, seed=seed)
        inside.append((found.low <= truth) & (truth <= found.high))
    # 150 trials of 95% have a standard error of under 2 points; column 3 is exactly 0.
    assert np.mean(inside, axis=0)[:3].min() > 0.90


def test_groups_that_are_alike_are_seldom_told_apart():
    """Without a difference at most 5% of the columns' tests reject, within the simulation."""
    rejected = []
    for seed in range(150):
        drawn = np.random.default_rng(seed)
        mine, theirs = people(drawn, 80, 0.0), people(drawn, 80, 0.0)
        found = decompose(mine, theirs, pairs=400, seed=seed)
        rejected.append(found.p_values[:3] < 0.05)
    assert np.mean(rejected, axis=0).max() < 0.09


def test_weights_decide_how_often_a_person_is_paired():
    generator = np.random.default_rng(3)
    drawn = draw_evenly(np.array([1.0, 2.0, 0.0, 5.0]), 80, generator)
    assert np.bincount(drawn, minlength=4).tolist() == [10, 20, 0, 50]
    mine, theirs = people(generator, 12, 0.8), people(generator, 8, 0.0)
    twice = decompose(np.concatenate([mine, mine[:6]]), theirs, pairs=36_000)
    weights = (np.where(np.arange(12) < 6, 2.0, 1.0), np.ones(8))
    weighted = decompose(mine, theirs, pairs=36_000, weights=weights, gap=twice.gap)
    np.testing.assert_allclose(weighted.shares, twice.shares, atol=0.015)
