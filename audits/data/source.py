"""Files as DuckDB relations: text, Parquet, Arrow and Excel; one, a folder or a pattern; never the
network."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from audits.core.errors import InputError
from audits.core.report import Notice
from audits.data.arrow_file import (
    open_arrow,
    read_arrow_part,
    read_parquet_part,
    render_parquet,
)
from audits.data.csv_file import (
    CsvFile,
    explain_fault,
    find_types,
    list_notices,
    open_csv,
    render_comma_tests,
    render_csv,
)
from audits.data.excel import read_workbook
from audits.data.files import detect_format, find_files, read_partitions
from audits.data.fingerprint import compute_fingerprint
from audits.data.form import FileForm
from audits.data.parts import Part, check_partitions, check_parts, list_runs, render_union
from audits.data.sql import (
    MARK,
    RESERVED,
    connect,
    decode_name,
    encode_name,
    fetch_one,
    list_columns,
    literal,
    quote,
    read_frame,
    to_frame,
)
from audits.data.unpack import unpack_table

__all__ = [
    "MARK",
    "RESERVED",
    "FileForm",
    "Opened",
    "Source",
    "connect",
    "decode_name",
    "detect_format",
    "encode_name",
    "fetch_one",
    "find_files",
    "literal",
    "open_files",
    "open_source",
    "quote",
    "read_frame",
    "register_arrow",
    "to_frame",
]

_GUESSED = "auto_type_candidates=['BIGINT', 'DOUBLE', 'VARCHAR']"
# Only numbers are guessed: "yes", "t" and dates stay the texts that a model was trained on.
_RANKS = ("BIGINT", "DOUBLE", "VARCHAR")

PLAIN = FileForm()


@dataclass(frozen=True, slots=True)
class Opened:
    """Files made readable. kind: what they are; arrow: for each part of Arrow files, see
    `register_arrow`. notices: what a reader must know of how they were read. repeated: names that
    stand more than once in a header. texts: text files, to say which line is at fault. copies: the
    folder of what had to be unpacked or written anew, which goes when this does."""

    kind: str
    copies: tempfile.TemporaryDirectory[str]
    arrow: tuple[tuple[Path, ...], ...] = ()
    notices: tuple[Notice, ...] = ()
    repeated: tuple[str, ...] = ()
    texts: tuple[CsvFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Readable files: `view` is the name of the DuckDB view over them."""

    text: str
    files: tuple[Path, ...]
    format: str
    sha256: str
    view: str
    role: str
    opened: Opened

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
    connection: duckdb.DuckDBPyConnection, view: str, parts: Sequence[tuple[Path, ...]]
) -> None:
    """Make Arrow files readable for `view`; DuckDB knows them by connection, cursors too."""
    for place, files in enumerate(parts):
        dataset = ds.dataset([str(path) for path in files], format="ipc")
        connection.register(f"{view}_files{place}", dataset)


def open_source(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    *,
    base: Path,
    view: str,
    role: str,
    missing: tuple[str, ...] = (),
    form: FileForm = PLAIN,
) -> Source:
    """Make the DuckDB view `view` over the file(s) that `text` names, relative to `base`.

    missing: texts that are read as no value. form: what is declared of the files. Raises
    InputError where a file is missing, empty, of an unknown kind or unreadable.
    """
    files = find_files(text, base, role)
    opened = open_files(
        connection, files, text=text, view=view, role=role, missing=missing, form=form
    )
    try:
        sha256 = compute_fingerprint(files, read_partitions(files))
    except OSError as error:
        raise InputError(f"{role} {text!r}: {error.strerror}") from error
    return Source(text, files, opened.kind, sha256, view, role, opened)


def open_files(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[Path, ...],
    *,
    text: str,
    view: str,
    role: str,
    missing: tuple[str, ...] = (),
    rows: int | None = None,
    form: FileForm = PLAIN,
) -> Opened:
    """Make the DuckDB view `view` over files of one kind: as `open_source`, without reading the
    files for their digest.

    text: what a message calls them. rows: keep so many of the first rows in memory, and make the
    view of them, so that the files are read once.
    """
    copies = tempfile.TemporaryDirectory(prefix="assay-data-")
    reading = _Reading(connection, view, role, missing, form, copies)
    texts: list[CsvFile] = []
    kind = detect_format(files[0])
    try:
        opened, relation = reading.open(files, texts)
        kind = opened.kind
        if rows is not None:
            connection.execute(f"CREATE TABLE {view}_rows AS SELECT * FROM {relation} LIMIT {rows}")
            relation = f"{view}_rows"
        if opened.texts:
            relation = _with_booleans(connection, relation)
        else:
            relation = _with_declared_missing(connection, relation, missing)
        connection.execute(f"CREATE VIEW {view} AS SELECT * FROM {relation}")
        empty = fetch_one(connection, f"SELECT 1 FROM {view} LIMIT 1") is None
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise _explain(texts, role, text, kind, error) from error
    if empty:
        raise InputError(f"{role} {text!r} has no rows")
    return opened


