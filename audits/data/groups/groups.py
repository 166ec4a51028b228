"""How many groups there are, before any work is done with them; rare ones merged where declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb

from audits.core.errors import InputError
from audits.core.groups import JOIN, OTHER, name_group_column
from audits.core.report.report import Notice
from audits.core.settings.data import DataSection
from audits.data.sql import MARK, fetch_one, literal, quote


@dataclass(frozen=True, slots=True)
class Merge:
    """One attribute's groups after rare ones became one. kept: those told apart."""

    attribute: str
    kept: tuple[str, ...]
    merged: int
    rows: int

    def render(self, group: str) -> str:
        """Return SQL of a row's group; group: SQL of the group as the data has it."""
        known = ", ".join(map(literal, self.kept))
        return f"CASE WHEN ({group}) IN ({known}) THEN ({group}) ELSE {literal(OTHER)} END"


def merge_rare(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    data: DataSection,
    groups: Mapping[str, str],
) -> dict[str, Merge]:
    """Return for each attribute with groups of fewer than `merge_rare` rows what they become.

    groups: SQL of a row's group by attribute. A declared reference group is always kept. Raises
    InputError where no group is large enough.
    """
    if data.merge_rare is None:
        return {}
    found = {}
    for attribute, sql in groups.items():
        sizes = {
            str(name): int(rows)
            for name, rows in connection.execute(
                f"SELECT {sql} AS g, count(*) FROM {view} GROUP BY ALL"
            ).fetchall()
        }
        wanted = data.reference_groups.get(attribute)
        kept = sorted(n for n, rows in sizes.items() if rows >= data.merge_rare or n == wanted)
        if not kept:
            raise InputError(
                f"merge_rare = {data.merge_rare}: no group of {attribute!r} has so many rows (the "
                f"largest has {max(sizes.values()):,}); take a smaller number"
            )
        rare = {name: rows for name, rows in sizes.items() if name not in kept}
        if rare:
            found[attribute] = Merge(attribute, tuple(kept), len(rare), sum(rare.values()))
    return found


def list_notices(data: DataSection, merges: Mapping[str, Merge]) -> tuple[Notice, ...]:
    """Return what a reader must know of merged groups."""
    if data.merge_rare is None:
        return ()
    if not merges:
        return (Notice(
            code="data.no_effect",
            text=f"merge_rare = {data.merge_rare} changed nothing: all groups have so many rows",
        ),)  # fmt: skip
    return tuple(
        Notice(
            code="data.merged_groups",
            text=f"{one.attribute}: {one.merged:,} groups of fewer than {data.merge_rare} rows "
            f"each ({one.rows:,} rows) are one group, {OTHER}",
        )
        for one in merges.values()
    )


def check_groups(
    connection: duckdb.DuckDBPyConnection, view: str, data: DataSection, grouped: Sequence[str]
) -> None:
    """Raise InputError where a column makes more than `max_groups` groups, or two protected ones
    crossed do, or two pairs of their groups have one name.

    grouped: the columns kept as groups. `view` has each one's groups in a marked column.
    """
    columns = {name: quote(MARK + name_group_column(name)) for name in grouped}
    for name, column in columns.items():
        _check_number(connection, view, data, (name,), column)
    for pair in combinations(data.protected, 2):
        one, other = (columns[name] for name in pair)
        _check_number(connection, view, data, pair, f"{one}, {other}")
        twice = fetch_one(
            connection,
            f"SELECT l FROM (SELECT DISTINCT {one} || {literal(JOIN)} || {other} AS l, {one}, "
            f"{other} FROM {view}) GROUP BY l HAVING count(*) > 1 LIMIT 1",
        )
        if twice is not None:
            raise InputError(
                f"two different intersections of {pair[0]!r} and {pair[1]!r} would be called "
                f"{twice[0]!r}; rename a group so that {JOIN!r} is not within it"
            )


def _check_number(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    data: DataSection,
    names: tuple[str, ...],
    columns: str,
) -> None:
    found = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {columns} FROM {view})")
    groups = int(found.fetchall()[0][0])
    if groups <= data.max_groups:
        return
    if len(names) > 1:
        whose = f"columns {names[0]!r} and {names[1]!r} crossed make"
    elif names[0] in data.protected:
        whose = f"protected column {names[0]!r} makes"
    else:
        whose = f"legitimate column {names[0]!r} makes"
    raise InputError(
        f"{whose} {groups:,} groups, and [data] max_groups is {data.max_groups}: cut a number with "
        f"[data.edges] {names[0]} = [25, 65], merge rare groups with merge_rare = 30, or "
        f"raise max_groups to {groups}"
    )
