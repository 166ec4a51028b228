"""CSV files as relations: looked through once, here, and read as found by every later query."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from audits.core.errors import InputError
from audits.core.report.report import Notice
from audits.data.files.csv_dialect import (
    HEAD_BYTES,
    Dialect,
    QuotesError,
    find_dialect,
    looks_spaced,
    make_names,
    split_lines,
)
from audits.data.files.form import FileForm
from audits.data.files.text_file import (
    PACKED,
    find_encoding,
    has_mixed_ends,
    is_utf8,
    iterate_text,
    read_head,
    write_utf8,
)
from audits.data.sql import encode_name, fetch_one, literal

_NATIVE = {".gz": "gzip", ".zst": "zstd"}
_LONGEST_HEAD = 1 << 24
_SHOWN = 80
_DECIMAL_COMMA = "regexp_full_match({x}, '\\s*[+-]?\\d+(,\\d+)?([eE][+-]?\\d+)?\\s*')"
_THOUSANDS = "regexp_full_match({x}, '\\s*[+-]?\\d{{1,3}}(,\\d{{3}})*\\s*')"


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One file and how it is written. path: of the text in UTF-8, which may be a copy; origin: the
    file that people know. repeated: names that stand more than once in the header."""

    path: Path
    origin: Path
    dialect: Dialect
    names: tuple[str, ...]
    repeated: tuple[str, ...]

    @property
    def way(self) -> str:
        """How it is written, as options of read_csv and sniff_csv."""
        look = self.dialect
        packed = _NATIVE.get(self.path.suffix.lower(), "none")
        return (
            f"delim={literal(look.delimiter)}, quote={literal(look.quote)}, "
            f"escape={literal(look.escape)}, comment='', skip={look.skip}, header=true, "
            f"compression='{packed}'"
        )


def open_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, form: FileForm, copies: Path, role: str
) -> CsvFile:
    """Find out how a file is written. copies: a folder for a copy in UTF-8, where one is needed.

    Raises InputError where the file is not in its encoding, or no dialect is proven.
    """
    encoding = find_encoding(path, form.encoding, role)
    ending = path.suffix.lower()
    if is_utf8(encoding) and (ending in _NATIVE or ending not in PACKED):
        if has_mixed_ends(path, encoding, role):
            return _mend_ends(connection, _look(path, path, form, role), copies, role)
        return _look(path, path, form, role)
    readable = copies / f"{len(list(copies.iterdir()))}.csv"
    write_utf8(path, encoding, readable, role, newlines=True)
    return _look(readable, path, form, role)


def _mend_ends(
    connection: duckdb.DuckDBPyConnection, file: CsvFile, copies: Path, role: str
) -> CsvFile:
    """Return the file, or a copy in which all lines end alike where the database insists on it:
    inside quotes it does not."""
    try:
        find_types(connection, file, "")
    except duckdb.Error:
        target = copies / f"{len(list(copies.iterdir()))}.csv"
        write_utf8(file.path, "utf-8", target, role, newlines=True)
        return replace(file, path=target)
    return file


def _look(readable: Path, origin: Path, form: FileForm, role: str) -> CsvFile:
    size = HEAD_BYTES
    while True:
        head = read_head(readable, size)
        whole = len(head) < size
        if whole or head.count(b"\n") > 2 or size >= _LONGEST_HEAD:
            break
        size *= 8
    text = head.decode("utf-8-sig", errors="ignore")
    where = f"{role} {origin.name!r}"
    dialect = find_dialect(text, whole=whole, delimiter=form.delimiter, where=where)
    if len(dialect.names) == 1 and looks_spaced(text):
        raise InputError(
            f"{where} has one column, {dialect.names[0]!r}; if blanks part its fields, declare "
            'delimiter = " " under [data]',
            setting="data.delimiter",
        )
    if not dialect.names:
        raise InputError(f"{where} has no header: its first line must name the columns")
    names, repeated = make_names(dialect.names)
    return CsvFile(readable, origin, dialect, names, repeated)


