"""What every column holds, counted by DuckDB: nothing that points at single people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from audits.core.limits import MIN_ROWS_TO_SUSPECT_ID
from audits.data.schema import Column
from audits.data.sql import fetch_one, quote

MAX_VALUES = 1_000
"""A column with more different values than about this has no list of its values."""

MIN_COINCIDENCES = 10.0
"""Whole numbers that never repeat look like an id only where chance would repeat so many."""

_WIDE = 60
_UNIQUE = {"text": 0.99, "integer": 0.999}


@dataclass(frozen=True, slots=True)
class Numbers:
    """A numeric column's finite values: how many, their mean, standard deviation (n - 1; None for
    one value) and both ends. The ends are for counting only: they are single people's values."""

    n: int
    mean: float
    spread: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What one column holds.

    distinct: the number of different values; exact where `exact`, else within a few percent
    (HyperLogLog). numbers: None unless numeric with a finite value. values: rows by value as
    text, None for columns with more than about `MAX_VALUES`. unique: at least 99% of a text's,
    99.9% of a whole number's known values occur once, where chance would have repeated some.
    """

    name: str
    kind: str
    rows: int
    missing: int
    distinct: int
    exact: bool
    numbers: Numbers | None
    values: Mapping[str, int] | None
    unique: bool

    @property
    def known(self) -> int:
        """The rows with a value."""
        return self.rows - self.missing

    @property
    def constant(self) -> bool:
        """Whether there is one value at most, missing not being one."""
        return self.exact and self.distinct <= 1


def compute_facts(
    connection: duckdb.DuckDBPyConnection, view: str, rows: int, columns: Sequence[Column]
) -> tuple[ColumnFacts, ...]:
    """Return what the columns of `view` hold, in their order.

    Two passes; a third one for columns of which nearly every value may be different. columns: as
    `tabulate_columns` gives them; rows: at least 1.
    """
    listed = [column.name for column in columns if column.distinct <= MAX_VALUES]
    numeric = [column.name for column in columns if column.is_numeric]
    values = count_values(connection, view, listed)
    numbers = _sum_numbers(connection, view, numeric)
    counted = _count_distinct(connection, view, rows, columns)
    return tuple(
        _make_facts(column, rows, values.get(column.name), numbers.get(column.name),
                    counted.get(column.name))
        for column in columns
    )  # fmt: skip


def _make_facts(
    column: Column,
    rows: int,
    values: Mapping[str, int] | None,
    numbers: Numbers | None,
    counted: int | None,
) -> ColumnFacts:
    exact = counted if values is None else len(values)
    return ColumnFacts(
        column.name, column.kind, rows, column.missing,
        column.distinct if exact is None else exact, exact is not None, numbers, values,
        _is_unique(column, rows - column.missing, exact, numbers),
    )  # fmt: skip


def _is_unique(column: Column, known: int, distinct: int | None, numbers: Numbers | None) -> bool:
    """Whether the values look like an id. Whole numbers that are spread over so wide a range that
    few would meet by chance (amounts of money) say nothing."""
    least = _UNIQUE.get(column.kind)
    if least is None or distinct is None or known < MIN_ROWS_TO_SUSPECT_ID:
        return False
    if distinct < least * known:
        return False
    if column.kind == "text":
        return True
    assert numbers is not None  # a whole number is finite
    coincidences = known * (known - 1) / (2 * (numbers.high - numbers.low + 1))
    return coincidences >= MIN_COINCIDENCES


def count_values(
    connection: duckdb.DuckDBPyConnection, view: str, names: Sequence[str]
) -> dict[str, Mapping[str, int]]:
    """Return the rows by value, as text, of the named columns, in one pass. Missing is none."""
    if len(names) > _WIDE:
        return _count_long(connection, view, names)
    if not names:
        return {}
    counts = ", ".join(f"histogram(CAST({quote(name)} AS VARCHAR))" for name in names)
    row = fetch_one(connection, f"SELECT {counts} FROM {view}")
    assert row is not None  # an aggregate always has one row
    return {name: found or {} for name, found in zip(names, row, strict=True)}


def _count_long(
    connection: duckdb.DuckDBPyConnection, view: str, names: Sequence[str]
) -> dict[str, Mapping[str, int]]:
    """The same with a row for each value of each column: twice the work, but planning hundreds of
    histograms takes DuckDB a minute."""
    texts = ", ".join(f"CAST({quote(name)} AS VARCHAR) AS c{n}" for n, name in enumerate(names))
    every = ", ".join(f"c{n}" for n in range(len(names)))
    rows = connection.execute(
        f"SELECT name, value, count(*) FROM (UNPIVOT (SELECT {texts} FROM {view}) "
        f"ON {every} INTO NAME name VALUE value) GROUP BY ALL"
    ).fetchall()
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    for place, value, count in rows:
        found[names[int(place[1:])]][value] = int(count)
    return dict(found)


def _sum_numbers(
    connection: duckdb.DuckDBPyConnection, view: str, names: Sequence[str]
) -> dict[str, Numbers]:
    """Return the sums of the named numeric columns that have a finite value, in one pass."""
    if not names:
        return {}
    numbers = ", ".join(f"CAST({quote(name)} AS DOUBLE) AS n{n}" for n, name in enumerate(names))
    places = range(len(names))
    finite = ", ".join(f"CASE WHEN isfinite(n{n}) THEN n{n} END AS n{n}" for n in places)
    # Squares of the largest numbers would be infinite, which DuckDB takes for an error.
    sums = ", ".join(
        f"count(n{n}), avg(n{n}), stddev_samp(CASE WHEN abs(n{n}) < 1e150 THEN n{n} END), "
        f"min(n{n}), max(n{n})"
        for n in places
    )
    row = fetch_one(
        connection, f"SELECT {sums} FROM (SELECT {finite} FROM (SELECT {numbers} FROM {view}))"
    )
    assert row is not None  # an aggregate always has one row
    found = {}
    for n, name in enumerate(names):
        count, mean, spread, low, high = row[5 * n : 5 * n + 5]
        if count:
            known = None if spread is None or not math.isfinite(spread) else float(spread)
            found[name] = Numbers(int(count), float(mean), known, float(low), float(high))
    return found


def _count_distinct(
    connection: duckdb.DuckDBPyConnection, view: str, rows: int, columns: Sequence[Column]
) -> dict[str, int]:
    """Return the exact number of different values where nearly all may be different."""
    wanted = [
        column.name
        for column in columns
        if column.kind in _UNIQUE
        and column.distinct > MAX_VALUES
        and column.distinct >= 0.8 * (rows - column.missing)
    ]
    if not wanted:
        return {}
    counts = ", ".join(f"count(DISTINCT {quote(name)})" for name in wanted)
    row = fetch_one(connection, f"SELECT {counts} FROM {view}")
    assert row is not None
    return {name: int(found) for name, found in zip(wanted, row, strict=True)}
