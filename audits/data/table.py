"""The audited rows: files opened, checked against the spec, and read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.report.report import Notice
from audits.core.scale import Scale
from audits.data.files.source import Source, register_arrow
from audits.data.groups.groups import Merge
from audits.data.schema import Column
from audits.data.sql import MARK, RESERVED, quote, read_frame, to_frame

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
    notices: what a reader must know of the data, though it stopped nothing. scale: of the given
    scores, None where they are audited as they are. merges: attributes of which rare groups became
    one.
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
    scale: Scale | None = None
    merges: Mapping[str, Merge] = field(default_factory=dict)

    def batches(self, size: int) -> Iterator[Batch]:
        """Yield the rows in the order of the files, at most `size` at a time."""
        names = [column.name for column in self.columns]
        marked = [MARK + name for name in self.kept_names]
        start = 0
        for record_batch in self._read(f"SELECT * FROM {ROWS_VIEW}", size):
            frame = to_frame(record_batch)
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
        names = [column.name for column in self.columns]
        for batch in self._read(f"SELECT {chosen} FROM {ROWS_VIEW}", size):
            yield batch.rename_columns(names)

    def _read(self, sql: str, size: int) -> Iterator[pa.RecordBatch]:
        cursor = self.connection.cursor()
        register_arrow(cursor, self.source.opened.arrow)
        yield from cursor.sql(sql).to_arrow_reader(size)
        cursor.close()

    def read_rows(self, positions: np.ndarray) -> pd.DataFrame:
        """Return the data's rows at the given positions (from 0), in rising order."""
        return _read_positions(self.connection, ROWS_VIEW, positions)[
            [column.name for column in self.columns]
        ]

    def sample_reference(self, size: int, generator: np.random.Generator) -> pd.DataFrame:
        """Return at most `size` rows of the reference data (the audited data where none is)."""
        view = self.reference.view if self.reference else ROWS_VIEW
        total = self.reference_rows if self.reference else self.rows
        if total <= size:
            frame = read_frame(self.connection, f"SELECT * FROM {view}")
        else:
            positions = np.sort(generator.choice(total, size=size, replace=False))
            frame = _read_positions(self.connection, view, positions)
        return frame[[name for name in frame.columns if not name.startswith(RESERVED)]]


def _read_positions(
    connection: duckdb.DuckDBPyConnection, view: str, positions: np.ndarray
) -> pd.DataFrame:
    wanted = pd.DataFrame({"position": np.asarray(positions, dtype=np.int64)})
    connection.register("assay_wanted", wanted)
    try:
        place = RESERVED + "place"
        own = quote(place)
        found = read_frame(
            connection,
            f"SELECT * FROM (SELECT *, row_number() OVER () - 1 AS {own} FROM {view}) "
            f"WHERE {own} IN (SELECT position FROM assay_wanted) ORDER BY {own}",
        )
        return found.drop(columns=place)
    finally:
        connection.unregister("assay_wanted")
