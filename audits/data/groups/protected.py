"""Protected attributes as texts: groups of people, with "(missing)" a group of its own."""

from __future__ import annotations

from itertools import pairwise

import duckdb

from audits.core.errors import InputError, near_misses
from audits.core.groups import MISSING, name_group_column, split_crossed
from audits.core.settings.data import DataSection
from audits.data.schema import Column, find_column
from audits.data.sql import MARK, literal, quote


def _show_edge(edge: float) -> str:
    return f"{edge:g}"


def label_ranges(edges: tuple[float, ...]) -> tuple[str, ...]:
    """Return the names of the groups that `edges` cut: `(25, 65)` makes three."""
    shown = [_show_edge(edge) for edge in edges]
    middle = [f"{low} to under {high}" for low, high in pairwise(shown)]
    return (f"under {shown[0]}", *middle, f"{shown[-1]} and over")


def render_group_expression(column: Column, edges: tuple[float, ...], text: str = "") -> str:
    """Return SQL that gives a row's group name for one protected column.

    text: SQL for its text where that is not the value's own, e.g. a code's as it is written.
    Raises InputError where edges are not rising, or the column is not numeric.
    """
    name = quote(column.name)
    if not edges:
        return f"coalesce({text or f'CAST({name} AS VARCHAR)'}, {literal(MISSING)})"
    if not column.is_numeric:
        raise InputError(f"edges are for numbers, and {column.name!r} holds {column.kind} values")
    if list(edges) != sorted(set(edges)):
        raise InputError(f"edges of {column.name!r} must rise: {list(edges)}")
    labels = label_ranges(edges)
    steps = " ".join(
        f"WHEN {name} < {edge!r} THEN {literal(label)}"
        for edge, label in zip(edges, labels, strict=False)
    )
    return (
        f"CASE WHEN {name} IS NULL THEN {literal(MISSING)} {steps} ELSE {literal(labels[-1])} END"
    )


def check_protected(columns: tuple[Column, ...], data: DataSection) -> tuple[Column, ...]:
    """Return the protected columns, then the legitimate ones: both are kept as groups.

    Raises InputError for names or edges that do not fit.
    """
    grouped = (*data.protected, *data.legitimate)
    if both := sorted(set(data.protected) & set(data.legitimate)):
        raise InputError(f"{both[0]!r} is in protected and in legitimate; keep it in one of them")
    found = (
        *(find_column(columns, name, "protected column") for name in data.protected),
        *(find_column(columns, name, "legitimate column") for name in data.legitimate),
    )
    for name in data.edges:
        if name not in grouped:
            hint = near_misses(name, grouped)
            raise InputError(f"edges name {name!r}, which is not in protected or legitimate{hint}")
    for column in found:
        others = set(data.protected) - {column.name}
        if column.name in data.protected and split_crossed(column.name, others):
            raise InputError(
                f"protected column {column.name!r} has the name of an intersection of two others; "
                "rename it"
            )
    return found


def check_reference_groups(
    connection: duckdb.DuckDBPyConnection, view: str, data: DataSection
) -> None:
    """Raise InputError where a declared reference group is not among the data's groups."""
    for attribute, wanted in data.reference_groups.items():
        if attribute not in data.protected:
            hint = near_misses(attribute, data.protected)
            raise InputError(f"reference_groups names {attribute!r}, not in protected{hint}")
        name = quote(MARK + name_group_column(attribute))
        rows = connection.execute(f"SELECT DISTINCT {name} FROM {view}").fetchall()
        groups = sorted(str(row[0]) for row in rows)
        if wanted not in groups:
            hint = near_misses(wanted, groups) or f" (there are {', '.join(groups[:12])})"
            raise InputError(f"reference group {wanted!r} is not a value of {attribute!r}{hint}")
