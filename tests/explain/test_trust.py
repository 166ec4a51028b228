"""Measures of trust: by hand, against scipy, and on models whose attributions are known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from audits.core.report.estimate import Estimate, Unavailable
from audits.explain.sampled.blend import FrameBlender
from audits.explain.trust.curves import choose_counts, compute_curves
from audits.explain.trust.measures import (
    choose_top,
    compute_changes,
    compute_gaps,
    compute_overlaps,
    compute_rank_correlations,
    estimate_mean,
    estimate_ratio,
    order_columns,
)
from audits.explain.trust.noise import count_decimals, count_moved, move_a_little
from audits.findings.stories.trust_limits import LIMITS, Grade

LIMIT = {limit.metric: limit for limit in LIMITS}


def test_rank_correlations_are_scipy_s_of_the_sizes():
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(50, 7)), draw.normal(size=(50, 7))
    first[:, 2] = np.round(first[:, 2])
    found = compute_rank_correlations(first, second)
    for row in range(50):
        sizes = [np.abs(one[row]) for one in (first, second)]
        kept = [np.where(one < 0.01 * one.sum(), 0, one) for one in sizes]
        assert found[row] == pytest.approx(stats.spearmanr(*kept).statistic)


def test_a_tie_within_the_error_is_no_disagreement():
    exact = np.array([[3.0, 2.0, 1.0, 0.0]])
    sampled = np.array([[3.1, 1.4, 1.6, 0.0]])
    error = np.full((1, 4), 0.7)
    assert compute_rank_correlations(exact, sampled)[0] == pytest.approx(0.8)
    assert compute_rank_correlations(exact, sampled, error)[0] == pytest.approx(1.0)
    assert compute_overlaps(exact, sampled, 2)[0] == 0.5
    assert compute_overlaps(exact, sampled, 2, error)[0] == 1.0
    far = np.array([[0.0, 1.0, 2.0, 9.0]])
    assert compute_rank_correlations(exact, far, error)[0] < 0, "an error excuses no reversal"


def test_values_that_are_mostly_error_agree_with_nothing():
    values = np.array([[3.0, 2.0, 1.0, 0.0]])
    error = np.full((1, 4), 2.0)
    assert np.isnan(compute_rank_correlations(values, values, error)[0])
    assert np.isnan(compute_overlaps(values, values, 2, error)[0])


def test_columns_that_hardly_count_do_not_rank():
    first = np.array([[10.0, 5.0, 0.01, 0.02, 0.03]])
    second = np.array([[10.0, 5.0, 0.03, 0.02, 0.01]])
    assert compute_rank_correlations(first, second)[0] == pytest.approx(1.0)


def test_what_ranks_nothing_agrees_with_nothing():
    values, flat = np.array([[3.0, 2.0, 1.0, 0.5]]), np.ones((1, 4))
    assert compute_rank_correlations(flat, values)[0] == 0.0
    assert compute_overlaps(flat, values, 2)[0] == 0.0
    assert np.isnan(compute_rank_correlations(0 * flat, 0 * flat)[0])
    assert np.isnan(compute_overlaps(0 * flat, values, 2)[0])
    assert np.isnan(compute_rank_correlations(np.ones((3, 1)), np.ones((3, 1)))).all()


def test_overlaps_by_hand():
    first = np.array([[5.0, -4.0, 3.0, 0.5, 0.2], [5.0, 0.0, 0.0, 0.0, 0.0]])
    second = np.array([[-5.0, 0.2, 3.0, 4.0, 0.1], [1.0, 3.0, 2.0, 4.0, 0.0]])
    np.testing.assert_allclose(compute_overlaps(first, second, 3), [2 / 3, 0.0])
    assert compute_overlaps(second[1:], first[1:], 2)[0] == 0.0


def test_changes_and_gaps_by_hand():
    first, second = np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[3.0, 1.0], [1.0, 0.0]])
    found = compute_changes(first, second)
    assert found[0] == pytest.approx(3 / 5)
    assert np.isnan(found[1])
    gaps = compute_gaps(first, np.array([1.0, 0.0]), np.array([8.0, 2.0]))
    np.testing.assert_allclose(gaps, [0.0, 2.0 / 3.0])
    assert np.isnan(compute_gaps(first, np.zeros(2), np.ones(2))).all()


@pytest.mark.parametrize(("columns", "top"), [(2, 1), (3, 1), (6, 3), (14, 3), (15, 5), (90, 5)])
def test_the_top_is_three_or_five_and_never_more_than_half(columns, top):
    assert choose_top(columns) == top
    counts = choose_counts(columns)
    assert {top, columns - top, 1, columns - 1} <= set(counts)
    assert len(counts) <= 12


def test_ties_are_broken_by_chance():
    places = order_columns(np.ones((400, 4)), 5, np.random.default_rng(0))
    assert sorted(places[0, 0]) == [0, 1, 2, 3]
    assert np.abs(places.mean(axis=(0, 1)) - 1.5).max() < 0.1
    ordered = order_columns(np.array([[1.0, -3.0, 2.0]]), 2, np.random.default_rng(0))
    np.testing.assert_array_equal(ordered, [[[2, 0, 1], [2, 0, 1]]])


def test_intervals_cover_and_few_rows_have_none():
    draw = np.random.default_rng(1)
    inside = []
    for _ in range(400):
        under = draw.gamma(4.0, 1.0, 80)
        over = 1.5 * under + draw.normal(0, 2.0, 80)
        ratio, mean = estimate_ratio(over, under, ""), estimate_mean(under, "")
        inside.append((ratio.low <= 1.5 <= ratio.high, mean.low <= 4.0 <= mean.high))
    assert (np.mean(inside, axis=0) > 0.92).all()
    assert (np.mean(inside, axis=0) < 0.98).all()
    assert isinstance(estimate_mean(np.ones(19), "few"), Unavailable)
    assert isinstance(estimate_ratio(np.ones(50), np.zeros(50), "still"), Unavailable)
    some = estimate_mean(np.append(np.full(30, 0.5), np.nan), "few")
    assert isinstance(some, Estimate)
    assert (some.n, some.low, some.high) == (30, 0.5, 0.5)


def make_additive(seed, columns=6, rows=200):
    """Return a blender of a known additive model, and its true Shapley values."""
    draw = np.random.default_rng(seed)
    weight = draw.normal(size=columns)

    def parts(matrix):
        return (np.sin(2 * matrix) + 0.4 * matrix**2) * weight

    mine, reference = draw.normal(size=(rows, columns)), draw.normal(size=(256, columns))
    names = [f"c{index}" for index in range(columns)]
    blender = FrameBlender(
        lambda frame: parts(frame.to_numpy(dtype=float)).sum(axis=1), lambda answer, _: answer,
        pd.DataFrame(mine, columns=names), pd.DataFrame(reference, columns=names),
    )  # fmt: skip
    return blender, parts(mine) - parts(reference).mean(axis=0), draw


def spoil(values, how, draw):
    return {
        "true": lambda: values,
        "shuffled columns": lambda: np.roll(values, 1, axis=1),
        "other rows": lambda: values[draw.permutation(len(values))],
        "random": lambda: draw.normal(size=values.shape),
        "wrong signs": lambda: -values,
        "every row alike": lambda: np.tile(np.abs(values).mean(axis=0), (len(values), 1)),
    }[how]()


def grade(blender, values, draw):
    curves = compute_curves(blender, values, 256, draw)
    top = choose_top(values.shape[1])
    measured = {
        "trust_deletion": curves.estimate_deletion(top),
        "trust_claim": curves.estimate_claim(),
        "trust_insertion": curves.estimate_insertion(top),
    }
    return {name: LIMIT[name].grade(found) for name, found in measured.items()}


def test_the_true_attribution_of_an_additive_model_moves_as_it_claims():
    blender, values, draw = make_additive(0)
    curves = compute_curves(blender, values, 256, draw)
    claim = curves.estimate_claim()
    assert claim.low < 1 < claim.high
    assert claim.high - claim.low < 0.2
    half = compute_curves(blender, 2 * values, 256, draw).estimate_claim()
    assert half.low < 0.5 < half.high
    deletion, insertion = curves.estimate_areas()
    assert deletion.low > 0 < insertion.low
    assert (curves.whole > 0).all()
    assert set(grade(blender, values, draw).values()) == {Grade.RELIABLE}


@pytest.mark.parametrize(
    "how", ["shuffled columns", "other rows", "random", "wrong signs", "every row alike"]
)
def test_a_wrong_attribution_is_not_reliable(how):
    caught = 0
    for seed in range(10):
        blender, values, draw = make_additive(seed)
        found = set(grade(blender, spoil(values, how, draw), draw).values())
        assert found != {Grade.RELIABLE}
        caught += Grade.UNRELIABLE in found
    # That columns have the same order in every row is half of the truth in some models.
    assert caught >= (6 if how == "every row alike" else 9)


def test_a_constant_attribution_is_no_better_than_chance_and_claims_nothing():
    blender, values, draw = make_additive(1)
    curves = compute_curves(blender, np.ones_like(values), 256, draw)
    deletion = curves.estimate_deletion(3)
    assert deletion.low < 1 < deletion.high
    assert isinstance(curves.estimate_claim(), Unavailable)


def test_the_true_attribution_is_seldom_doubted():
    """False alarms over seeds and numbers of columns: none is condemned, few are doubted."""
    found = []
    for columns in (2, 4, 9, 20):
        for seed in range(12):
            blender, values, draw = make_additive(seed, columns)
            found += [set(grade(blender, values, draw).values())]
    assert not any(Grade.UNRELIABLE in grades for grades in found)
    assert sum(Grade.CARE in grades for grades in found) <= 3


def test_deletion_by_hand():
    """Two columns, of which only the first moves the score."""
    frame = pd.DataFrame({"a": np.ones(30), "b": np.ones(30)})
    reference = pd.DataFrame({"a": np.zeros(5), "b": np.zeros(5)})
    blender = FrameBlender(lambda f: 2.0 * f["a"].to_numpy(), lambda a, _: a, frame, reference)
    values = np.tile([2.0, 0.0], (30, 1))
    curves = compute_curves(blender, values, 5, np.random.default_rng(0))
    np.testing.assert_allclose(curves.top, 2.0)
    np.testing.assert_allclose(curves.reverse, 0.0)
    np.testing.assert_allclose(curves.whole, 2.0)
    assert 0.8 < curves.random.mean() < 1.2
    assert 1.7 < curves.estimate_deletion(1).value < 2.4
    claim = curves.estimate_claim()
    assert (claim.value, claim.low, claim.high) == pytest.approx((1.0, 1.0, 1.0))


def test_a_model_that_never_moves_has_no_curves():
    frame = pd.DataFrame({"a": np.arange(30.0), "b": np.arange(30.0)})
    blender = FrameBlender(lambda f: np.zeros(len(f)), lambda a, _: a, frame, frame)
    curves = compute_curves(blender, np.ones((30, 2)), 30, np.random.default_rng(0))
    assert isinstance(curves.estimate_deletion(1), Unavailable)
    assert isinstance(curves.estimate_areas()[0], Unavailable)


def test_small_moves_keep_what_a_column_can_hold():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({
        "euros": draw.normal(3_000, 800, 300).round(2),
        "years": draw.integers(18, 90, 300),
        "flag": draw.integers(0, 2, 300),
        "job": draw.choice(["a", "b"], 300),
        "gone": np.where(draw.random(300) < 0.5, np.nan, draw.normal(size=300)),
        "yes": draw.random(300) < 0.5,
    })  # fmt: skip
    moved = move_a_little(frame, frame, np.random.default_rng(1))
    for name in ("flag", "job", "yes"):
        assert (moved[name] == frame[name]).all()
    assert (moved["gone"].isna() == frame["gone"].isna()).all()
    change = (moved["euros"] - frame["euros"]).std()
    assert change == pytest.approx(0.03 * frame["euros"].std(), rel=0.15)
    assert count_decimals(moved["euros"].to_numpy()) == 2
    assert (moved["years"] % 1 == 0).all()
    assert moved["years"].between(18, 90).all()
    assert 0 < (moved["years"] != frame["years"]).mean() < 1
    assert count_moved(frame, moved) == 300
    fixed = frame[["flag", "job", "yes"]]
    assert count_moved(fixed, move_a_little(fixed, fixed, np.random.default_rng(1))) == 0
