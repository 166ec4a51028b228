"""Rows and columns that are there more than once, and rows that two files share: by 64-bit hashes
of whole rows, so that memory grows with the number of different rows alone, not with columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from audits.data.schema import Column
from audits.data.sql import fetch_one, quote


@dataclass(frozen=True, slots=True)
class Overlap:
    """Rows of one file that another one has too.

    shared: rows of the first file that are identical to a row of the other, out of `rows`.
    repeated: rows of the other file that are identical to another row of that file, out of
    `other_rows`: how often a new row meets one there by chance (Good 1953, Biometrika 40:237).
    """

    shared: int
    rows: int
    repeated: int
    other_rows: int


@dataclass(frozen=True, slots=True)
class Repeats:
    """What one file holds more than once.

    rows: how many repeat an earlier one. columns: each whose values are those of an earlier one in
    every row, with that one.
    """

    rows: int
    columns: Mapping[str, str]


def _render_value(column: Column, numeric: bool) -> str:
    kind = "DOUBLE" if numeric else "VARCHAR"
    return f"CAST({quote(column.name)} AS {kind})"


def _render_row_hash(columns: Sequence[Column], numeric: Sequence[bool]) -> str:
    values = (_render_value(one, number) for one, number in zip(columns, numeric, strict=True))
    return f"hash({', '.join(values)})"


def find_repeats(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    columns: Sequence[Column],
    compared: Sequence[Column],
) -> Repeats:
    """Return what `view` holds more than once, in one pass. columns: all; compared: those in which
    rows are compared, at least one.

    Numbers are equal as numbers, all else as text; two missing values are equal. Columns of one
    value, or of none, are not compared with others: they are told as constant. Every value is
    hashed together with its whole row, so that the sums of these hashes are equal where the
    columns are.
    """
    varied = [column for column in columns if column.distinct > 1]
    inner = [f"{_render_value(one, one.is_numeric)} AS c{n}" for n, one in enumerate(varied)]
    whole = _render_row_hash(columns, [column.is_numeric for column in columns])
    part = _render_row_hash(compared, [column.is_numeric for column in compared])
    sums = [f"sum(CAST(hash(c{n}, h) >> 12 AS BIGINT))" for n in range(len(varied))]
    outer = ", ".join(["count(*) - count(DISTINCT p)", *sums])
    row = fetch_one(
        connection,
        f"SELECT {outer} FROM "
        f"(SELECT {', '.join([*inner, f'{whole} AS h', f'{part} AS p'])} FROM {view})",
    )
    assert row is not None  # an aggregate always has one row
    first: dict[tuple[bool, int], str] = {}
    equal = {}
    for column, found in zip(varied, row[1:], strict=True):
        earlier = first.setdefault((column.is_numeric, int(found)), column.name)
        if earlier != column.name:
            equal[column.name] = earlier
    return Repeats(int(row[0]), equal)


def count_shared_rows(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    columns: Sequence[Column],
    other: str,
    other_columns: Sequence[Column],
) -> Overlap:
    """Return how many rows of `view` the view `other` has too.

    columns, other_columns: those compared, in the same order and of the same names; a column is
    compared as numbers where both are numeric, else as text.
    """
    numeric = [
        one.is_numeric and two.is_numeric for one, two in zip(columns, other_columns, strict=True)
    ]
    row = fetch_one(
        connection,
        f"WITH theirs AS (SELECT {_render_row_hash(other_columns, numeric)} AS h, count(*) AS n "
        f"FROM {other} GROUP BY ALL), "
        f"ours AS (SELECT {_render_row_hash(columns, numeric)} AS h, count(*) AS n "
        f"FROM {view} GROUP BY ALL) "
        "SELECT (SELECT coalesce(sum(n), 0) FROM ours SEMI JOIN theirs USING (h)), "
        "(SELECT sum(n) FROM ours), "
        "(SELECT coalesce(sum(n), 0) FROM theirs WHERE n > 1), (SELECT sum(n) FROM theirs)",
    )
    assert row is not None
    return Overlap(int(row[0]), int(row[1]), int(row[2]), int(row[3]))
