"""Importance tables against hand counts."""

import numpy as np
import pandas as pd
import pytest

from audits.core.attribution import Attribution
from audits.explain.importance import (
    select_row,
    tabulate_group_importance,
    tabulate_importance,
)


def attribution(values, features=("age", "größe")):
    values = np.asarray(values, dtype=float)
    base = np.full(len(values), 0.5)
    return Attribution(
        values, features, base, base + values.sum(axis=1), "margin", "by hand", True, 0.0, 0, "cpu"
    )


def test_importance_by_hand():
    table = tabulate_importance(attribution([[1, -4], [-3, 2], [2, 0]]))
    assert table["feature"].tolist() == ["age", "größe"]  # a tie keeps the columns' order
    assert table["mean_abs"].tolist() == [2.0, 2.0]
    half = 1.959963984540054 / np.sqrt(3)  # age: |values| 1, 3, 2 have deviation 1
    assert table["low"][0] == pytest.approx(2 - half)
    assert table["high"][0] == pytest.approx(2 + half)
    assert table["low"][1] == 0  # deviation 2: cut at zero
    assert table["high"][1] == pytest.approx(2 + 2 * half)


def test_the_most_important_comes_first():
    table = tabulate_importance(attribution([[0.1, -4], [0.2, 2]]))
    assert table["feature"].tolist() == ["größe", "age"]


def test_one_row_has_no_interval():
    table = tabulate_importance(attribution([[1, -4]]))
    assert table["mean_abs"].tolist() == [4.0, 1.0]
    assert table[["low", "high"]].isna().all(axis=None)


def test_the_interval_covers_the_true_mean():
    generator = np.random.default_rng(0)
    truth = np.sqrt(2 / np.pi)  # mean of |N(0, 1)|
    hits = 0
    for _ in range(400):
        table = tabulate_importance(attribution(generator.normal(size=(200, 1)), ("x",)))
        hits += bool(table["low"][0] <= truth <= table["high"][0])
    assert 0.92 <= hits / 400 <= 0.98


def test_groups_by_hand():
    groups = pd.Series(["b", None, "a", "b"], index=[7, 7, 1, 0])
    table = tabulate_group_importance(attribution([[1, 2], [5, 0], [3, 3], [-2, 4]]), groups)
    assert table.columns.tolist() == ["group", "feature", "mean_abs", "mean", "low", "high", "n"]
    assert table["group"].tolist() == ["(missing)"] * 2 + ["a"] * 2 + ["b"] * 2
    of_b = table[table["group"] == "b"].reset_index(drop=True)
    assert of_b["mean_abs"].tolist() == [1.5, 3.0]
    assert of_b["mean"].tolist() == [-0.5, 3.0]
    assert of_b["n"].tolist() == [2, 2]
    assert table[table["group"] == "a"]["low"].isna().all()


def test_numeric_and_categorical_groups_are_named_by_their_text():
    values = attribution([[1, 2], [5, 0]])
    for groups in (pd.Series([2, 1]), pd.Series([2, 1], dtype="category")):
        assert tabulate_group_importance(values, groups)["group"].unique().tolist() == ["1", "2"]


def test_groups_must_match_the_rows():
    with pytest.raises(ValueError, match="1 groups for 2 rows"):
        tabulate_group_importance(attribution([[1, 2], [5, 0]]), pd.Series(["a"]))


def test_a_row_lists_its_strongest_feature_first():
    row = select_row(attribution([[1, 2], [1, -5]]), 1)
    assert row.shares == (("größe", -5.0), ("age", 1.0))
    assert (row.base, row.output, row.space) == (0.5, -3.5, "margin")
    with pytest.raises(IndexError):
        select_row(attribution([[1, 2]]), 1)
