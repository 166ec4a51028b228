"""Missing values by group, counted for all columns and protected attributes in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from audits.core.groups import name_group_column
from audits.data.sql import MARK, quote


@dataclass(frozen=True, slots=True)
class GroupMissing:
    """One group of one attribute: its rows, and how many of them lack each column's value."""

    attribute: str
    group: str
    rows: int
    missing: tuple[int, ...]


def count_missing(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    attributes: Sequence[str],
    columns: Sequence[str],
) -> tuple[GroupMissing, ...]:
    """Return the missing values of `columns` in every group of the protected `attributes`, groups
    in the order of their names. `view` has each attribute's groups in a marked column."""
    if not attributes or not columns:
        return ()
    marked = [quote(MARK + name_group_column(name)) for name in attributes]
    sums = ", ".join(f"count(*) - count({quote(name)})" for name in columns)
    sets = ", ".join(f"({name})" for name in marked)
    rows = connection.execute(
        f"SELECT {', '.join(f'grouping({name})' for name in marked)}, {', '.join(marked)}, "
        f"count(*), {sums} FROM {view} GROUP BY GROUPING SETS ({sets})"
    ).fetchall()
    found = []
    for row in rows:
        place = row.index(0)  # the one attribute of this set
        counts = row[2 * len(attributes) :]
        group = str(row[len(attributes) + place])
        found.append(GroupMissing(attributes[place], group, int(counts[0]), tuple(counts[1:])))
    order = {name: place for place, name in enumerate(attributes)}
    return tuple(sorted(found, key=lambda one: (order[one.attribute], one.group)))
