"""Protected columns that are held in a file of their own, joined by a key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from audits.core.errors import InputError
from audits.core.report.report import Notice
from audits.core.settings.data import DataSection
from audits.data.files.form import FileForm
from audits.data.files.source import Source, open_source, tabulate_source
from audits.data.schema import Column, find_column
from audits.data.sql import RESERVED, TEXT_MARK, fetch_one, list_columns, quote
from audits.data.values.typed import Reading, render_text

_VIEW = "assay_people"
_EXACT = 2.0**53


def join_protected(
    connection: duckdb.DuckDBPyConnection,
    data: DataSection,
    base: Path,
    ours: Source,
    reading: Reading,
) -> tuple[str, Source | None, tuple[Notice, ...]]:
    """Return the view that also has the columns of `protected_path`, the file, and a notice where
    rows have no entry in it.

    Raises InputError where the key is absent, repeats in that file, or meets none of its entries.
    """
    view = ours.view
    if data.protected_path is None:
        return view, None, ()
    if data.key is None:
        raise InputError("protected_path needs key, the column that both files share")
    source = open_source(
        connection, data.protected_path, base=base, view=_VIEW, role="protected_path",
        reading=reading, form=FileForm.of(data),
    )  # fmt: skip
    known, people = (tabulate_source(connection, one)[1] for one in (ours, source))
    find_column(known, data.key, "key")
    find_column(people, data.key, "key (in protected_path)")
    mine, theirs = _render_keys(connection, view, data.key, known, people)
    _check_unique(connection, data.key, theirs)
    here = {column.name for column in known}
    taken = [column.name for column in people if column.name in here and column.name != data.key]
    if clash := sorted(set(taken) & set(data.protected)):
        raise InputError(f"protected column {clash[0]!r} is in both files; keep it in one")
    marked = [TEXT_MARK + c.name for c in people]
    there = [name for name in marked if name in list_columns(connection, _VIEW)]
    added = [c.name for c in people if c.name not in here]
    added += [name for name in there if name.removeprefix(TEXT_MARK) in added]
    key = quote(RESERVED + "key")
    # A correlated look-up keeps the file's row order, which a join would not promise.
    lookups = "".join(
        f", (SELECT p.{quote(name)} FROM (SELECT *, {theirs} AS {key} FROM {_VIEW}) p "
        f"WHERE p.{key} = d.{key}) AS {quote(name)}"
        for name in added
    )
    connection.execute(
        f"CREATE VIEW assay_joined AS SELECT d.* EXCLUDE ({key}){lookups} "
        f"FROM (SELECT *, {mine} AS {key} FROM {view}) d"
    )
    return "assay_joined", source, _describe_unmatched(connection, view, data.key, mine, theirs)


def _render_keys(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    key: str,
    ours: Sequence[Column],
    people: Sequence[Column],
) -> tuple[str, str]:
    """Return SQL for the key in both files: as numbers where these are exact in both, else as the
    texts that stand there."""
    numeric = all(find_column(columns, key, "key").is_numeric for columns in (ours, people))
    if numeric and all(_is_exact(connection, one, key) for one in (view, _VIEW)):
        return quote(key), quote(key)
    return tuple(  # type: ignore[return-value]
        render_text(key, list_columns(connection, one)) for one in (view, _VIEW)
    )


def _is_exact(connection: duckdb.DuckDBPyConnection, view: str, key: str) -> bool:
    if list_columns(connection, view)[key] not in ("FLOAT", "DOUBLE"):
        return True
    largest = fetch_one(connection, f"SELECT max(abs({quote(key)})) FROM {view}")
    return largest is None or largest[0] is None or float(largest[0]) < _EXACT


def _check_unique(connection: duckdb.DuckDBPyConnection, key: str, theirs: str) -> None:
    repeated = fetch_one(
        connection,
        f"SELECT k FROM (SELECT {theirs} AS k FROM {_VIEW}) GROUP BY k "
        "HAVING count(*) > 1 AND k IS NOT NULL ORDER BY k LIMIT 1",
    )
    if repeated is not None:
        raise InputError(f"protected_path: key {key!r} is not unique ({repeated[0]!r} repeats)")


def _describe_unmatched(
    connection: duckdb.DuckDBPyConnection, view: str, key: str, mine: str, theirs: str
) -> tuple[Notice, ...]:
    row = fetch_one(
        connection,
        f"SELECT count(*), count(*) FILTER (WHERE k IN (SELECT {theirs} FROM {_VIEW} WHERE "
        f"{theirs} IS NOT NULL)), min(CAST(k AS VARCHAR)) FROM (SELECT {mine} AS k FROM {view})",
    )
    assert row is not None  # an aggregate has one row
    rows, met, first = int(row[0]), int(row[1]), row[2]
    if not met:
        raise InputError(
            f"protected_path: no value of key {key!r} (such as {first!r}) stands in that file; the "
            "key must be written the same in both"
        )
    if met == rows:
        return ()
    text = (
        f"{rows - met:,} of {rows:,} rows have a key {key!r} that protected_path lacks: their "
        "groups are (missing)."
    )
    return (Notice(code="data.unmatched_keys", text=text),)
