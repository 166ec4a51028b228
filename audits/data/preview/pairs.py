"""Declared pairs against the data: groups and values that it does not have."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from audits.core.errors import InputError, near_misses, one_of
from audits.core.groups import name_group_column
from audits.core.settings.pairs import DeclaredPairs
from audits.data.schema import Column, find_column
from audits.data.sql import MARK, quote
from audits.data.table import ROWS_VIEW, AuditTable


def check_pairs(pairs: Sequence[DeclaredPairs], table: AuditTable) -> None:
    """Raise InputError for the first group or value of a pair that is not in the data (for
    values: nor in the reference data)."""
    for pair in pairs:
        where = f"data.pairs.{pair.attribute}.{pair.column}:"
        column = find_column(table.columns, pair.column, where)
        kept = quote(MARK + name_group_column(pair.attribute))
        groups = _list_texts(table, f"CAST({kept} AS VARCHAR)", [ROWS_VIEW])
        for group in (pair.group, pair.other):
            _check(group, groups, f"{where} {pair.attribute!r} has no group")
        views = [ROWS_VIEW, *([table.reference.view] if table.reference else [])]
        kind = "DOUBLE" if column.is_numeric else "VARCHAR"
        known = _list_texts(table, f"CAST({quote(column.name)} AS {kind})", views)
        for old, new in pair.values:
            for value in (old, new):
                text = _to_text(value, column, where)
                _check(text, known, f"{where} column {column.name!r} has no")


def _to_text(value: object, column: Column, where: str) -> str:
    if column.kind == "boolean":
        return str(value).lower()
    if not column.is_numeric:
        return str(value)
    try:
        return str(float(str(value)))
    except ValueError as error:
        raise InputError(
            f"{where} column {column.name!r} holds numbers, and {value!r} is none"
        ) from error


def _list_texts(table: AuditTable, expression: str, views: Sequence[str]) -> list[str]:
    seen = " UNION ".join(f"SELECT {expression} AS v FROM {view}" for view in views)
    rows = table.connection.execute(f"SELECT DISTINCT v FROM ({seen}) WHERE v IS NOT NULL")
    return sorted(str(row[0]) for row in rows.fetchall())


def _check(value: str, known: Collection[str], what: str) -> None:
    if value not in known:
        hint = near_misses(value, known) or f"; it has {one_of(known)}"
        raise InputError(f"{what} {value!r}{hint}")