def find_types(
    connection: duckdb.DuckDBPyConnection, file: CsvFile, options: str
) -> tuple[str, ...]:
    """Return the type of each column, from every row. options: of sniff_csv, beside the file's
    own. Raises duckdb.Error where the rows cannot be read."""
    found = fetch_one(
        connection,
        f"SELECT Columns FROM sniff_csv({_name(file.path)}, {file.way}, sample_size=-1{options})",
    )
    assert found is not None  # one row, or an error
    return tuple(str(column["type"]) for column in found[0])


def render_csv(files: Sequence[CsvFile], types: Sequence[str], options: str) -> str:
    """Return the relation of files that are written alike. options: of read_csv."""
    paths = ", ".join(_name(file.path) for file in files)
    columns = ", ".join(
        f"{literal(encode_name(name))}: '{kind}'"
        for name, kind in zip(files[0].names, types, strict=True)
    )
    return f"read_csv([{paths}], auto_detect=false, {files[0].way}, columns={{{columns}}}{options})"


def _name(path: Path) -> str:
    return literal(glob.escape(str(path)))


def render_comma_tests(column: str) -> str:
    """Return SQL of whether all values of a text column are numbers with a decimal comma, of which
    some cannot be numbers with separated thousands."""
    every = f"bool_and({_DECIMAL_COMMA.format(x=column)})"
    some = f"bool_or(NOT {_THOUSANDS.format(x=column)})"
    return f"coalesce({every} AND {some}, false)"


def explain_fault(files: Sequence[CsvFile], role: str, error: Exception) -> str:
    """Return which line of which file cannot be read, what it holds and what to do; what the
    database says where every line has its fields."""
    for file in files:
        where = f"{role} {file.origin.name!r}"
        if fault := _find_fault(file, where):
            return fault
    first = str(error).strip().splitlines()[0].removeprefix("Invalid Input Error: ")
    return f"{role} {files[0].origin.name!r} cannot be read as csv: {first}"


def _iterate_lines(path: Path, role: str) -> Iterator[str]:
    rest = ""
    for block in iterate_text(path, "utf-8", role):
        lines = split_lines(rest + block)
        rest = lines.pop() if lines and block else ""
        yield from lines
    if rest:
        yield rest


def _find_fault(file: CsvFile, where: str) -> str | None:
    records = file.dialect.read(_iterate_lines(file.path, where))
    wanted = len(file.names)
    try:
        next(records, None)
        for line, record in records:
            if len(record) != wanted:
                return _describe_row(file, where, line, record)
    except QuotesError as error:
        way = (
            "has text after a quoted field; double the quotes inside quoted fields"
            if error.closed
            else "opens a quote that is never closed; close it, or double it inside a quoted field"
        )
        return f"{where}: line {error.line} {way}"
    return None


def _describe_row(file: CsvFile, where: str, line: int, record: Sequence[str]) -> str:
    sign = file.dialect.delimiter
    shown = sign.join(record)
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + " …"
    found, wanted = len(record), len(file.names)
    if any("\n" in field for field in record):
        way = f"a quote that opens in line {line} closes too late; close it, or double it"
    elif found > wanted and line == file.dialect.skip + 2 and found == wanted + 1:
        way = (
            "if it has row names (R), write them with a name or not at all; else put the field "
            f"that holds {sign!r} in quotes"
        )
    elif found > wanted:
        way = f"put a field that holds {sign!r} in quotes, or mend or remove the line"
    else:
        way = "fill in what is missing, or remove the line"
    fields = "field" if found == 1 else "fields"
    return f"{where}: line {line} has {found} {fields}, the header has {wanted}: {shown!r}; {way}"


def list_notices(file: CsvFile, role: str) -> Iterator[Notice]:
    """Yield what a reader must know of how a file was read."""
    where = f"{role} {file.origin.name!r}"
    if file.dialect.left_out:
        first = file.dialect.left_out[0]
        shown = first if len(first) <= _SHOWN else first[:_SHOWN] + " …"
        yield Notice(
            code="data.lines_before_header",
            text=f"{where}: {len(file.dialect.left_out)} line(s) before the header were left out, "
            f"the first is {shown!r}",
        )
    for name in file.repeated:
        yield Notice(
            code="data.repeated_column",
            text=f"{where}: the column name {name!r} stands more than once in the header; the "
            f"second is read as {name + '_1'!r}",
        )
