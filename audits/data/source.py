"""Files as DuckDB relations: text, Parquet, Arrow and Excel; one, a folder or a pattern; never the
network."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from audits.core.errors import InputError
from audits.core.report import Notice
from audits.data.csv_file import CsvFile, explain_fault
from audits.data.files import detect_format, find_files, read_partitions
from audits.data.fingerprint import compute_fingerprint
from audits.data.form import FileForm
from audits.data.relation import Place, Relation, open_relation
from audits.data.schema import Column, tabulate_columns
from audits.data.sql import connect, fetch_one, list_columns, literal, quote
from audits.data.typed import Reading, find_unused_missing, render_typed

__all__ = ["Opened", "Source", "connect", "open_files", "open_source", "tabulate_source"]

AS_IT_IS = Reading()
PLAIN = FileForm()


@dataclass(frozen=True, slots=True)
class Opened:
    """Files made readable. kind: what they are. raw: SQL for their rows with every value as it is
    written. arrow: see `register_arrow`. notices: what a reader must know of how they were read.
    repeated: names that stand more than once in a header. texts: text files, to say which line is
    at fault."""

    kind: str
    raw: str
    arrow: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    repeated: tuple[str, ...] = ()
    texts: tuple[CsvFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Readable files: `view` is the name of the DuckDB view over them. unused_missing: declared
    missing values that stand nowhere in them."""

    text: str
    files: tuple[Path, ...]
    format: str
    sha256: str
    view: str
    role: str
    opened: Opened
    unused_missing: tuple[str, ...] = ()

    def explain(self, error: duckdb.Error) -> InputError:
        """Return what a reader can do about rows that turn out to be unreadable."""
        return _explain(self.opened.texts, self.role, self.text, self.format, error)


def _explain(
    texts: Sequence[CsvFile], role: str, text: str, kind: str, error: Exception
) -> InputError:
    if texts:
        return InputError(explain_fault(texts, role, error))
    first = str(error).strip().splitlines()[0]
    return InputError(f"{role} {text!r} cannot be read as {kind}: {first}")


def register_arrow(
    connection: duckdb.DuckDBPyConnection, arrow: Mapping[str, tuple[Path, ...]]
) -> None:
    """Make Arrow files readable by their names in SQL; DuckDB knows them by connection, cursors
    too."""
    for name, files in arrow.items():
        connection.register(name, ds.dataset([str(path) for path in files], format="ipc"))


def open_source(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    *,
    base: Path,
    view: str,
    role: str,
    reading: Reading = AS_IT_IS,
    form: FileForm = PLAIN,
) -> Source:
    """Make the DuckDB view `view` over the file(s) that `text` names, relative to `base`.

    Columns of codes and ids in `reading.texts` have their text in a column of its own, whose name
    begins with `TEXT_MARK`, where they look like numbers. form: what is declared of the files.

    Raises InputError where a file is missing, empty, of an unknown kind or unreadable.
    """
    files = find_files(text, base, role)
    opened = open_files(
        connection, files, text=text, view=view, role=role, reading=reading, form=form
    )
    try:
        unused = find_unused_missing(connection, opened.raw, reading.missing)
        sha256 = compute_fingerprint(files, read_partitions(files))
    except duckdb.Error as error:
        raise _explain(opened.texts, role, text, opened.kind, error) from error
    except OSError as error:
        raise InputError(f"{role} {text!r}: {error.strerror}") from error
    return Source(text, files, opened.kind, sha256, view, role, opened, unused)


def tabulate_source(
    connection: duckdb.DuckDBPyConnection, source: Source, view: str | None = None
) -> tuple[int, tuple[Column, ...]]:
    """Return the rows and columns of opened files, or of a view over them. Raises InputError where
    a row cannot be read."""
    try:
        return tabulate_columns(connection, view or source.view)
    except duckdb.Error as error:
        raise source.explain(error) from error


def open_files(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[Path, ...],
    *,
    text: str,
    view: str,
    role: str,
    reading: Reading = AS_IT_IS,
    rows: int | None = None,
    form: FileForm = PLAIN,
) -> Opened:
    """Make the DuckDB view `view` over files of one kind: as `open_source`, without reading the
    files for their digest. What has to be unpacked lies in a folder that goes with the connection.

    text: what a message calls them. rows: keep so many of the first rows in memory, and make the
    view of them, so that the files are read once.
    """
    texts: list[CsvFile] = []
    kind = detect_format(files[0])
    try:
        copies = tempfile.TemporaryDirectory(prefix="assay-data-")
        weakref.finalize(connection, copies.cleanup)
        place = Place(connection, view, role, form, Path(copies.name))
        found = open_relation(place, files, reading, texts)
        register_arrow(connection, found.arrow)
        relation = found.sql
        if rows is not None:
            connection.execute(f"CREATE TABLE {view}_rows AS SELECT * FROM {relation} LIMIT {rows}")
            relation = f"{view}_rows"
        if found.kind == "csv":
            relation = _with_booleans(connection, relation, _list_kept(found, reading))
        relation = render_typed(connection, relation, reading, found.natural, f"{role} {text!r}")
        if found.kind == "csv" and rows is None:
            copy = place.copies / "rows.parquet"
            relation = parse_once(connection, relation, copy, f"{role} {text!r}")
        if not any(place.copies.iterdir()):
            copies.cleanup()
        connection.execute(f"CREATE VIEW {view} AS SELECT * FROM {relation}")
        empty = fetch_one(connection, f"SELECT 1 FROM {view} LIMIT 1") is None
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise _explain(texts, role, text, kind, error) from error
    if empty:
        raise InputError(f"{role} {text!r} has no rows")
    return Opened(found.kind, found.raw, found.arrow, found.notices, found.repeated, tuple(texts))


def parse_once(connection: duckdb.DuckDBPyConnection, relation: str, copy: Path, title: str) -> str:
    """Return rows of text as a Parquet copy: a check reads the columns that it needs, and parses no
    text again; and every check sees the same rows, whatever becomes of the file meanwhile.

    title: what a message calls the rows. Raises InputError where there is no room for them.
    """
    target = literal(str(copy))
    try:
        connection.execute(f"COPY (SELECT * FROM {relation}) TO {target} (FORMAT parquet)")
    except duckdb.IOException as error:
        raise InputError(
            f"{title}: the parsed rows cannot be kept in {str(copy.parent)!r} while the audit "
            "runs (no room, or not writable); make room there, or set TMPDIR to another folder"
        ) from error
    return f"read_parquet({target})"


def _list_kept(found: Relation, reading: Reading) -> set[str]:
    """Return the columns that stay as they are read: declared ones, and codes that are numbers."""
    numeric = {name for name in reading.texts if found.natural.get(name) != "VARCHAR"}
    return numeric | set(reading.types)


def _with_booleans(
    connection: duckdb.DuckDBPyConnection, relation: str, kept: Collection[str]
) -> str:
    """Read columns of nothing but "true" and "false", in any case, as booleans. kept: columns that
    stay texts."""
    texts = [
        quote(name)
        for name, kind in list_columns(connection, relation).items()
        if kind == "VARCHAR" and name not in kept
    ]
    if not texts:
        return relation
    tests = ", ".join(f"bool_and(lower({name}) IN ('true', 'false'))" for name in texts)
    answers = fetch_one(connection, f"SELECT {tests} FROM {relation}") or ()
    casts = [
        f"CAST({name} AS BOOLEAN) AS {name}"
        for name, boolean in zip(texts, answers, strict=True)
        if boolean
    ]
    return f"(SELECT * REPLACE ({', '.join(casts)}) FROM {relation})" if casts else relation
