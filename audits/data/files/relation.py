"""Files of one kind as one relation: each opened, unpacked where it must be, its columns by the
names that the data gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from audits.core.report.report import Notice
from audits.data.files.arrow_file import (
    open_arrow,
    read_arrow_part,
    read_parquet_part,
    render_parquet,
)
from audits.data.files.csv_file import (
    CsvFile,
    find_types,
    list_notices,
    open_csv,
    render_comma_tests,
    render_csv,
)
from audits.data.files.excel import read_workbook
from audits.data.files.find import detect_format, read_partitions
from audits.data.files.form import FileForm
from audits.data.files.parts import Part, check_partitions, check_parts, list_runs, render_union
from audits.data.files.unpack import unpack_table
from audits.data.sql import fetch_one, literal, quote
from audits.data.values.typed import Reading

_GUESSED = "auto_type_candidates=['BIGINT', 'DOUBLE', 'VARCHAR']"
# Only numbers are guessed: "yes", "t" and dates stay the texts that a model was trained on.
_TYPES = ("BIGINT", "DOUBLE", "VARCHAR")
"""Types of columns of a text file, each able to hold those before it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where files are opened. view: the name of what will be made of them; role: what messages call
    them; copies: a folder for what has to be unpacked or written anew."""

    connection: duckdb.DuckDBPyConnection
    view: str
    role: str
    form: FileForm
    copies: Path


@dataclass(frozen=True, slots=True)
class Relation:
    """SQL for the rows of files. kind: what they are. raw: the same, every value as it is written.
    natural: the types that columns read as text would have had. arrow: files to be registered by
    name. notices, repeated: see `Opened`."""

    kind: str
    sql: str
    raw: str
    natural: Mapping[str, str] = field(default_factory=dict)
    arrow: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    repeated: tuple[str, ...] = ()


def open_relation(
    place: Place, files: tuple[Path, ...], reading: Reading, texts: list[CsvFile]
) -> Relation:
    """Return the relation of files of one kind.

    texts: gets text files as they are opened, so that a fault in one can be told. Raises InputError
    where files do not go together, or one cannot be read; duckdb.Error and pyarrow.ArrowException
    for rows that cannot.
    """
    kind = detect_format(files[0])
    if kind == "zip":
        files = tuple(unpack_table(path, place.copies, place.role) for path in files)
        kind = detect_format(files[0])
    if kind == "csv":
        return _open_texts(place, files, reading, texts)
    if kind == "excel":
        read = [read_workbook(p, place.form.sheet, place.copies, place.role) for p in files]
        notices = tuple(notice for _, found in read for notice in found)
        return _open_parquet(place, tuple(file for file, _ in read), kind, notices)
    if kind == "arrow":
        ready = tuple(open_arrow(path, place.copies) for path in files)
        if all(path.suffix == ".parquet" for path in ready):
            return _open_parquet(place, ready, kind)
        return _open_arrow(place, ready)
    return _open_parquet(place, files, kind)


def _open_texts(
    place: Place, files: tuple[Path, ...], reading: Reading, texts: list[CsvFile]
) -> Relation:
    for path in files:
        texts.append(open_csv(place.connection, path, place.form, place.copies, place.role))
    unknown = (None,) * len(texts[0].names)
    check_parts([Part(f.origin.name, f.names, unknown[: len(f.names)]) for f in texts], place.role)
    nulls = ", ".join(literal(text) for text in dict.fromkeys(("", *reading.missing)))
    options, decimal = f", nullstr=[{nulls}]", place.form.decimal
    natural, comma = _find_types(place, texts, options, decimal)
    if comma:
        decimal = ","
        natural, _ = _find_types(place, texts, options, decimal)
    if decimal is not None:
        options += f", decimal_separator={literal(decimal)}"
    read = {n: "VARCHAR" if n in reading.as_text else kind for n, kind in natural.items()}
    plain = dict.fromkeys(natural, "VARCHAR")
    notices = [notice for file in texts for notice in list_notices(file, place.role)]
    if comma:
        notices.append(Notice(
            code="data.decimal_comma",
            text=f"{place.role} {texts[0].origin.name!r}: numbers are read with a decimal comma",
        ))  # fmt: skip
    sql = _render_texts(texts, read, options)
    if decimal == ",":
        sql = _with_points(sql, reading, natural)
    return Relation(
        "csv", sql, _render_texts(texts, plain, ", nullstr=''"), natural, {}, tuple(notices),
        tuple(name for file in texts for name in file.repeated),
    )  # fmt: skip


def _render_texts(texts: Sequence[CsvFile], types: Mapping[str, str], options: str) -> str:
    relations = []
    for run in list_runs([(file.way, file.names) for file in texts]):
        part = texts[run.start : run.stop]
        own = [types[name] for name in part[0].names]
        relations.append((render_csv(part, own, options), part[0].names))
    return render_union(texts[0].names, relations)


def _with_points(sql: str, reading: Reading, natural: Mapping[str, str]) -> str:
    """Write numbers that are read as text with a point, which casts to numbers insist on."""
    changed = [
        f"replace({quote(name)}, ',', '.') AS {quote(name)}"
        for name in natural
        if name in reading.as_text
        and (natural[name] == "DOUBLE" or reading.types.get(name) == "number")
    ]
    return f"(SELECT * REPLACE ({', '.join(changed)}) FROM {sql})" if changed else sql


def _find_types(
    place: Place, texts: Sequence[CsvFile], options: str, decimal: str | None
) -> tuple[dict[str, str], bool]:
    """Return each column's type over all files, and whether their numbers surely have a decimal
    comma though none is declared. Types come from every row, so that a late text cannot break the
    read half-way."""
    widest: dict[str, str] = {}
    comma = False
    guessing = f"{options}, {_GUESSED}"
    if decimal is not None:
        guessing += f", decimal_separator={literal(decimal)}"
    for file in texts:
        types = dict(zip(file.names, find_types(place.connection, file, guessing), strict=True))
        asks = decimal is None and file.dialect.delimiter != ","
        found = [name for name, kind in types.items() if kind == "VARCHAR"]
        if found and (asks or len(texts) > 1):
            tests = ", ".join(
                f"count({quote(name)}) > 0, {render_comma_tests(quote(name))}" for name in found
            )
            relation = render_csv([file], list(types.values()), options)
            answers = fetch_one(place.connection, f"SELECT {tests} FROM {relation}") or ()
            comma |= asks and any(answers[1::2]) and "DOUBLE" not in types.values()
            for name, filled in zip(found, answers[::2], strict=True):
                if not filled:
                    del types[name]
        for name, kind in types.items():
            widest[name] = max(widest.get(name, kind), kind, key=_TYPES.index)
    return {name: widest.get(name, "VARCHAR") for name in texts[0].names}, comma


def _open_parquet(
    place: Place, files: tuple[Path, ...], kind: str, notices: tuple[Notice, ...] = ()
) -> Relation:
    parts = [read_parquet_part(path) for path in files]
    check_parts(parts, place.role)
    given = read_partitions(files) if kind == "parquet" else {}
    check_partitions(given, parts[0].names, place.role)
    relations = []
    for run in list_runs([(part.names, part.types) for part in parts]):
        own = parts[run.start].names
        relations.append((render_parquet(files[run.start : run.stop], own, given), (*own, *given)))
    sql = render_union((*parts[0].names, *given), relations)
    return Relation(kind, sql, sql, notices=notices)


def _open_arrow(place: Place, files: tuple[Path, ...]) -> Relation:
    parts = [read_arrow_part(path) for path in files]
    check_parts(parts, place.role)
    runs = list(list_runs([(part.names, part.types) for part in parts]))
    arrow = {f"{place.view}_files{n}": files[run.start : run.stop] for n, run in enumerate(runs)}
    relations = [(name, parts[run.start].names) for name, run in zip(arrow, runs, strict=True)]
    sql = render_union(parts[0].names, relations)
    return Relation("arrow", sql, sql, arrow=arrow)
