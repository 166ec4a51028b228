"""What every column holds, counted by DuckDB in one pass: nothing that points at single people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from audits.data.schema import Column
from audits.data.source import fetch_one, quote

MOST_VALUES = 1_000
"""A column with more different values than about this has no list of its values."""

LEAST_COINCIDENCES = 10.0
"""Whole numbers that never repeat look like an id only where chance would repeat so many."""

_UNIQUE = {"text": 0.99, "integer": 0.999}
_LEAST_ROWS = 100


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
    text, None for columns with more than about `MOST_VALUES`. unique: at least 99% of a text's,
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

    One pass; a second one for columns of which nearly every value may be different. columns: as
    `tabulate_columns` gives them; rows: at least 1.
    """
    listed = [column.name for column in columns if column.distinct <= MOST_VALUES]
    numeric = [column.name for column in columns if column.is_numeric]
    values, numbers = _count_and_sum(connection, view, listed, numeric)
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
    if least is None or distinct is None or known < _LEAST_ROWS or distinct < least * known:
        return False
    if column.kind == "text":
        return True
    assert numbers is not None  # a whole number is finite
    coincidences = known * (known - 1) / (2 * (numbers.high - numbers.low + 1))
    return coincidences >= LEAST_COINCIDENCES


def count_values(
    connection: duckdb.DuckDBPyConnection, view: str, names: Sequence[str]
) -> dict[str, Mapping[str, int]]:
    """Return the rows by value, as text, of the named columns, in one pass. Missing is none."""
    return _count_and_sum(connection, view, names, ())[0]


def _count_and_sum(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    listed: Sequence[str],
    numeric: Sequence[str],
) -> tuple[dict[str, Mapping[str, int]], dict[str, Numbers]]:
    counts = [f"histogram(CAST({quote(name)} AS VARCHAR))" for name in listed]
    sums = [part for name in numeric for part in _render_sums(quote(name))]
    if not counts and not sums:
        return {}, {}
    row = fetch_one(connection, f"SELECT {', '.join([*counts, *sums])} FROM {view}")
    assert row is not None  # an aggregate always has one row
    values: dict[str, Mapping[str, int]] = {
        name: found or {} for name, found in zip(listed, row, strict=False)
    }
    numbers = {}
    for place, name in enumerate(numeric):
        start = len(listed) + 5 * place
        n, mean, spread, low, high = row[start : start + 5]
        if n:
            known = None if spread is None or not math.isfinite(spread) else float(spread)
            numbers[name] = Numbers(int(n), float(mean), known, float(low), float(high))
    return values, numbers


def _render_sums(name: str) -> tuple[str, ...]:
    number = f"CAST({name} AS DOUBLE)"
    finite = f"CASE WHEN isfinite({number}) THEN {number} END"
    # Squares of the largest numbers would be infinite, which DuckDB takes for an error.
    safe = f"CASE WHEN abs({number}) < 1e150 THEN {number} END"
    return (f"count({finite})", f"avg({finite})", f"stddev_samp({safe})", f"min({finite})",
            f"max({finite})")  # fmt: skip


def _count_distinct(
    connection: duckdb.DuckDBPyConnection, view: str, rows: int, columns: Sequence[Column]
) -> dict[str, int]:
    """Return the exact number of different values where nearly all may be different."""
    wanted = [
        column.name
        for column in columns
        if column.kind in _UNIQUE
        and column.distinct > MOST_VALUES
        and column.distinct >= 0.8 * (rows - column.missing)
    ]
    if not wanted:
        return {}
    counts = ", ".join(f"count(DISTINCT {quote(name)})" for name in wanted)
    row = fetch_one(connection, f"SELECT {counts} FROM {view}")
    assert row is not None
    return {name: int(found) for name, found in zip(wanted, row, strict=True)}
