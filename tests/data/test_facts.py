"""What DuckDB counts of columns, groups and rows, beside pandas."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from audits.core.settings.spec import AuditSpec
from audits.data.groups.ranges import compute_ranges, count_outside
from audits.data.opening import open_table
from audits.data.preview.facts import ColumnFacts, compute_facts
from audits.data.preview.repeats import count_shared_rows, find_repeats
from audits.data.schema import tabulate_columns
from audits.data.sql import connect
from audits.data.table import ROWS_VIEW
from audits.data.values.missing import count_missing

ROWS = 3_000


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return connect(1)


@pytest.fixture(scope="module")
def messy() -> pd.DataFrame:
    """Rows with everything that data may have."""
    draw = np.random.default_rng(5)
    number = draw.normal(50, 10, ROWS)
    number[:3] = [np.inf, -np.inf, 1e300]
    frame = pd.DataFrame(
        {
            "id": draw.permutation(ROWS) + 100_000,
            "name": [f"person {n}" for n in range(ROWS)],
            "zahl": pd.Series(number).mask(draw.random(ROWS) < 0.1),
            "größe größer": draw.choice(["klein", "groß", ""], ROWS, p=[0.5, 0.4, 0.1]),
            "amount": draw.integers(0, 10_000_000, ROWS),
            "few": draw.integers(0, 5, ROWS),
            "constant": 7,
            "empty": pd.Series([None] * ROWS, dtype="str"),
            'quo"ted': draw.choice(["a", "b"], ROWS),
            "group": draw.choice(["x", "y", "z"], ROWS, p=[0.7, 0.29, 0.01]),
        }
    )
    frame["few again"] = frame["few"].astype(float)
    frame.loc[frame["group"] == "y", "größe größer"] = None
    return frame


def describe(connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame) -> dict[str, ColumnFacts]:
    connection.register("rows", frame)
    rows, columns = tabulate_columns(connection, "rows")
    return {one.name: one for one in compute_facts(connection, "rows", rows, columns)}


def test_columns_equal_pandas(connection: duckdb.DuckDBPyConnection, messy: pd.DataFrame) -> None:
    facts = describe(connection, messy)
    assert list(facts) == list(messy.columns)
    for name, one in facts.items():
        column = messy[name]
        assert one.missing == column.isna().sum(), name
        assert one.known == ROWS - one.missing
        if one.exact:
            assert one.distinct == column.nunique(), name
        else:
            assert one.distinct == pytest.approx(column.nunique(), rel=0.1)
        if one.values is not None:
            # Texts of floats differ between the two, the counts do not.
            expected = column.value_counts().sort_values().tolist()
            assert sorted(one.values.values()) == expected, name
        if one.numbers is not None:
            finite = column[np.isfinite(column.astype(float))]
            assert one.numbers.n == len(finite)
            assert one.numbers.mean == pytest.approx(finite.mean(), rel=1e-9)
            modest = finite[finite.abs() < 1e150]
            assert one.numbers.spread == pytest.approx(modest.std(), rel=1e-6)
            assert (one.numbers.low, one.numbers.high) == (finite.min(), finite.max())


def test_ids_are_told_from_amounts(
    connection: duckdb.DuckDBPyConnection, messy: pd.DataFrame
) -> None:
    """A range so wide that nobody meets by chance tells nothing; texts and numbers that would
    have to meet do."""
    facts = describe(connection, messy)
    assert [name for name, one in facts.items() if one.unique] == ["id", "name"]
    assert [name for name, one in facts.items() if one.constant] == ["constant", "empty"]
    few = messy.head(99)  # too few rows to tell
    assert not [name for name, one in describe(connection, few).items() if one.unique]


def test_repeats_equal_pandas(connection: duckdb.DuckDBPyConnection, messy: pd.DataFrame) -> None:
    frame = pd.concat([messy, messy.iloc[:40]], ignore_index=True)
    connection.register("rows", frame)
    columns = tabulate_columns(connection, "rows")[1]
    found = find_repeats(connection, "rows", columns, columns)
    assert found.rows == frame.duplicated().sum() == 40
    assert found.columns == {"few again": "few"}
    some = [column for column in columns if column.name in ("few", "group")]
    assert find_repeats(connection, "rows", columns, some).rows == frame.duplicated(
        ["few", "group"]
    ).sum()  # fmt: skip


def test_one_different_row_makes_columns_differ(connection: duckdb.DuckDBPyConnection) -> None:
    one = pd.Series(["a", "b", None, "a"] * 50)
    swapped = one.copy()
    swapped[[0, 1]] = ["b", "a"]  # the same values as often, in other rows
    connection.register("rows", pd.DataFrame({"one": one, "same": one, "swapped": swapped}))
    columns = tabulate_columns(connection, "rows")[1]
    assert find_repeats(connection, "rows", columns, columns).columns == {"same": "one"}


def test_shared_rows_equal_a_merge(connection: duckdb.DuckDBPyConnection) -> None:
    draw = np.random.default_rng(0)
    ours, theirs = (
        pd.DataFrame({"n": draw.integers(0, 12, size), "t": draw.choice([*"abc", None], size)})
        for size in (400, 300)
    )
    theirs["n"] = theirs["n"].astype(float)  # 3 and 3.0 are the same number
    connection.register("ours", ours)
    connection.register("theirs", theirs)
    one, two = (tabulate_columns(connection, name)[1] for name in ("ours", "theirs"))
    found = count_shared_rows(connection, "ours", one, "theirs", two)
    known = {tuple(map(str, row)) for row in theirs.astype({"n": int}).to_numpy()}
    assert found.shared == sum(tuple(map(str, row)) in known for row in ours.to_numpy())
    assert found.repeated == theirs.duplicated(keep=False).sum()
    assert (found.rows, found.other_rows) == (400, 300)


def test_chance_overlap_is_foreseen(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows of the same origin meet as often as the reference's own rows do, whatever the sizes."""
    gaps = []
    for seed in range(30):
        draw = np.random.default_rng(seed)
        parts = [pd.DataFrame({"n": draw.geometric(0.02, size)}) for size in (500, 900)]
        connection.register("ours", parts[0])
        connection.register("theirs", parts[1])
        columns = [tabulate_columns(connection, name)[1] for name in ("ours", "theirs")]
        found = count_shared_rows(connection, "ours", columns[0], "theirs", columns[1])
        gaps.append(found.shared / found.rows - found.repeated / found.other_rows)
        assert found.shared > 0.9 * found.rows  # few values: nearly all are in both
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(30) + 1e-3


