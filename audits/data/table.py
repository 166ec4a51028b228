"""The audited rows: files opened, checked against the spec, and read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.errors import InputError
from audits.core.groups import name_group_column
from audits.core.report import Notice
from audits.core.spec import AuditSpec, DataSection
from audits.data.form import FileForm
from audits.data.groups import Merge, check_groups, list_notices, merge_rare
from audits.data.kept import check_values, render_kept_columns
from audits.data.outcome import tabulate_classes
from audits.data.overrides import open_overrides
from audits.data.protected import check_protected, check_reference_groups
from audits.data.schema import Column, find_column, tabulate_columns
from audits.data.source import Source, open_source, register_arrow
from audits.data.sql import MARK, fetch_one, quote, read_frame, to_frame

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
    notices: what a reader must know of the data, though it stopped nothing. merges: attributes of
    which rare groups became one.
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
        register_arrow(cursor, self.source.view, self.source.opened.arrow)
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
        return _read_positions(self.connection, view, positions)


def _read_positions(
    connection: duckdb.DuckDBPyConnection, view: str, positions: np.ndarray
) -> pd.DataFrame:
    wanted = pd.DataFrame({"position": np.asarray(positions, dtype=np.int64)})
    connection.register("assay_wanted", wanted)
    try:
        place = quote(MARK + "position")
        found = read_frame(
            connection,
            f"SELECT * FROM (SELECT *, row_number() OVER () - 1 AS {place} FROM {view}) "
            f"WHERE {place} IN (SELECT position FROM assay_wanted) ORDER BY {place}",
        )
        return found.drop(columns=MARK + "position")
    finally:
        connection.unregister("assay_wanted")


def _join_protected(
    connection: duckdb.DuckDBPyConnection, data: DataSection, base: Path, source: Source
) -> tuple[str, Source | None]:
    """Return the view that also has the protected columns kept in a separate file, and that
    file."""
    if data.protected_path is None:
        return source.view, None
    if data.key is None:
        raise InputError("protected_path needs key, the column that both files share")
    people = open_source(
        connection,
        data.protected_path,
        base=base,
        view="assay_people",
        role="protected_path",
        missing=data.missing,
        form=FileForm.of(data),
    )
    ours, theirs = (tabulate_source(connection, one)[1] for one in (source, people))
    find_column(ours, data.key, "key")
    find_column(theirs, data.key, "key (in protected_path)")
    key = quote(data.key)
    repeated = fetch_one(
        connection, f"SELECT {key} FROM assay_people GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
    )
    if repeated is not None:
        raise InputError(
            f"protected_path: key {data.key!r} is not unique ({repeated[0]!r} repeats)"
        )
    here = {column.name for column in ours}
    taken = [column.name for column in theirs if column.name in here and column.name != data.key]
    if clash := sorted(set(taken) & set(data.protected)):
        raise InputError(f"protected column {clash[0]!r} is in both files; keep it in one")
    added = [quote(c.name) for c in theirs if c.name not in here]
    # A correlated look-up keeps the file's row order, which a join would not promise.
    lookups = "".join(
        f", (SELECT p.{name} FROM assay_people p WHERE p.{key} = d.{key}) AS {name}"
        for name in added
    )
    connection.execute(f"CREATE VIEW assay_joined AS SELECT d.*{lookups} FROM {source.view} d")
    return "assay_joined", people


def tabulate_source(
    connection: duckdb.DuckDBPyConnection, source: Source, view: str | None = None
) -> tuple[int, tuple[Column, ...]]:
    """Return the rows and columns of opened files, or of a view over them. Raises InputError where
    a row cannot be read."""
    try:
        return tabulate_columns(connection, view or source.view)
    except duckdb.Error as error:
        raise source.explain(error) from error


def _check_repeated(sources: Sequence[Source], spec: AuditSpec) -> None:
    """Raise InputError where the settings name a column whose name a header has twice."""
    data, given = spec.data, spec.predictions
    named = [data.target, data.weight, data.id, data.key, *data.protected, *data.legitimate]
    named += [given.label, given.score] if given else []
    for source in sources:
        if twice := next((name for name in source.opened.repeated if name in named), None):
            raise InputError(
                f"{source.role} {source.text!r}: the column name {twice!r} stands more than once "
                "in the header, and the settings name it; give each column a name of its own"
            )


def open_table(connection: duckdb.DuckDBPyConnection, spec: AuditSpec, base: Path) -> AuditTable:
    """Open and check the audited data and its reference.

    Raises InputError for whatever the spec names that the files do not have.
    """
    data, form = spec.data, FileForm.of(spec.data)
    source = open_source(
        connection, data.path, base=base, view="assay_source", role="data", missing=data.missing,
        form=form,
    )  # fmt: skip
    view, people = _join_protected(connection, data, base, source)
    sources = [source, *([people] if people else [])]
    _check_repeated(sources, spec)
    rows, columns = tabulate_source(connection, source, view)
    protected = check_protected(columns, data)
    kept = render_kept_columns(connection, spec, view, columns, protected)
    held = {column.name: name_group_column(column.name) for column in protected}
    merges = merge_rare(connection, view, data, {name: kept[own] for name, own in held.items()})
    kept |= {held[name]: one.render(kept[held[name]]) for name, one in merges.items()}
    marked = ", ".join(f"{sql} AS {quote(MARK + name)}" for name, sql in kept.items())
    chosen = f"*, {marked}" if marked else "*"
    connection.execute(f"CREATE VIEW {ROWS_VIEW} AS SELECT {chosen} FROM {view}")
    check_values(connection, ROWS_VIEW, kept)
    check_groups(connection, ROWS_VIEW, data, list(held))
    check_reference_groups(connection, ROWS_VIEW, data)
    classes: tuple[str, ...] = ()
    if spec.audit.task == "multiclass" and data.target:
        target = find_column(columns, data.target, "target")
        classes = tabulate_classes(connection, view, target)
    reference, reference_rows, reference_columns = None, 0, 0
    if data.reference:
        reference = open_source(
            connection, data.reference, base=base, view="assay_reference", role="reference",
            missing=data.missing, form=form,
        )  # fmt: skip
        reference_rows, reference_schema = tabulate_source(connection, reference)
        reference_columns = len(reference_schema)
        sources.append(reference)
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
        (
            *(notice for one in sources for notice in one.opened.notices),
            *list_notices(data, merges),
        ),
        merges,
    )
