"""The database's side of column names: any name that data has, and room for the audit's own.

DuckDB takes "Sex" and "sex" for one column. Every capital letter A to Z of a name is therefore
marked inside the database, with a character that no name of the data may hold. The audit's own
columns begin with the same character, so that no data can have one of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

RESERVED = "\ue000"
"""A character of Unicode's private use area, which names of columns may not hold."""

MARK = f"{RESERVED}assay "
"""Prefix of what the audit keeps of a row inside the database, by its name in the evidence."""

TEXT_MARK = f"{RESERVED}text "
"""Prefix of a column that has another one's text as it stands in the file."""

_CAPITAL = re.compile("[A-Z]")
_MARKED = re.compile(f"{RESERVED}([A-Z])")


def connect(threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Return a private in-memory database that can neither fetch nor load extensions."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }
    if threads is not None:
        config["threads"] = threads
    return duckdb.connect(config=config)


def encode_name(name: str) -> str:
    """Return what a column is called inside the database."""
    return _CAPITAL.sub(lambda found: RESERVED + found[0], name)


def decode_name(identifier: str) -> str:
    """Return the name of a column of the database as the data has it."""
    return _MARKED.sub(r"\1", identifier)


def quote(name: str) -> str:
    """Return a column's name as an SQL identifier."""
    return '"' + encode_name(name).replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def list_columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return the columns of a relation by name, each with DuckDB's type."""
    found = connection.sql(f"SELECT * FROM {relation}")
    return dict(zip(map(decode_name, found.columns), map(str, found.types), strict=True))


def fetch_one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...] | None:
    """Return the first row of a query whose result is small, or None."""
    rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    return rows[0] if rows else None


def to_frame(table: pa.Table | pa.RecordBatch) -> pd.DataFrame:
    """Return an Arrow table or batch as a pandas frame with the data's own names."""
    frame: pd.DataFrame = table.to_pandas()
    frame.columns = pd.Index([decode_name(str(name)) for name in frame.columns])
    return frame


def read_frame(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    """Return a query's result as a pandas frame, text columns as pandas strings."""
    return to_frame(connection.sql(sql).to_arrow_table())


def list_identifiers(names: Sequence[str]) -> str:
    """Return names as a list of SQL identifiers."""
    return ", ".join(map(quote, names))
