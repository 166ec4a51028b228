"""The true outcome and given decisions as numbers: which value of a column is favourable."""

from __future__ import annotations

import duckdb

from audits.core.errors import InputError, near_misses, one_of
from audits.core.spec_recourse import Scalar
from audits.data.schema import Column
from audits.data.sql import literal, quote

_TRUE_TEXTS = ("1", "1.0", "true")
_FALSE_TEXTS = ("0", "0.0", "false")


def _distinct_texts(
    connection: duckdb.DuckDBPyConnection, view: str, column: Column, limit: int = 10_000
) -> list[str]:
    name = quote(column.name)
    rows = connection.execute(
        f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {view} "
        f"WHERE {name} IS NOT NULL LIMIT {limit}"
    ).fetchall()
    return sorted(str(row[0]) for row in rows)


def _matches(value: str, wanted: Scalar) -> bool:
    if isinstance(wanted, bool):
        return value.lower() in (_TRUE_TEXTS if wanted else _FALSE_TEXTS)
    if value == str(wanted):
        return True
    try:
        return float(value) == float(wanted)
    except ValueError:
        return False


def render_binary_outcome(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    column: Column,
    positive: Scalar,
    *,
    role: str,
    fallback_true: bool = False,
) -> str:
    """Return SQL giving 1 where `column` has the favourable value, 0 elsewhere, NULL where missing.

    With `fallback_true` a column of true/false or 1/0 is accepted though `positive` is another
    word (decisions are often coded unlike the target). Raises InputError where the favourable
    value does not occur, or nothing else does (a one-class column).
    """
    values = _distinct_texts(connection, view, column)
    hits = [value for value in values if _matches(value, positive)]
    if not hits and fallback_true and set(map(str.lower, values)) <= {*_TRUE_TEXTS, *_FALSE_TEXTS}:
        hits = [value for value in values if value.lower() in _TRUE_TEXTS]
    if not values:
        raise InputError(f"{role} {column.name!r} has no values at all")
    if len(values) == 1:
        raise InputError(
            f"{role} {column.name!r} has only one value, {values[0]!r}; "
            "an audit needs rows of both outcomes"
        )
    if not hits:
        hint = near_misses(str(positive), values)
        raise InputError(
            f"positive = {str(positive)!r} is not a value of {role} {column.name!r}{hint} "
            f"(there are {one_of(values)})"
        )
    text = f"CAST({quote(column.name)} AS VARCHAR)"
    chosen = ", ".join(literal(value) for value in hits)
    return f"CASE WHEN {text} IS NULL THEN NULL WHEN {text} IN ({chosen}) THEN 1 ELSE 0 END"


def tabulate_classes(
    connection: duckdb.DuckDBPyConnection, view: str, column: Column
) -> tuple[str, ...]:
    """Return the target's classes as texts, sorted. Raises InputError for one, or for too many."""
    values = _distinct_texts(connection, view, column)
    if len(values) < 2:
        raise InputError(f"target {column.name!r} has only one value: {one_of(values)}")
    if len(values) > 200:
        raise InputError(
            f"target {column.name!r} has over 200 different values; "
            'is this a regression? Then use task = "regression"'
        )
    return tuple(values)
