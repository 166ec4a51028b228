"""The search finds what was planted, measures it honestly, and is silent where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from audits.cube.intervals.intervals import (
    compute_share_interval,
    compute_two_share_p,
    compute_wilson,
)
from audits.slices.cuts import Cut, cut_texts
from audits.slices.find import MAX_SHARED, Found, estimate_difference, find_slices
from audits.slices.rows import CutRows
from audits.slices.search import CELL_ROWS, COMBINATION_ROWS, find_rows, search_slices
from audits.slices.sums import Summed
from audits.slices.targets import Target, build_targets

COLUMNS, LEVELS = 6, 4


def make_rows(draw: np.random.Generator, n: int, columns: int = COLUMNS) -> CutRows:
    counts = {f"v{i}": 10 - i for i in range(LEVELS)}
    cuts = tuple(cut_texts(f"c{i}", counts) for i in range(columns))
    return CutRows(cuts, draw.integers(0, LEVELS, (columns, n)).astype(np.uint8))


def accuracy(right: np.ndarray) -> Target:
    return Target("accuracy_difference", "points", right.astype(np.float64), -1)


def find(rows: CutRows, *targets: Target, seed: int = 0, **options) -> Found:
    settings = {"conditions": 3, "least": 50, "answers": 10} | options
    weights = settings.pop("weights", None)
    return find_slices(rows, targets, weights, np.random.default_rng(seed), **settings)


def planted(seed: int, n: int, where: dict[int, int], wrong: float = 0.5):
    draw = np.random.default_rng(seed)
    rows = make_rows(draw, n)
    inside = np.all([rows.codes[c] == level for c, level in where.items()], axis=0)
    return rows, accuracy(draw.random(n) >= np.where(inside, wrong, 0.1)), inside


def test_cells_are_counted_as_by_hand() -> None:
    cuts = (cut_texts("a", {"x": 2, "y": 2}), cut_texts("b", {"p": 3, "q": 1}))
    a, b = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 0])
    summed = Summed(np.array([1.0, 2.0, 3.0, 5.0]), np.array([1.0, 1.0, 2.0, 1.0]), shares=False)
    sums = summed.count_cells(a * cuts[1].levels + b, [cut.member for cut in cuts])
    assert sums.count[:2, :2].tolist() == [[1, 1], [2, 0]]
    assert sums.count[-1].tolist() == [3, 1, 0, 4]  # b alone: p, q, missing, whatever
    assert sums.weight[1, 0] == 3
    assert sums.weight_squared[1, 0] == 5
    assert sums.total[1, 0] == 11
    assert sums.square[1, 0] == 2 * 9 + 25
    assert sums.mean[1, 0] == pytest.approx(11 / 3)
    assert sums.effective[1, 0] == pytest.approx(9 / 5)
    chosen = summed.count_rows(a == 1)
    assert float(chosen.total) == 11


def test_a_difference_is_measured_as_by_hand() -> None:
    right = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 20, 90, 10])
    inside = np.arange(150) < 50
    found = estimate_difference(accuracy(right), None, inside, (1, 1))
    assert found is not None
    assert found.worse
    assert found.estimate.value == pytest.approx(0.6 - 0.9)
    assert found.p_value == compute_two_share_p(30, 50, 90, 100)
    # Newcombe 1998, method 10, worked from Wilson's 46.2% to 72.4% and 82.6% to 94.5%
    assert (found.estimate.low, found.estimate.high) == pytest.approx((-0.445, -0.155), abs=0.001)
    assert estimate_difference(accuracy(right), None, np.arange(150) < 1, (1, 1)) is None


def test_a_share_near_one_has_the_wider_interval_of_the_cube() -> None:
    right = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 20, 98, 2])
    found = estimate_difference(accuracy(right), None, np.arange(150) < 50, (1, 1))
    assert found is not None
    assert found.estimate.method == "mover_wilson_midp"
    reached, wilson = (
        float(interval(np.array([0.98]), np.array([100.0]))[1][0])
        for interval in (compute_share_interval, compute_wilson)
    )
    low = compute_wilson(np.array([0.6]), np.array([50.0]))[0][0]
    assert reached > wilson
    assert found.estimate.low == pytest.approx(-0.38 - np.hypot(0.6 - low, reached - 0.98))


@pytest.mark.parametrize("where", [{1: 2}, {0: 1, 3: 2}, {0: 1, 2: 0, 5: 3}], ids=len)
def test_a_planted_slice_is_found_first_and_alone(where: dict[int, int]) -> None:
    for seed in range(5):
        rows, target, inside = planted(seed, 20_000, where)
        found = find(rows, target, seed=seed)
        first = found.slices[0]
        assert first.conditions == tuple(f"c{c} = v{level}" for c, level in where.items())
        assert first.count == inside.sum()
        assert first.share == pytest.approx(inside.mean())
        assert first.p_adjusted < 1e-6
        assert len(found.slices) == 1  # parts of it, and what it is a part of, are echoes


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """The effect is -0.4 exactly; 36 or more of 40 is what 95% gives with a chance of 95%."""
    held = 0
    for seed in range(40):
        rows, target, _ = planted(100 + seed, 6_000, {0: 1, 3: 2})
        estimate = find(rows, target, seed=seed).slices[0].estimate
        held += estimate.low <= -0.4 <= estimate.high
    assert held >= 36


def test_nothing_planted_is_listed_no_more_often_than_stated() -> None:
    """5% of runs at most; 6 or more of 40 would come by chance in 1 of 70 at that ceiling."""
    listed = 0
    for seed in range(40):
        draw = np.random.default_rng(1000 + seed)
        rows = make_rows(draw, 2_000)
        score = draw.random(2_000)
        outcome = (draw.random(2_000) < score).astype(float)
        targets = build_targets(
            "binary", {"y_true": outcome, "y_pred": (score > 0.5).astype(int), "y_score": score}
        )
        listed += bool(find(rows, *targets, seed=seed).slices)
    assert listed < 6


def test_no_two_listed_slices_are_near_duplicates() -> None:
    draw = np.random.default_rng(3)
    rows = make_rows(draw, 20_000)
    twins = CutRows(
        (*rows.cuts, *(cut_texts(f"twin{i}", {f"v{k}": 10 - k for k in range(4)}) for i in (0, 1))),
        np.vstack([rows.codes, rows.codes[:2]]),
    )
    worse = (rows.codes[0] == 1).astype(float) * 0.3 + (rows.codes[1] == 2) * 0.25
    found = find(twins, accuracy(draw.random(20_000) >= 0.1 + worse))
    masks = []
    for one in found.slices:
        met = np.ones(20_000, dtype=bool)
        for words in one.conditions:
            cut = next(i for i, c in enumerate(twins.cuts) if words in c.words)
            met &= twins.cuts[cut].member[twins.cuts[cut].words.index(words)][twins.codes[cut]]
        masks.append(met)
    assert len(masks) >= 2
    for i, one in enumerate(masks):
        for other in masks[:i]:
            assert (one & other).sum() <= MAX_SHARED * (one | other).sum()


def test_worse_calibration_is_found_in_either_direction() -> None:
    draw = np.random.default_rng(5)
    rows = make_rows(draw, 20_000)
    score = draw.uniform(0.3, 0.7, 20_000)
    off = 0.2 * (rows.codes[0] == 1) - 0.2 * (rows.codes[1] == 2)
    outcome = (draw.random(20_000) < score + off).astype(float)
    targets = build_targets(
        "binary", {"y_true": outcome, "y_pred": np.zeros(20_000, dtype=int), "y_score": score}
    )
    gaps = [
        one for one in find(rows, *targets).slices
        if one.target.metric == "miscalibration_difference"
    ]  # fmt: skip
    assert {"c0 = v1", "c1 = v2"} <= {words for one in gaps for words in one.conditions}
    assert all(one.estimate.value > 0 for one in gaps)


def test_weights_are_respected() -> None:
    rows, target, inside = planted(9, 20_000, {0: 1, 3: 2})
    wrong = target.values == 0
    ignored = np.where(inside & wrong, 0.0, 1.0)  # without their weight, nothing is worse
    assert all(
        one.conditions != ("c0 = v1", "c3 = v2")
        for one in find(rows, target, weights=ignored).slices
    )
    doubled = find(rows, target, weights=np.full(20_000, 2.0)).slices[0]
    single = find(rows, target).slices[0]
    assert doubled.estimate.low == pytest.approx(single.estimate.low)
    assert doubled.p_adjusted == pytest.approx(single.p_adjusted)


def test_rows_without_an_outcome_are_left_out() -> None:
    rows, target, inside = planted(11, 20_000, {0: 1, 3: 2})
    values = np.where(np.arange(20_000) % 4 == 0, np.nan, target.values)
    found = find(rows, accuracy(values)).slices[0]
    assert found.conditions == ("c0 = v1", "c3 = v2")
    assert found.estimate.n < 8_000
    assert found.count == inside.sum()


def test_targets_that_are_all_the_same_give_nothing() -> None:
    rows = make_rows(np.random.default_rng(0), 2_000)
    assert find(rows, accuracy(np.ones(2_000))).slices == ()
    assert find(rows, accuracy(np.zeros(2_000))).slices == ()
    error = Target("mean_absolute_error_difference", "target", np.full(2_000, 3.0), 1)
    assert find(rows, error).slices == ()


def test_targets_by_task() -> None:
    names = ["accuracy_difference", "selection_rate_difference", "miscalibration_difference"]
    true, predicted = np.array([1.0, np.nan]), np.array([1, 0])
    scored = {"y_true": true, "y_pred": predicted, "y_score": np.array([0.9, 0.2])}
    targets = build_targets("binary", scored)
    assert [one.metric for one in targets] == names
    assert np.isnan(targets[0].values).tolist() == [False, True]
    assert [one.metric for one in build_targets("binary", {"y_pred": predicted})] == names[1:2]
    unknown = {"y_true": np.full(2, np.nan), "y_pred": predicted}
    assert [one.metric for one in build_targets("binary", unknown)] == names[1:2]
    words = {
        "y_true": np.array(["a", None, "b"], object),
        "y_pred": np.array(["a", "a", "c"], object),
    }
    right = build_targets("multiclass", words)[0].values
    assert right[[0, 2]].tolist() == [1.0, 0.0]
    assert np.isnan(right[1])
    numbers = {"y_true": np.array([1.0, 5.0]), "y_pred": np.array([2.0, 3.0])}
    assert build_targets("regression", numbers)[0].values.tolist() == [1.0, 2.0]


def test_a_small_budget_extends_the_most_promising_and_says_what_it_left_out() -> None:
    rows, target, _ = planted(4, 20_000, {0: 1, 2: 0, 5: 3}, wrong=0.9)
    triple, pair = (COMBINATION_ROWS + 10_000 + CELL_ROWS * 6**n for n in (3, 2))
    limited = find(rows, target, budget=8 * triple)
    pairs = 8 * triple // pair
    assert limited.left_out == (15 - pairs) + (20 - 8)
    assert limited.slices[0].conditions == ("c0 = v1", "c2 = v0", "c5 = v3")
    assert find(rows, target).left_out == 0


def test_the_order_of_levels_and_columns_does_not_matter() -> None:
    rows, target, _ = planted(2, 20_000, {0: 1, 3: 2})
    order = [3, 1, 0, 2, 5, 4]
    turned = CutRows(tuple(rows.cuts[i] for i in order), rows.codes[order])
    one, other = find(rows, target).slices[0], find(turned, target).slices[0]
    assert set(one.conditions) == set(other.conditions)
    assert one.estimate == other.estimate


def test_progress_rises_to_the_end() -> None:
    rows, target, _ = planted(2, 2_000, {0: 1})
    told: list[float] = []
    find(rows, target, target, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_candidates_cover_the_rows_that_they_name() -> None:
    rows, target, inside = planted(2, 5_000, {0: 1})
    search = search_slices(rows.cuts, rows.codes, target, None, conditions=2, least=25)
    assert np.array_equal(find_rows(rows.cuts, rows.codes, search.candidates[0]), inside)
    assert isinstance(rows.cuts[0], Cut)
