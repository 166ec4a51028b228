"""How well columns tell groups apart: the numbers of scikit-learn and scipy, no false alarms, and
what was planted."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from audits.diagnostics.proxies import (
    compute_proxies,
    compute_separation,
    compute_shares,
    encode_column,
    split_halves,
)


@pytest.mark.parametrize("levels", [2, 7, 10_000])
@pytest.mark.parametrize("two_sided", [True, False])
def test_auc_and_test_are_those_of_libraries(levels, two_sided):
    draw = np.random.default_rng(levels)
    inside = draw.random(600) < 0.3
    scores = np.floor(draw.random(600) * levels + inside * levels / 8)
    found = compute_separation(scores, inside, two_sided=two_sided)
    assert found.auc == pytest.approx(roc_auc_score(inside, scores))
    side = "two-sided" if two_sided else "greater"
    expected = stats.mannwhitneyu(
        scores[inside], scores[~inside], alternative=side, use_continuity=False,
        method="asymptotic",
    )  # fmt: skip
    # What was made to be higher tells nothing where it is lower; its interval has two sides.
    p_value = expected.pvalue if two_sided else min(2 * expected.pvalue, 1.0)
    assert found.p_value == pytest.approx(p_value, rel=1e-9)
    assert found.low < found.auc < found.high
    assert found.n == 600


def test_a_number_that_is_the_same_for_all_tells_nothing():
    found = compute_separation(np.ones(50), np.arange(50) < 20, two_sided=False)
    assert (found.auc, found.p_value) == (0.5, 1.0)


def test_shares_by_hand():
    inside = np.array([True, False, True, True, False, False])
    learned = np.array([True, True, True, True, False, False])
    codes = np.array([0, 0, 1, 1, 0, 2])
    shares = compute_shares(codes, inside, learned)
    overall, prior = 0.75, 10
    assert shares[4] == pytest.approx((1 + prior * overall) / (2 + prior))
    assert shares[2] == pytest.approx((2 + prior * overall) / (2 + prior))
    assert shares[5] == pytest.approx(overall)  # a level that was not learned


def test_levels_of_numbers_texts_and_missing():
    learned = np.array([True] * 4 + [False] * 2)
    numbers = encode_column(pd.Series([1.0, 5.0, np.nan, 1.0, 3.0, 99.0]), learned)
    assert numbers.tolist() == [1, 2, 0, 1, 1, 2]
    texts = encode_column(pd.Series(["b", "a", None, "b", "new", "a"]), learned)
    assert texts[0] == texts[3] != texts[1] == texts[5]
    assert texts[2] == 0
    assert texts[4] == 1
    whole = encode_column(pd.Series([1, None, 2, 2, 1, 2], dtype="Int64"), learned)
    assert whole.tolist() == [1, 0, 2, 2, 1, 2]


def make_noise(draw, n):
    return pd.DataFrame(
        {
            "number": draw.normal(size=n),
            "flag": draw.random(n) < 0.5,
            "rare": [f"street {k}" for k in draw.integers(0, n // 3, n)],
            "holes": np.where(draw.random(n) < 0.4, np.nan, draw.normal(size=n)),
        }
    )


def test_columns_of_chance_are_named_no_more_often_than_stated():
    """Texts with three rows each learn the most by heart; measured elsewhere they tell nothing."""
    p_values = []
    for seed in range(60):
        draw = np.random.default_rng(seed)
        frame, groups = make_noise(draw, 400), draw.choice(3, 400, p=[0.6, 0.25, 0.15])
        for one in compute_proxies(frame, groups, [0, 1, 2], draw):
            p_values.append([*(column.p_value for column in one.columns), one.together.p_value])
    shares = (np.array(p_values) < 0.05).mean(axis=0)
    # 180 tests a column, three of them on the same rows: 0.05 with a deviation of up to 0.028.
    assert shares.max() <= 0.12
    assert np.abs(shares - 0.05).mean() < 0.03


def test_what_is_planted_is_found_and_only_together_where_it_takes_two():
    draw = np.random.default_rng(9)
    n = 3_000
    a, b = draw.integers(0, 2, n), draw.integers(0, 2, n)
    groups = np.where(draw.random(n) < 0.9, a ^ b, draw.integers(0, 2, n))
    frame = pd.DataFrame({"a": a, "b": b, "noise": draw.normal(size=n)})
    frame["near"] = np.where(draw.random(n) < 0.8, groups, 1 - groups).astype(str)
    both = compute_proxies(frame[["a", "b", "noise"]], groups, [1], np.random.default_rng(0))[0]
    assert all(column.p_value > 0.01 for column in both.columns)
    assert both.together.auc > 0.9
    near = compute_proxies(frame, groups, [1], np.random.default_rng(0))[0].columns[3]
    assert near.low < 0.8 < near.high  # eight of ten in either group: the AUC is 0.8
    assert near.p_value < 1e-50


def test_a_missing_value_may_be_what_tells():
    draw = np.random.default_rng(2)
    groups = draw.integers(0, 2, 2_000)
    hidden = draw.random(2_000) < np.where(groups == 1, 0.5, 0.1)
    frame = pd.DataFrame({"savings": np.where(hidden, np.nan, draw.normal(size=2_000))})
    found = compute_proxies(frame, groups, [1], draw)[0]
    assert found.columns[0].low < 0.7 < found.columns[0].high
    assert found.together.auc == pytest.approx(0.7, abs=0.04)


def test_rows_without_a_group_are_left_out_and_seeds_repeat():
    draw = np.random.default_rng(4)
    frame, groups = make_noise(draw, 500), draw.integers(-1, 2, 500)
    first = compute_proxies(frame, groups, [1], np.random.default_rng(7))[0]
    again = compute_proxies(frame, groups, [1], np.random.default_rng(7))[0]
    assert first == again
    known = int((groups >= 0).sum())
    assert first.together.n == known - known // 2
    assert split_halves(5, np.random.default_rng(0)).sum() == 2
