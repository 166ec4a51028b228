"""Small helpers for SQL: names, texts, single rows."""

from __future__ import annotations

from typing import Any

import duckdb

TEXT_MARK = "__assay_text_"
"""Prefix of a column that has another one's text as it stands in the file."""


def quote(name: str) -> str:
    """Return a column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def fetch_one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...] | None:
    """Return the first row of a query whose result is small, or None."""
    rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    return rows[0] if rows else None


def list_columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return the columns of a relation by name, each with DuckDB's type."""
    found = connection.sql(f"SELECT * FROM {relation}")
    return dict(zip(found.columns, map(str, found.types), strict=True))