@dataclass(frozen=True, slots=True)
class _Reading:
    """One act of opening: where to, and what is declared."""

    connection: duckdb.DuckDBPyConnection
    view: str
    role: str
    missing: tuple[str, ...]
    form: FileForm
    copies: tempfile.TemporaryDirectory[str]

    @property
    def folder(self) -> Path:
        return Path(self.copies.name)

    def open(self, files: tuple[Path, ...], texts: list[CsvFile]) -> tuple[Opened, str]:
        """Return the files made readable and their relation; `texts` gets text files as they are
        opened, so that a fault in one can be told."""
        kind = detect_format(files[0])
        if kind == "zip":
            files = tuple(unpack_table(path, self.folder, self.role) for path in files)
            kind = detect_format(files[0])
        if kind == "csv":
            return self._open_texts(files, texts)
        notices: tuple[Notice, ...] = ()
        if kind == "excel":
            read = [read_workbook(p, self.form.sheet, self.folder, self.role) for p in files]
            files = tuple(file for file, _ in read)
            notices = tuple(notice for _, found in read for notice in found)
            return self._open_parquet(files, kind, notices)
        if kind == "arrow":
            ready = [open_arrow(path, self.folder) for path in files]
            if all(path.suffix == ".parquet" for path in ready):
                return self._open_parquet(tuple(ready), kind, notices)
            return self._open_arrow(tuple(ready))
        return self._open_parquet(files, kind, notices)

    def _open_texts(self, files: tuple[Path, ...], texts: list[CsvFile]) -> tuple[Opened, str]:
        for path in files:
            texts.append(open_csv(self.connection, path, self.form, self.folder, self.role))
        check_parts(
            [Part(f.origin.name, f.names, (None,) * len(f.names)) for f in texts], self.role
        )
        names = texts[0].names
        nulls = ", ".join(literal(text) for text in dict.fromkeys(("", *self.missing)))
        options = f", nullstr=[{nulls}]"
        decimal = self.form.decimal
        types, comma = self._find_types(texts, options, decimal)
        if decimal is None and comma:
            decimal = ","
            types, _ = self._find_types(texts, options, decimal)
        if decimal is not None:
            options += f", decimal_separator={literal(decimal)}"
        relations = []
        for run in list_runs([(file.way, file.names) for file in texts]):
            part = texts[run.start : run.stop]
            own = [types[name] for name in part[0].names]
            relations.append((render_csv(part, own, options), part[0].names))
        notices = [notice for file in texts for notice in list_notices(file, self.role)]
        if comma:
            notices.append(Notice(
                code="data.decimal_comma",
                text=f"{self.role} {texts[0].origin.name!r}: numbers are read with a decimal comma",
            ))  # fmt: skip
        repeated = tuple(name for file in texts for name in file.repeated)
        opened = Opened("csv", self.copies, (), tuple(notices), repeated, tuple(texts))
        return opened, render_union(names, relations)

    def _find_types(
        self, texts: Sequence[CsvFile], options: str, decimal: str | None
    ) -> tuple[dict[str, str], bool]:
        """Return each column's type over all files, and whether their numbers surely have a
        decimal comma. Types come from every row, so that a late text cannot break the read."""
        widest: dict[str, str] = {}
        comma = False
        guessing = f"{options}, {_GUESSED}"
        if decimal is not None:
            guessing += f", decimal_separator={literal(decimal)}"
        for file in texts:
            types = dict(zip(file.names, find_types(self.connection, file, guessing), strict=True))
            asks = decimal is None and file.dialect.delimiter != ","
            found = [name for name, kind in types.items() if kind == "VARCHAR"]
            if found and (asks or len(texts) > 1):
                tests = ", ".join(
                    f"count({quote(name)}) > 0, {render_comma_tests(quote(name))}" for name in found
                )
                relation = render_csv([file], list(types.values()), options)
                answers = fetch_one(self.connection, f"SELECT {tests} FROM {relation}") or ()
                for name, filled in zip(found, answers[::2], strict=True):
                    if not filled:
                        del types[name]
                comma |= asks and any(answers[1::2]) and "DOUBLE" not in types.values()
            for name, kind in types.items():
                widest[name] = max(widest.get(name, kind), kind, key=_RANKS.index)
        return {name: widest.get(name, "VARCHAR") for name in texts[0].names}, comma

    def _open_parquet(
        self, files: tuple[Path, ...], kind: str, notices: tuple[Notice, ...]
    ) -> tuple[Opened, str]:
        parts = [read_parquet_part(path) for path in files]
        check_parts(parts, self.role)
        given = read_partitions(files) if kind == "parquet" else {}
        check_partitions(given, parts[0].names, self.role)
        names = (*parts[0].names, *given)
        relations = []
        for run in list_runs([(part.names, part.kinds) for part in parts]):
            own = parts[run.start].names
            relations.append(
                (render_parquet(files[run.start : run.stop], own, given), (*own, *given))
            )
        return Opened(kind, self.copies, (), notices), render_union(names, relations)

    def _open_arrow(self, files: tuple[Path, ...]) -> tuple[Opened, str]:
        parts = [read_arrow_part(path) for path in files]
        check_parts(parts, self.role)
        runs = list(list_runs([(part.names, part.kinds) for part in parts]))
        arrow = tuple(files[run.start : run.stop] for run in runs)
        register_arrow(self.connection, self.view, arrow)
        relations = [
            (f"{self.view}_files{place}", parts[run.start].names) for place, run in enumerate(runs)
        ]
        return Opened("arrow", self.copies, arrow), render_union(parts[0].names, relations)


def _with_booleans(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Read columns of nothing but "true" and "false", in any case, as booleans."""
    texts = [
        quote(name)
        for name, kind in list_columns(connection, relation).items()
        if kind == "VARCHAR"
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


def _with_declared_missing(
    connection: duckdb.DuckDBPyConnection, relation: str, missing: tuple[str, ...]
) -> str:
    """Parquet and Arrow know NULL already; declared texts are missing there too."""
    if not missing:
        return relation
    texts = ", ".join(literal(text) for text in missing)
    replaced = [
        f"CASE WHEN {quote(name)} IN ({texts}) THEN NULL ELSE {quote(name)} END AS {quote(name)}"
        for name, kind in list_columns(connection, relation).items()
        if kind == "VARCHAR"
    ]
    return f"(SELECT * REPLACE ({', '.join(replaced)}) FROM {relation})" if replaced else relation