def test_missing_by_group_equals_pandas(messy: pd.DataFrame, tmp_path: Path) -> None:
    frame = messy.assign(decided=1)
    frame.loc[0, "decided"] = 0
    frame.loc[5:20, "group"] = None
    frame.to_parquet(tmp_path / "rows.parquet")
    spec = AuditSpec.model_validate(
        {
            "audit": {"name": "x"},
            "data": {"path": "rows.parquet", "protected": ["group", "few"]},
            "predictions": {"label": "decided", "positive": 1},
        }
    )
    table = open_table(connect(1), spec, tmp_path)
    columns = ["zahl", "größe größer", "empty", "few"]
    found = count_missing(table.connection, ROWS_VIEW, table.protected, columns)
    assert [one.group for one in found if one.attribute == "group"] == ["(missing)", "x", "y", "z"]
    for one in found:
        names = frame[one.attribute].astype(str).where(frame[one.attribute].notna(), "(missing)")
        part = frame[names == one.group]
        assert one.rows == len(part)
        assert one.missing == tuple(part[columns].isna().sum())
    assert count_missing(table.connection, ROWS_VIEW, (), columns) == ()


def test_numbers_outside_a_range(connection: duckdb.DuckDBPyConnection) -> None:
    connection.register("theirs", pd.DataFrame({"a": [1.0, 5.0, np.inf], "b": [None, None, None]}))
    connection.register("ours", pd.DataFrame({"a": [0.0, 1.0, 5.0, 6.0, np.nan], "b": [1.0] * 5}))
    ranges = compute_ranges(connection, "theirs", ["a"])
    assert ranges == {"a": (1.0, 5.0)}
    assert count_outside(connection, "ours", ranges) == {"a": (2, 4)}
    assert count_outside(connection, "ours", {}) == compute_ranges(connection, "ours", []) == {}


def test_wide_data_is_counted_another_way(connection: duckdb.DuckDBPyConnection) -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.integers(0, 9, (300, 90)), columns=[f"c{n}" for n in range(90)])
    frame["c7"] = None
    frame["c8"] = np.where(draw.random(300) < 0.1, None, "é")
    facts = describe(connection, frame)
    for name in frame:
        values = facts[name].values
        assert values is not None
        assert sum(values.values()) == frame[name].notna().sum()
        assert len(values) == frame[name].nunique()
    assert facts["c8"].values == {"é": frame["c8"].notna().sum()}
    columns = tabulate_columns(connection, "rows")[1]
    assert find_repeats(connection, "rows", columns, columns).columns == {}
