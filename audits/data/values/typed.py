"""What columns hold: declared types, missing values in columns of any type, and the text of codes
and ids beside the number that it looks like."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import duckdb

from audits.core.errors import InputError, near_misses, one_of
from audits.core.settings.data import ColumnType
from audits.data.sql import TEXT_MARK, fetch_one, list_columns, literal, quote
from audits.data.values.spelling import read_number

_SQL_TYPES: Mapping[ColumnType, str] = {
    "text": "VARCHAR",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
}
_EXAMPLES = {"number": "1.5", "boolean": "true or false", "date": "2026-11-30"}
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
          "UINTEGER", "UBIGINT", "UHUGEINT")  # fmt: skip
_FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True, slots=True)
class Reading:
    """How columns are read where the file alone does not say. missing: values that stand for none.
    types: declared ones. texts: columns of codes, ids and groups, whose text is kept too."""

    missing: tuple[str, ...] = ()
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()

    @property
    def as_text(self) -> frozenset[str]:
        """The columns that a CSV has to give as they are written."""
        return self.texts | frozenset(self.types)


def render_typed(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    reading: Reading,
    natural: Mapping[str, str],
    title: str,
) -> str:
    """Return the relation with columns of their types, NaN and declared values missing.

    natural: types that columns read as text would have had. title: what a message calls the data.
    Raises InputError for a value that is not of the declared type.
    """
    replaced, added = {}, {}
    for name, kind in list_columns(connection, relation).items():
        declared = reading.types.get(name)
        as_numbers = natural.get(name, kind) if name in reading.texts else kind
        wanted = _SQL_TYPES[declared] if declared else as_numbers
        read = _render_missing(quote(name), kind, reading.missing)
        if wanted != kind:
            if declared not in (None, "text"):
                _check_type(connection, relation, name, read, reading.types[name], title)
            read = _render_missing(f"CAST({read} AS {wanted})", wanted, reading.missing)
        if read != quote(name):
            replaced[name] = read
        if name in reading.texts and kind == "VARCHAR" and wanted in (*_WHOLE, *_FLOATS):
            added[TEXT_MARK + name] = f"CASE WHEN ({read}) IS NOT NULL THEN trim({quote(name)}) END"
    if not replaced and not added:
        return relation
    swap = ", ".join(f"{sql} AS {quote(name)}" for name, sql in replaced.items())
    more = "".join(f", {sql} AS {quote(name)}" for name, sql in added.items())
    return f"(SELECT *{f' REPLACE ({swap})' if swap else ''}{more} FROM {relation})"


def _render_missing(value: str, kind: str, missing: Collection[str]) -> str:
    """Return SQL for a value, NULL where it stands for none: NaN, and what is declared."""
    # Not isnan: DuckDB takes it for false where the statistics of a Parquet file, which leave NaN
    # out, have both ends of the column.
    none = [f"NOT (isfinite({value}) OR isinf({value}))"] if kind in _FLOATS else []
    if listed := list(_list_missing(kind, missing)):
        text = f"CAST({value} AS VARCHAR)" if kind in ("DATE", "BOOLEAN", "UUID") else value
        none.append(f"{text} IN ({', '.join(listed)})")
    return f"CASE WHEN {' OR '.join(none)} THEN NULL ELSE {value} END" if none else value


def _list_missing(kind: str, missing: Collection[str]) -> Iterator[str]:
    """Yield the declared missing values that a column of this type can hold, as literals."""
    is_number = kind in (*_WHOLE, *_FLOATS) or kind.startswith("DECIMAL")
    is_text = kind in ("VARCHAR", "DATE", "BOOLEAN", "UUID") or kind.startswith(("ENUM", "TIME"))
    for text in missing:
        number = read_number(text)
        if is_text:
            yield literal(text)
        elif is_number and number is not None and (kind not in _WHOLE or "." not in number):
            yield f"CAST({literal(number)} AS {kind if kind in _FLOATS else 'DECIMAL(38, 9)'})"


def _check_type(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    name: str,
    read: str,
    declared: ColumnType,
    title: str,
) -> None:
    wrong = fetch_one(
        connection,
        f"SELECT n, CAST(x AS VARCHAR) FROM (SELECT row_number() OVER () AS n, {read} AS x "
        f"FROM {relation}) WHERE x IS NOT NULL AND TRY_CAST(x AS {_SQL_TYPES[declared]}) IS NULL "
        "LIMIT 1",
    )
    if wrong is not None:
        raise InputError(
            f'[data.types] {name} = "{declared}": {title} has {wrong[1]!r} in row {wrong[0]}, '
            f"which is no {declared} ({_EXAMPLES[declared]}); if it stands for no value, add it "
            "to [data] missing"
        )


def check_declared_types(types: Mapping[str, ColumnType], names: Collection[str]) -> None:
    """Raise InputError for a declared type of a column that no file has."""
    for name in types:
        if name not in names:
            hint = near_misses(name, names)
            raise InputError(
                f"[data.types] {name!r} is not a column of the data{hint} "
                f"(there are {one_of(names)})"
            )


def find_unused_missing(
    connection: duckdb.DuckDBPyConnection, raw: str, missing: Collection[str]
) -> tuple[str, ...]:
    """Return the declared missing values that stand in no column. raw: the relation as written."""
    kinds = list_columns(connection, raw)
    unused = []
    for text in missing:
        tests = [
            _render_found(quote(name), kind, text)
            for name, kind in kinds.items()
            if next(_list_missing(kind, (text,)), None) is not None
        ]
        found = bool(tests) and fetch_one(
            connection, f"SELECT 1 FROM {raw} WHERE {' OR '.join(tests)} LIMIT 1"
        )
        if not found:
            unused.append(text)
    return tuple(unused)


def _render_found(value: str, kind: str, text: str) -> str:
    """Return SQL for whether a value is the text, or the number that it is."""
    number = read_number(text)
    if kind != "VARCHAR":
        listed = next(_list_missing(kind, (text,)))
        shown = f"CAST({value} AS VARCHAR)" if kind in ("DATE", "BOOLEAN", "UUID") else value
        return f"{shown} = {listed}"
    same = f"{value} = {literal(text)}"
    return f"({same} OR TRY_CAST({value} AS DOUBLE) = {float(number)!r})" if number else same


def render_text(name: str, present: Collection[str]) -> str:
    """Return SQL for a column's values as they stand in the file, missing as NULL.

    present: the relation's columns, with those that have the text of others.
    """
    own = TEXT_MARK + name
    return quote(own) if own in present else f"CAST({quote(name)} AS VARCHAR)"
