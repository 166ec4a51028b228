"""The audited rows: files opened, checked against the spec, and read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.errors import InputError
from audits.core.report import Notice
from audits.core.spec import AuditSpec, DataSection
from audits.data.kept import check_values, render_kept_columns
from audits.data.outcome import tabulate_classes
from audits.data.overrides import open_overrides
from audits.data.protected import MARK, check_protected, check_reference_groups
from audits.data.schema import Column, find_column, tabulate_columns
from audits.data.source import Source, fetch_one, open_source, quote, read_frame, register_arrow

ROWS_VIEW = "assay_rows"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: what the model may see, and what the audit keeps of them.

    frame: every column of the data. kept: columns `row`, `y_true`, the protected groups, and
    where declared `weight`, `y_pred` (given decisions) and `y_score` (given scores).
    """

    start: int
    frame: pd.DataFrame
    kept: pd.DataFrame


@dataclass(frozen=True, slots=True)
class AuditTable:
    """The data of one audit behind a DuckDB view. `classes` is () unless multiclass.

    grouped: the columns kept as groups, the protected ones first, then the legitimate ones.
    overrides: what single rows may change (see `open_overrides`), None where none are declared.
    notices: what a reader must know of the data, though it stopped nothing.
    """

    connection: duckdb.DuckDBPyConnection
    source: Source
    rows: int
    columns: tuple[Column, ...]
    protected: tuple[str, ...]
    grouped: tuple[str, ...]
    classes: tuple[str, ...]
    kept_names: tuple[str, ...]
    reference: Source | None
    reference_rows: int
    reference_columns: int
    overrides: pd.DataFrame | None = None
    notices: tuple[Notice, ...] = ()

    def batches(self, size: int) -> Iterator[Batch]:
        """Yield the rows in the order of the files, at most `size` at a time."""
        names = [column.name for column in self.columns]
        marked = [MARK + name for name in self.kept_names]
        start = 0
        for record_batch in self._read(f"SELECT * FROM {ROWS_VIEW}", size):
            frame = record_batch.to_pandas()
            kept = frame[marked].rename(columns=dict(zip(marked, self.kept_names, strict=True)))
            if "row" not in kept:
                numbers = np.arange(start, start + len(frame))
                kept.insert(0, "row", pd.Series(numbers).astype(str))
            yield Batch(start, frame[names], kept)
            start += len(frame)

    def column_batches(self, columns: Sequence[Column], size: int) -> Iterator[pa.RecordBatch]:
        """Yield some columns in the order of the files: numbers as float64, all else as text."""
        chosen = ", ".join(
            f"CAST({quote(column.name)} AS {'DOUBLE' if column.is_numeric else 'VARCHAR'})"
            for column in columns
        )
        yield from self._read(f"SELECT {chosen} FROM {ROWS_VIEW}", size)

    def raw_batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """Yield the data's columns as they are, in the order of the files."""
        chosen = ", ".join(quote(column.name) for column in self.columns)
        yield from self._read(f"SELECT {chosen} FROM {ROWS_VIEW}", size)

    def _read(self, sql: str, size: int) -> Iterator[pa.RecordBatch]:
        cursor = self.connection.cursor()
        if self.source.format == "arrow":
            register_arrow(cursor, self.source.view, self.source.files)
        yield from cursor.sql(sql).to_arrow_reader(size)
        cursor.close()

    def read_rows(self, positions: np.ndarray) -> pd.DataFrame:
        """Return the data's rows at the given positions (from 0), in rising order."""
        return _read_positions(self.connection, ROWS_VIEW, positions)[
            [column.name for column in self.columns]
        ]

    def sample_reference(self, size: int, generator: np.random.Generator) -> pd.DataFrame:
        """Return at most `size` rows of the reference data (the audited data where none is)."""
        view = self.reference.view if self.reference else self.source.view
        total = self.reference_rows if self.reference else self.rows
        if total <= size:
            return read_frame(self.connection, f"SELECT * FROM {view}")
        positions = np.sort(generator.choice(total, size=size, replace=False))
        return _read_positions(self.connection, view, positions).drop(columns="__position")


