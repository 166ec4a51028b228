"""Columns: their names, types and how many values they lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from audits.core.errors import InputError, near_misses, one_of
from audits.data.sql import RESERVED, fetch_one, list_columns, quote

Kind = Literal["integer", "number", "text", "boolean", "date", "other"]

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys((*_INTEGERS, "UINTEGER", "UBIGINT"), "integer"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), "number"),
    **dict.fromkeys(("VARCHAR", "ENUM"), "text"),
    "BOOLEAN": "boolean",
    **dict.fromkeys(("DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"), "date"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column as read: `missing` counts the rows without a value."""

    name: str
    kind: Kind
    missing: int
    distinct: int

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers."""
        return self.kind in ("integer", "number")


def tabulate_columns(
    connection: duckdb.DuckDBPyConnection, view: str
) -> tuple[int, tuple[Column, ...]]:
    """Return the number of rows of `view` and its columns, in one pass; those that have the text
    of others are left out.

    `distinct` is approximate (HyperLogLog) above a few thousand values.
    """
    found = {
        name: kind
        for name, kind in list_columns(connection, view).items()
        if not name.startswith(RESERVED)
    }
    names = list(found)
    kinds = [_KINDS.get(kind.split("(")[0], "other") for kind in found.values()]
    sums = ", ".join(
        f"count({quote(name)}), approx_count_distinct({quote(name)})" for name in names
    )
    row = fetch_one(connection, f"SELECT count(*), {sums} FROM {view}")
    assert row is not None  # an aggregate always has one row
    rows = int(row[0])
    columns = tuple(
        Column(name, kind, rows - int(row[1 + 2 * i]), int(row[2 + 2 * i]))
        for i, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )
    return rows, columns


def find_column(columns: Sequence[Column], name: str, role: str) -> Column:
    """Return the column called `name`. Raises InputError with near misses where there is none."""
    for column in columns:
        if column.name == name:
            return column
    names = [column.name for column in columns]
    hint = near_misses(name, names)
    raise InputError(
        f"{role} {name!r} is not a column of the data{hint} (there are {one_of(names)})"
    )
