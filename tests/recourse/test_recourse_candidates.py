from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audits.core.errors import InputError
from audits.recourse.columns import build_columns, compute_decimals, compute_spread
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.candidates import CATEGORIES, GRID, build_candidates, compute_grid


def values_of(
    frame: pd.DataFrame, rules: ActionRules | None = None, rows: pd.DataFrame | None = None
):
    columns = build_columns(frame if rows is None else rows, frame)
    found = build_candidates(columns, frame, rules or ActionRules())
    return [
        column.decode(found.value[found.column == place]).tolist()
        for place, column in enumerate(columns)
    ]


def test_few_numbers_are_all_tried_and_missing_never_is():
    frame = pd.DataFrame({"a": [3.0, np.nan, 1.0, 1.0], "b": [True, True, True, True]})
    assert values_of(frame) == [[1.0, 3.0], [True]]


def test_categories_come_by_frequency_and_are_bounded():
    texts = ["b"] * 3 + ["a"] * 2 + ["ä"] + [None]
    assert values_of(pd.DataFrame({"x": texts})) == [["b", "a", "ä"]]
    many = [f"v{i}" for i in range(100)] + ["v99"]
    found = values_of(pd.DataFrame({"x": many}))[0]
    assert len(found) == CATEGORIES
    assert found[0] == "v99"


def test_values_of_the_rows_that_the_reference_lacks_are_not_tried():
    reference = pd.DataFrame({"x": ["a", "b"], "n": [1, 2]})
    rows = pd.DataFrame({"x": ["c"], "n": [50]})
    assert values_of(reference, rows=rows) == [["a", "b"], [1, 2]]


def test_ranges_and_immutables_bound_the_candidates():
    frame = pd.DataFrame({"n": range(10), "m": range(10)})
    rules = ActionRules(immutable=frozenset({"m"}), ranges={"n": (2.5, 5.0)})
    assert values_of(frame, rules) == [[3, 4, 5], []]


def test_the_grid_holds_the_ends_and_a_thin_tail():
    values = np.r_[np.zeros(10_000), np.arange(1.0, 501.0)]
    grid = compute_grid(values)
    assert len(grid) <= GRID
    assert {grid[0], grid[-1]} == {0.0, 500.0}
    assert np.diff(grid).max() < 50
    assert set(grid) <= set(values)


def test_spread_falls_back_where_most_values_are_equal():
    assert compute_spread(np.array([1.0, 2, 3, 4, 5])) == pytest.approx(1.4826)
    assert compute_spread(np.array([0.0, 0, 0, 0, 4, 4])) == pytest.approx(3.0)  # quartiles 0, 3
    assert compute_spread(np.array([0.0] * 9 + [10])) == pytest.approx(3.0)  # sqrt(0.09) * 10
    assert compute_spread(np.array([2.0, 2])) == 0
    assert compute_spread(np.array([])) == 0


def test_decimals_are_those_observed():
    assert compute_decimals(np.array([1.0, 20]), 1) == 0
    assert compute_decimals(np.array([0.1, 2.25]), 1) == 2
    endless = np.random.default_rng(0).random(20)
    assert compute_decimals(endless, 0.3) == 4  # steps of at most 0.3 / 1000
    assert compute_decimals(endless * 1e6, 3e5) == 0


def test_a_reference_without_a_column_and_mixed_columns_are_refused():
    frame = pd.DataFrame({"age": [1]})
    with pytest.raises(InputError, match="no column 'agee'; did you mean 'age'"):
        build_columns(pd.DataFrame({"agee": [1]}), frame)
    with pytest.raises(InputError, match="category values in the reference"):
        build_columns(frame, pd.DataFrame({"age": ["x"]}))
    mixed = pd.DataFrame({"age": pd.Series([1, "x"], dtype=object)})
    with pytest.raises(InputError, match="mixed"):
        build_columns(mixed, mixed)


@pytest.mark.parametrize(
    "dtype", ["int64", "Int64", "float32", "float64", "uint8", "int64[pyarrow]"]
)
def test_numbers_keep_their_dtype(dtype):
    frame = pd.DataFrame({"n": pd.Series([1, 2, 3], dtype=dtype)})
    column = build_columns(frame, frame)[0]
    decoded = pd.Series(column.decode(np.array([2.0])))
    assert decoded.dtype == frame["n"].dtype
    assert decoded.tolist() == [2]