def _read_positions(
    connection: duckdb.DuckDBPyConnection, view: str, positions: np.ndarray
) -> pd.DataFrame:
    wanted = pd.DataFrame({"position": np.asarray(positions, dtype=np.int64)})
    connection.register("assay_wanted", wanted)
    try:
        return read_frame(
            connection,
            f"SELECT * FROM (SELECT *, row_number() OVER () - 1 AS __position FROM {view}) "
            "WHERE __position IN (SELECT position FROM assay_wanted) ORDER BY __position",
        )
    finally:
        connection.unregister("assay_wanted")


def _join_protected(
    connection: duckdb.DuckDBPyConnection, data: DataSection, base: Path, view: str
) -> str:
    """Return the view that also has the protected columns kept in a separate file."""
    if data.protected_path is None:
        return view
    if data.key is None:
        raise InputError("protected_path needs key, the column that both files share")
    open_source(
        connection,
        data.protected_path,
        base=base,
        view="assay_people",
        role="protected_path",
        missing=data.missing,
    )
    here = {column.name for column in tabulate_columns(connection, view)[1]}
    people = tabulate_columns(connection, "assay_people")[1]
    find_column(tabulate_columns(connection, view)[1], data.key, "key")
    find_column(people, data.key, "key (in protected_path)")
    key = quote(data.key)
    repeated = fetch_one(
        connection, f"SELECT {key} FROM assay_people GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
    )
    if repeated is not None:
        raise InputError(
            f"protected_path: key {data.key!r} is not unique ({repeated[0]!r} repeats)"
        )
    taken = [column.name for column in people if column.name in here and column.name != data.key]
    if clash := sorted(set(taken) & set(data.protected)):
        raise InputError(f"protected column {clash[0]!r} is in both files; keep it in one")
    added = [quote(c.name) for c in people if c.name not in here]
    # A correlated look-up keeps the file's row order, which a join would not promise.
    lookups = ", ".join(
        f"(SELECT p.{name} FROM assay_people p WHERE p.{key} = d.{key}) AS {name}" for name in added
    )
    connection.execute(f"CREATE VIEW assay_joined AS SELECT d.*, {lookups} FROM {view} d")
    return "assay_joined"


def open_table(connection: duckdb.DuckDBPyConnection, spec: AuditSpec, base: Path) -> AuditTable:
    """Open and check the audited data and its reference.

    Raises InputError for whatever the spec names that the files do not have.
    """
    data = spec.data
    source = open_source(
        connection, data.path, base=base, view="assay_source", role="data", missing=data.missing
    )
    view = _join_protected(connection, data, base, source.view)
    rows, columns = tabulate_columns(connection, view)
    protected = check_protected(columns, data)
    kept = render_kept_columns(connection, spec, view, columns, protected)
    marked = ", ".join(f"{sql} AS {quote(MARK + name)}" for name, sql in kept.items())
    chosen = f"*, {marked}" if marked else "*"
    connection.execute(f"CREATE VIEW {ROWS_VIEW} AS SELECT {chosen} FROM {view}")
    check_values(connection, ROWS_VIEW, kept)
    check_reference_groups(connection, ROWS_VIEW, data)
    classes: tuple[str, ...] = ()
    if spec.audit.task == "multiclass" and data.target:
        target = find_column(columns, data.target, "target")
        classes = tabulate_classes(connection, view, target)
    reference, reference_rows, reference_columns = None, 0, 0
    if data.reference:
        reference = open_source(
            connection,
            data.reference,
            base=base,
            view="assay_reference",
            role="reference",
            missing=data.missing,
        )
        reference_rows, reference_schema = tabulate_columns(connection, reference.view)
        reference_columns = len(reference_schema)
    return AuditTable(
        connection,
        source,
        rows,
        columns,
        tuple(data.protected),
        tuple(column.name for column in protected),
        classes,
        tuple(kept),
        reference,
        reference_rows,
        reference_columns,
        open_overrides(
            connection, spec.recourse.overrides, base, [column.name for column in columns]
        ),
    )
