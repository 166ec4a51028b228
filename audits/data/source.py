"""Files as DuckDB relations: CSV, Parquet and Arrow, one file or a glob, never the network."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from audits.core.errors import InputError
from audits.data.fingerprint import compute_fingerprint

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
"""File endings that are read, after a trailing ".gz" or ".zst" of a CSV is taken off."""

_NO_MARK = "(empty)"
"""How DuckDB says that a CSV has no quotes, escapes or comments."""


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


def read_frame(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    """Return a query's result as a pandas frame, text columns as pandas strings."""
    frame: pd.DataFrame = connection.sql(sql).to_arrow_table().to_pandas()
    return frame


@dataclass(frozen=True, slots=True)
class Source:
    """Readable files: `view` is the name of the DuckDB view over them."""

    text: str
    files: tuple[Path, ...]
    format: str
    sha256: str
    view: str


def _find_files(text: str, base: Path, role: str) -> tuple[Path, ...]:
    if "://" in text:
        raise InputError(f"{role} {text!r}: only local files are read; copy the data here first")
    path = Path(text)
    path = path if path.is_absolute() else base / path
    if path.is_file():
        return (path,)
    if path.is_dir():
        raise InputError(f'{role} {text!r} is a folder; name the files, e.g. "{text}/*.parquet"')
    found = tuple(Path(name) for name in sorted(glob.glob(str(path))) if Path(name).is_file())  # noqa: PTH207
    if not found:
        raise InputError(f"{role} {text!r}: no such file (looked in {path.parent})")
    return found


def detect_format(path: Path) -> str:
    """Return "csv", "parquet" or "arrow" by the file's ending. Raises InputError otherwise."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in (".gz", ".zst"):
        suffixes.pop()
    if suffixes and suffixes[-1] in FORMATS:
        return FORMATS[suffixes[-1]]
    raise InputError(
        f"{path.name!r}: unknown kind of data file; allowed endings are {', '.join(FORMATS)}"
    )


def _csv_expression(
    connection: duckdb.DuckDBPyConnection, files: tuple[Path, ...], missing: tuple[str, ...]
) -> str:
    """Return how the files are read: looked through once here, not again by every query."""
    names = ", ".join(literal(str(path)) for path in files)
    nulls = ", ".join(literal(text) for text in dict.fromkeys(("", *missing)))
    # Types come from every row, so that a late text cannot break the read half-way. Only numbers
    # are guessed: "yes", "t" and dates stay the texts that a model was trained on.
    guessing = (
        f"header=true, sample_size=-1, nullstr=[{nulls}], "
        "auto_type_candidates=['BIGINT', 'DOUBLE', 'VARCHAR']"
    )
    looks = {_sniff_csv(connection, path, guessing) for path in files}
    if len(looks) > 1:  # files that differ are matched with each other by DuckDB
        return f"read_csv([{names}], {guessing})"
    return f"read_csv([{names}], auto_detect=false, header=true, nullstr=[{nulls}], {looks.pop()})"


def _sniff_csv(connection: duckdb.DuckDBPyConnection, path: Path, guessing: str) -> str:
    """Return how a file is written and which types its columns have, as options of read_csv."""
    found = fetch_one(
        connection,
        "SELECT Delimiter, Quote, Escape, Comment, SkipRows, Columns "
        f"FROM sniff_csv({literal(str(path))}, {guessing})",
    )
    assert found is not None  # one row, or an error
    delimiter, *marks, skipped, columns = found
    mark, escape, comment = (literal("" if text == _NO_MARK else text) for text in marks)
    types = ", ".join(f"{literal(c['name'])}: {literal(c['type'])}" for c in columns)
    return (
        f"delim={literal(delimiter)}, quote={mark}, escape={escape}, comment={comment}, "
        f"skip={int(skipped)}, columns={{{types}}}"
    )


def _with_booleans(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Read columns of nothing but "true" and "false", in any case, as booleans."""
    texts = [
        quote(name) for name, kind in _columns(connection, relation).items() if kind == "VARCHAR"
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


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    found = connection.sql(f"SELECT * FROM {relation}")
    return dict(zip(found.columns, map(str, found.types), strict=True))


def _with_declared_missing(
    connection: duckdb.DuckDBPyConnection, relation: str, missing: tuple[str, ...]
) -> str:
    """Parquet and Arrow know NULL already; declared texts are missing there too."""
    if not missing:
        return relation
    texts = ", ".join(literal(text) for text in missing)
    replaced = [
        f"CASE WHEN {quote(name)} IN ({texts}) THEN NULL ELSE {quote(name)} END AS {quote(name)}"
        for name, kind in _columns(connection, relation).items()
        if kind == "VARCHAR"
    ]
    return f"(SELECT * REPLACE ({', '.join(replaced)}) FROM {relation})" if replaced else relation


def register_arrow(
    connection: duckdb.DuckDBPyConnection, view: str, files: tuple[Path, ...]
) -> None:
    """Make Arrow files readable for `view`; DuckDB knows them by connection, cursors too."""
    connection.register(f"{view}_files", ds.dataset([str(path) for path in files], format="ipc"))


def open_source(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    *,
    base: Path,
    view: str,
    role: str,
    missing: tuple[str, ...] = (),
) -> Source:
    """Make the DuckDB view `view` over the file(s) that `text` names, relative to `base`.

    Raises InputError where a file is missing, empty, of an unknown kind or unreadable.
    """
    files = find_files(text, base, role)
    kind = open_files(connection, files, text=text, view=view, role=role, missing=missing)
    return Source(text, files, kind, compute_fingerprint(files), view)


def find_files(text: str, base: Path, role: str) -> tuple[Path, ...]:
    """Return the files that a path or a pattern names, sorted. Raises InputError for none, for
    files of several kinds and for an empty one."""
    files = _find_files(text, base, role)
    formats = {detect_format(path) for path in files}
    if len(formats) > 1:
        raise InputError(f"{role} {text!r} mixes kinds of files: {', '.join(sorted(formats))}")
    for path in files:
        if path.stat().st_size == 0:
            raise InputError(f"{role} {path.name!r} is an empty file")
    return files


def open_files(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[Path, ...],
    *,
    text: str,
    view: str,
    role: str,
    missing: tuple[str, ...] = (),
    rows: int | None = None,
) -> str:
    """Make the DuckDB view `view` over files of one kind, and return the kind: as `open_source`,
    without reading the files for their digest.

    text: what a message calls them. rows: keep so many of the first rows in memory, and make the
    view of them, so that the files are read once.
    """
    kind = detect_format(files[0])
    try:
        if kind == "arrow":
            register_arrow(connection, view, files)
            relation = f"{view}_files"
        elif kind == "parquet":
            relation = f"read_parquet([{', '.join(literal(str(path)) for path in files)}])"
        else:
            relation = _csv_expression(connection, files, missing)
        if rows is not None:
            connection.execute(f"CREATE TABLE {view}_rows AS SELECT * FROM {relation} LIMIT {rows}")
            relation = f"{view}_rows"
        if kind == "csv":
            relation = _with_booleans(connection, relation)
        else:
            relation = _with_declared_missing(connection, relation, missing)
        connection.execute(f"CREATE VIEW {view} AS SELECT * FROM {relation}")
        empty = fetch_one(connection, f"SELECT 1 FROM {view} LIMIT 1") is None
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"{role} {text!r} cannot be read as {kind}: {first}") from error
    if empty:
        raise InputError(f"{role} {text!r} has no rows")
    return kind
