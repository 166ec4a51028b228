"""Parquet and Arrow files: their columns, and what DuckDB cannot read of them as it is."""

from __future__ import annotations

import glob
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather, ipc

from audits.data.files.parts import Part
from audits.data.sql import list_identifiers, literal, quote

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_OLD_FEATHER = b"FEA1"
_ARROW_FILE = b"ARROW1"


def read_parquet_part(path: Path) -> Part:
    """Return the columns of a Parquet file. Raises pyarrow.ArrowException where it is none."""
    return _describe(path, pq.read_schema(path))


def read_arrow_part(path: Path) -> Part:
    """Return the columns of an Arrow file. Raises pyarrow.ArrowException where it is none."""
    with pa.memory_map(str(path)) as file:
        return _describe(path, ipc.open_file(file).schema)


def _describe(path: Path, schema: pa.Schema) -> Part:
    kinds = tuple(_name_kind(field.type) for field in schema)
    return Part(path.name, tuple(schema.names), kinds, tuple(map(str, schema.types)))


def _name_kind(kind: pa.DataType) -> str | None:
    if pa.types.is_dictionary(kind):
        return _name_kind(kind.value_type)
    if pa.types.is_null(kind):
        return None
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_temporal(kind):
        return "date"
    return "text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else str(kind)


def open_arrow(path: Path, copies: Path) -> Path:
    """Return an Arrow file that can be read in place: the file itself, or a Parquet copy of a
    stream or of Feather's first version. copies: a folder for it."""
    with path.open("rb") as file:
        head = file.read(6)
    if head == _ARROW_FILE:
        return path
    target = copies / f"{len(list(copies.iterdir()))}.parquet"
    if head[:4] == _OLD_FEATHER:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            pq.write_table(feather.read_table(path), target)
        return target
    with (
        path.open("rb") as file,
        ipc.open_stream(file) as stream,
        pq.ParquetWriter(target, stream.schema) as writer,
    ):
        for batch in stream:
            writer.write_batch(batch)
    return target


def render_parquet(
    files: Sequence[Path], names: Sequence[str], given: Mapping[str, Sequence[str | None]]
) -> str:
    """Return the relation of files with the same columns; given: those of their folders' names
    with all their values, which are numbers only where all of them are."""
    paths = ", ".join(literal(glob.escape(str(path))) for path in files)
    if not given:
        return f"read_parquet([{paths}], hive_partitioning=false)"
    kinds = ", ".join(
        f"{_plain(name)}: {'BIGINT' if _are_whole(values) else 'VARCHAR'}"
        for name, values in given.items()
    )
    added = ", ".join(f"{_plain(name)} AS {quote(name)}" for name in given)
    return (
        f"(SELECT {list_identifiers(names)}, {added} FROM read_parquet([{paths}], "
        f"hive_partitioning=true, hive_types={{{kinds}}}) AS files({list_identifiers(names)}))"
    )


def _are_whole(values: Sequence[str | None]) -> bool:
    return all(value is None or _WHOLE.fullmatch(value) for value in values)


def _plain(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
