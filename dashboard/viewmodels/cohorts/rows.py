"""Single rows of a run: their scores and groups, and their features from the audited data."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audits.cohorts import explain_cohort
from audits.core.errors import AssayError
from audits.core.settings.model import ModelSection
from audits.data import AuditTable, Column, connect, find_column, open_table
from audits.explain import CohortImportance
from audits.models import ModelClient, open_declared
from audits.pipeline import Dependence, compute_dependence
from audits.recourse import RowLimits, build_limits
from audits.slices import Mask, parse_condition
from dashboard.catalogue import say
from dashboard.viewmodels.run import RunData

_COPIED_AT_ONCE = 65_536
MAX_LISTED = 2_000
"""So many row ids can be chosen from a list; any other is typed."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that a page would need is not there, and why. setting: what can be declared
    about it (see `InputError`)."""

    reason: str
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Opening(Absent):
    """Something is not there yet: it is being opened."""


class RowSource:
    """The audited data, opened again for single rows.

    A CSV has to be read from its start for any row, so the rows are copied once into a file that
    is addressed by place (Arrow, mapped into memory: what is not looked at takes none).
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: AuditTable, run: RunData
    ) -> None:
        self._connection, self._table = connection, table
        self._lock = threading.Lock()
        self._rows = _copy_rows(table)
        path = run.bundle.evidence_path("predictions.parquet")
        self._ids: pa.ChunkedArray = pq.read_table(path, columns=["row"])["row"]

    def read(self, rows: list[str]) -> pd.DataFrame:
        """Return the data's columns of the rows with these ids, in their order; unknown ids are
        left out, and of several rows with one id the first is taken."""
        inside = pc.is_in(self._ids, value_set=pa.array(rows, self._ids.type))
        places: dict[str, int] = {}
        for place in pc.indices_nonzero(inside).to_pylist():
            places.setdefault(self._ids[place].as_py(), place)
        known = [row for row in rows if row in places]
        if not known:
            return pd.DataFrame(columns=self._rows.column_names)
        taken = self._rows.take(pa.array([places[row] for row in known], pa.int64()))
        frame: pd.DataFrame = taken.to_pandas()
        frame.index = pd.Index(known)
        return frame

    def explain(self, run: RunData, features: list[str], conditions: list[str]) -> CohortImportance:
        """Return what drives the rows that meet all conditions; see `explain_cohort`."""
        with self._lock:
            return explain_cohort(self._table, run.bundle.path, features, conditions)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The data's columns."""
        return self._table.columns

    def find(self, conditions: Sequence[str]) -> Mask:
        """Return which rows meet all conditions, `[rows]`. Raises InputError for one that makes
        no sense."""
        parsed = [parse_condition(words, self._table.columns) for words in conditions]
        met: Mask = np.ones(self._table.rows, dtype=np.bool_)
        for condition in parsed:
            met &= condition.find(self._read_column(condition.column))
        return met

    def list_values(self, name: str, most: int) -> list[str]:
        """Return a column's values as texts, the most frequent first; missing is none of them."""
        column = find_column(self._table.columns, name, "column")
        found = self._read_column(column).drop_null().value_counts().to_pylist()
        ranked = sorted(found, key=lambda one: (-one["counts"], one["values"]))
        return [str(one["values"]) for one in ranked[:most]]

    def find_range(self, name: str) -> tuple[float, float] | None:
        """Return the ends of a numeric column, None where it has no finite value."""
        column = find_column(self._table.columns, name, "column")
        numbers = self._read_column(column).to_numpy(zero_copy_only=False)
        known = numbers[np.isfinite(numbers)]
        return (float(known.min()), float(known.max())) if len(known) else None

    def _read_column(self, column: Column) -> pa.Array:
        """Return a column as conditions meet it: numbers as float64, all else as texts."""
        if column.is_numeric or column.kind == "text":
            kind = pa.float64() if column.is_numeric else pa.string()
            return self._rows[column.name].cast(kind).combine_chunks()
        with self._lock:  # dates and the like are written as the database does
            batches = list(self._table.column_batches([column], _COPIED_AT_ONCE))
        return pa.chunked_array([batch.column(0) for batch in batches]).combine_chunks()

    def follow(self, run: RunData, feature: str) -> Dependence:
        """Return a column's attributions by its values; see `compute_dependence`."""
        with self._lock:
            return compute_dependence(self._table, run.bundle.path, feature)

    def sample(self, size: int) -> pd.DataFrame:
        """Return the first rows of the data: what values its columns hold."""
        frame: pd.DataFrame = self._rows.slice(0, size).to_pandas()
        return frame

    def read_limits(self, row: str) -> dict[str, RowLimits]:
        """Return what the overrides file says of one row; nothing where it does not name it."""
        overrides = self._table.overrides
        if overrides is None:
            return {}
        return build_limits(overrides[overrides["row"] == row], [row])

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()


def _copy_rows(table: AuditTable) -> pa.Table:
    """Return the data's columns, mapped from a file that goes when nothing holds the table."""
    with tempfile.TemporaryDirectory(prefix="assay-rows-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "rows.arrow"
        batches = table.raw_batches(_COPIED_AT_ONCE)
        first = next(batches)
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, first.schema) as writer:
            for batch in chain([first], batches):
                writer.write_batch(batch)
        # The open map keeps the bytes; the name is gone, so that nothing is left behind.
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def open_rows(run: RunData) -> RowSource | Absent:
    """Open the audited data again, if it is still there and still the same. Takes seconds where
    there are many rows."""
    connection = connect()
    try:
        table = open_table(connection, run.spec, run.bundle.origin)
    except AssayError as error:
        connection.close()
        return Absent(say("absent.data", reason=str(error)))
    if table.source.sha256 != run.report.subject.data.sha256:
        connection.close()
        return Absent(say("absent.data_changed"))
    try:
        return RowSource(connection, table, run)
    except OSError as error:  # no room for the copy
        connection.close()
        return Absent(say("absent.data", reason=error.strerror or str(error)))


def open_run_model(run: RunData) -> ModelClient | Absent:
    """Start the run's model in a worker, if there is one and it is still there."""
    model = run.report.subject.model
    if model is None:
        return Absent(say("absent.no_model"))
    try:
        section = run.spec.model or ModelSection(path=model.path)
        client = open_declared(section, run.bundle.origin)
        if model.classes:
            client.name_classes(model.classes)
        return client
    except AssayError as error:
        return Absent(say("absent.model", reason=str(error)))


def read_score(run: RunData, row: str) -> dict[str, object] | None:
    """Return a row of `predictions.parquet` by its id, None where there is none."""
    path = run.bundle.evidence_path("predictions.parquet")
    table = pq.read_table(path, filters=[("row", "=", row)])
    return table.slice(0, 1).to_pylist()[0] if table.num_rows else None


def is_missing(value: object) -> bool:
    """Whether a single data value is missing."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def render_cell(value: object) -> str:
    """Return a data value as text: missing as a dash, whole numbers without decimals."""
    if is_missing(value):
        return say("number.none")
    if isinstance(value, float):
        return f"{value:,.0f}" if value == round(value) else f"{value:,.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
