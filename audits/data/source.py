"""Files as DuckDB relations: CSV, Parquet and Arrow, one file or a glob, never the network."""

from __future__ import annotations

import glob
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from audits.core.errors import InputError
from audits.data.fingerprint import compute_fingerprint
from audits.data.sql import fetch_one, list_columns, literal, quote
from audits.data.typed import Reading, find_unused_missing, render_typed

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

AS_IT_IS = Reading()

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


def read_frame(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    """Return a query's result as a pandas frame, text columns as pandas strings."""
    frame: pd.DataFrame = connection.sql(sql).to_arrow_table().to_pandas()
    return frame


@dataclass(frozen=True, slots=True)
class Source:
    """Readable files: `view` is the name of the DuckDB view over them. unused_missing: declared
    missing values that stand nowhere in them."""

    text: str
    files: tuple[Path, ...]
    format: str
    sha256: str
    view: str
    unused_missing: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class _Relation:
    """SQL for the rows of files. raw: the same, every value as it is written. natural: the types
    that columns read as text would have had."""

    sql: str
    raw: str
    natural: Mapping[str, str]


def _read_csv(
    connection: duckdb.DuckDBPyConnection, files: tuple[Path, ...], reading: Reading
) -> _Relation:
    """Return how the files are read: looked through once here, not again by every query."""
    names = ", ".join(literal(str(path)) for path in files)
    nulls = ", ".join(literal(text) for text in dict.fromkeys(("", *reading.missing)))
    # Types come from every row, so that a late text cannot break the read half-way. Only numbers
    # are guessed: "yes", "t" and dates stay the texts that a model was trained on.
    guessing = (
        f"header=true, sample_size=-1, nullstr=[{nulls}], "
        "auto_type_candidates=['BIGINT', 'DOUBLE', 'VARCHAR']"
    )
    looks = {_sniff_csv(connection, path, guessing) for path in files}
    natural: dict[str, str] = {}
    for _, columns in looks:
        for name, kind in columns:
            natural[name] = max(natural.get(name, kind), kind, key=_CSV_TYPES.index)
    if len(looks) > 1:  # files that differ are matched with each other by DuckDB
        texts = _render_types({n: "VARCHAR" for n in natural if n in reading.as_text})
        typed = f", types={texts}" if texts != "{}" else ""
        return _Relation(
            f"read_csv([{names}], {guessing}{typed})",
            f"read_csv([{names}], header=true, all_varchar=true, nullstr='')",
            natural,
        )
    (written, _) = looks.pop()
    read = {n: "VARCHAR" if n in reading.as_text else kind for n, kind in natural.items()}
    start = f"read_csv([{names}], auto_detect=false, header=true, {written}"
    return _Relation(
        f"{start}, nullstr=[{nulls}], columns={_render_types(read)})",
        f"{start}, nullstr='', columns={_render_types(dict.fromkeys(natural, 'VARCHAR'))})",
        natural,
    )


_CSV_TYPES = ("BIGINT", "DOUBLE", "VARCHAR")
"""Types of columns of a CSV, each able to hold those before it."""


def _render_types(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{literal(n)}: {literal(kind)}" for n, kind in types.items()) + "}"


def _sniff_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, guessing: str
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return how a file is written, as options of read_csv, and its columns with their types."""
    found = fetch_one(
        connection,
        "SELECT Delimiter, Quote, Escape, Comment, SkipRows, Columns "
        f"FROM sniff_csv({literal(str(path))}, {guessing})",
    )
    assert found is not None  # one row, or an error
    delimiter, *marks, skipped, columns = found
    mark, escape, comment = (literal("" if text == _NO_MARK else text) for text in marks)
    written = (
        f"delim={literal(delimiter)}, quote={mark}, escape={escape}, comment={comment}, "
        f"skip={int(skipped)}"
    )
    return written, tuple((c["name"], c["type"]) for c in columns)


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
    reading: Reading = AS_IT_IS,
) -> Source:
    """Make the DuckDB view `view` over the file(s) that `text` names, relative to `base`.

    Columns of codes and ids in `reading.texts` have their text in a column of its own, whose name
    begins with `TEXT_MARK`, where they look like numbers.

    Raises InputError where a file is missing, empty, of an unknown kind or unreadable.
    """
    files = find_files(text, base, role)
    kind, raw = open_files(connection, files, text=text, view=view, role=role, reading=reading)
    unused = find_unused_missing(connection, raw, reading.missing)
    return Source(text, files, kind, compute_fingerprint(files), view, unused)


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
    reading: Reading = AS_IT_IS,
    rows: int | None = None,
) -> tuple[str, str]:
    """Make the DuckDB view `view` over files of one kind, and return the kind and SQL for their
    rows with every value as it is written: as `open_source`, without reading the files for their
    digest.

    text: what a message calls them. rows: keep so many of the first rows in memory, and make the
    view of them, so that the files are read once.
    """
    kind = detect_format(files[0])
    try:
        if kind == "arrow":
            register_arrow(connection, view, files)
            found = _Relation(f"{view}_files", f"{view}_files", {})
        elif kind == "parquet":
            parquet = f"read_parquet([{', '.join(literal(str(path)) for path in files)}])"
            found = _Relation(parquet, parquet, {})
        else:
            found = _read_csv(connection, files, reading)
        relation = found.sql
        if rows is not None:
            connection.execute(f"CREATE TABLE {view}_rows AS SELECT * FROM {relation} LIMIT {rows}")
            relation = f"{view}_rows"
        if kind == "csv":
            numeric = {n for n in reading.texts if found.natural.get(n) != "VARCHAR"}
            relation = _with_booleans(connection, relation, numeric | set(reading.types))
        relation = render_typed(connection, relation, reading, found.natural, f"{role} {text!r}")
        connection.execute(f"CREATE VIEW {view} AS SELECT * FROM {relation}")
        empty = fetch_one(connection, f"SELECT 1 FROM {view} LIMIT 1") is None
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"{role} {text!r} cannot be read as {kind}: {first}") from error
    if empty:
        raise InputError(f"{role} {text!r} has no rows")
    return kind, found.raw
