"""Single rows of a run: their scores and groups, and their features from the audited data."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audits.cohorts.drivers import explain_cohort
from audits.core.errors import AssayError
from audits.data.schema import Column
from audits.data.source import connect
from audits.data.table import AuditTable, open_table
from audits.data.values import find_ends, list_frequent
from audits.explain.importance import CohortImportance
from audits.models import ModelClient, open_model
from audits.recourse.limits import build_limits
from audits.recourse.rules import RowLimits
from audits.slices.conditions import find_rows, parse_condition
from audits.slices.cuts import Mask
from dashboard.catalogue import say
from dashboard.viewmodels.run import RunData

MAX_LISTED = 2_000
"""So many row ids can be chosen from a list; any other is typed."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that a page would need is not there, and why."""

    reason: str


class RowSource:
    """The audited data, opened again for single rows. One query at a time."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: AuditTable, run: RunData
    ) -> None:
        self._connection, self._table = connection, table
        self._lock = threading.Lock()
        path = run.bundle.evidence_path("predictions.parquet")
        self._ids: pa.ChunkedArray = pq.read_table(path, columns=["row"])["row"]

    def read(self, rows: list[str]) -> pd.DataFrame:
        """Return the data's columns of the rows with these ids, in their order; unknown ids are
        left out."""
        places = {row: pc.index(self._ids, row).as_py() for row in rows}
        found = {row: place for row, place in places.items() if place >= 0}
        if not found:
            return pd.DataFrame(columns=[column.name for column in self._table.columns])
        ordered = sorted(found, key=lambda row: found[row])
        positions = pd.Series([found[row] for row in ordered]).to_numpy()
        with self._lock:
            frame = self._table.read_rows(positions)
        frame.index = pd.Index(ordered)
        return frame.loc[[row for row in rows if row in found]]

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
        with self._lock:
            return find_rows(self._table, parsed)

    def list_values(self, column: str, most: int) -> list[str]:
        """Return a column's values as texts, the most frequent first; missing is none of them."""
        with self._lock:
            return list_frequent(self._table, column, most)

    def find_range(self, column: str) -> tuple[float, float] | None:
        """Return the ends of a numeric column, None where it has no value."""
        with self._lock:
            return find_ends(self._table, column)

    def sample(self, size: int) -> pd.DataFrame:
        """Return the first rows of the data: what values its columns hold."""
        with self._lock:
            return next(self._table.batches(size)).frame

    def read_limits(self, row: str) -> dict[str, RowLimits]:
        """Return what the overrides file says of one row; nothing where it does not name it."""
        overrides = self._table.overrides
        if overrides is None:
            return {}
        return build_limits(overrides[overrides["row"] == row], [row])

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()


def open_rows(run: RunData) -> RowSource | Absent:
    """Open the audited data again, if it is still there and still the same."""
    connection = connect()
    try:
        table = open_table(connection, run.spec, run.bundle.origin)
    except AssayError as error:
        connection.close()
        return Absent(say("absent.data", reason=str(error)))
    if table.source.sha256 != run.report.subject.data.sha256:
        connection.close()
        return Absent(say("absent.data_changed"))
    return RowSource(connection, table, run)


def open_run_model(run: RunData) -> ModelClient | Absent:
    """Start the run's model in a worker, if there is one and it is still there."""
    model = run.report.subject.model
    if model is None:
        return Absent(say("absent.no_model"))
    try:
        return open_model(run.bundle.origin / model.path)
    except AssayError as error:
        return Absent(say("absent.model", reason=str(error)))


def read_score(run: RunData, row: str) -> dict[str, object] | None:
    """Return a row of `predictions.parquet` by its id, None where there is none."""
    path = run.bundle.evidence_path("predictions.parquet")
    table = pq.read_table(path, filters=[("row", "=", row)])
    return table.slice(0, 1).to_pylist()[0] if table.num_rows else None


def list_row_ids(run: RunData, evidence: str) -> list[str]:
    """Return the first row ids of an evidence file."""
    file = pq.ParquetFile(run.bundle.evidence_path(evidence))
    batch = next(file.iter_batches(MAX_LISTED, columns=["row"]), None)
    return [] if batch is None else [str(row) for row in batch.column(0).to_pylist()]


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
