"""Moving a column to another group: ranks, shares, and what must not change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audits.recourse.burden.flips import compute_turned, match_column

DRAW = np.random.default_rng(0)


def move(values: pd.Series, ours: pd.Series, theirs: pd.Series) -> pd.Series:
    return match_column(values, ours, theirs, np.random.default_rng(1))


def test_a_number_takes_the_value_at_its_rank() -> None:
    ours = pd.Series([10.0, 20.0, 30.0, 40.0])
    theirs = pd.Series([5.0, 6.0, 7.0, 8.0])
    moved = move(pd.Series([40.0, 10.0, np.nan, 30.0]), ours, theirs)
    assert moved.tolist()[:2] == [8.0, 5.0]
    assert np.isnan(moved[2])
    assert moved[3] == 7.0


def test_only_real_values_and_the_dtype_stay() -> None:
    ours, theirs = pd.Series(DRAW.integers(18, 30, 400)), pd.Series(DRAW.integers(40, 80, 300))
    moved = move(ours, ours, theirs)
    assert moved.dtype == ours.dtype
    assert set(moved) <= set(theirs)
    assert np.corrcoef(moved, ours)[0, 1] > 0.95
    assert moved.mean() == pytest.approx(theirs.mean(), abs=1.0)


@pytest.mark.parametrize("kind", ["number", "text"])
def test_equal_groups_move_nothing(kind: str) -> None:
    values = pd.Series(DRAW.integers(0, 6, 300))
    column = values if kind == "number" else values.astype(str)
    pd.testing.assert_series_equal(move(column, column, column), column)


def test_shares_become_those_of_the_other_group_with_fewest_changes() -> None:
    ours = pd.Series(DRAW.choice(["a", "b", "c"], 20_000, p=[0.6, 0.3, 0.1]))
    theirs = pd.Series(DRAW.choice(["a", "b", "d"], 20_000, p=[0.2, 0.5, 0.3]))
    moved = move(ours, ours, theirs)
    shares, wanted = (part.value_counts(normalize=True) for part in (moved, theirs))
    assert shares.to_dict() == pytest.approx(wanted.to_dict(), abs=0.01)
    # The fewest changes that can do it: half of the sum of all gaps between the shares.
    own = ours.value_counts(normalize=True)
    apart = (own.subtract(wanted, fill_value=0)).abs().sum() / 2
    assert (moved != ours).mean() == pytest.approx(apart, abs=0.01)


@pytest.mark.parametrize("dtype", ["object", "string", "category", "bool"])
def test_a_column_that_is_the_group_becomes_the_other_group(dtype: str) -> None:
    values = [True, False] if dtype == "bool" else ["Mr", "Mrs"]
    column = pd.Series([values[0]] * 5 + [values[1]] * 7).astype(dtype)
    moved = move(column[:5], column[:5], column[5:])
    assert moved.dtype == column.dtype
    assert (moved == values[1]).all()


def test_missing_and_unknown_values_stay() -> None:
    ours, theirs = pd.Series(["a", "a", None], dtype=object), pd.Series(["b", None], dtype=object)
    moved = move(ours, ours, theirs)
    assert moved[:2].tolist() == ["b", "b"]
    assert moved.isna()[2]
    nothing = pd.Series([None, None], dtype=object)
    assert move(ours, ours, nothing).tolist()[:2] == ["a", "a"]


def test_decisions_that_turn_are_counted_by_direction() -> None:
    before, after = np.array([0.2, 0.6, 0.5, 0.9]), np.array([0.5, 0.4, 0.49, 0.9])
    assert compute_turned(before, after, 0.5) == (1, 2)
