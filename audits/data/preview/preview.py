"""A quick look into a data file before an audit: its columns, some values, what to correct.

However large the files are, only so much of them is read: see `sample.py`. What is said of a
sample is a guess; the audit itself reads every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from audits.core.errors import InputError
from audits.core.settings.recourse import Scalar
from audits.data.files.find import find_files
from audits.data.files.form import FileForm
from audits.data.files.source import PLAIN, open_files
from audits.data.preview.guess import MANY_NUMBERS, MAYBE_MISSING, SURE_MISSING, round_edges
from audits.data.preview.sample import PREVIEW_ROWS, Sample, take_sample
from audits.data.schema import Column, tabulate_columns
from audits.data.sql import connect, literal, quote, read_frame
from audits.data.values.typed import Reading

MAX_VALUES = 50
"""A column's values are listed where there are no more than this."""

_EXAMPLES = 3
_TABLE = "looked"
_MEMORY = "1GB"


@dataclass(frozen=True, slots=True)
class ColumnPreview:
    """One column. values: all of them where they are few, else (). examples: the first values in
    the file as texts. edges: where many numbers would be cut into three groups of about equal
    size, else (). counts: how many rows have each of the values."""

    column: Column
    values: tuple[Scalar, ...]
    examples: tuple[str, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingText:
    """A text that may stand for "no value". sure: whether it hardly means anything else."""

    text: str
    count: int
    columns: tuple[str, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class DataPreview:
    """What a data file holds. rows: of the whole file; a guess unless `exact`. looked: of how many
    rows all else is. missing: texts found that are not declared yet, the most frequent first."""

    path: str
    format: str
    rows: int
    exact: bool
    looked: int
    columns: tuple[ColumnPreview, ...]
    missing: tuple[MissingText, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(preview.column.name for preview in self.columns)

    @property
    def by_name(self) -> dict[str, ColumnPreview]:
        """The columns by their names."""
        return {preview.column.name: preview for preview in self.columns}


def inspect_data(path: Path, missing: tuple[str, ...] = (), form: FileForm = PLAIN) -> DataPreview:
    """Look into a file, or into the files that a folder or a pattern names. missing: texts that are
    read as no value. form: what is declared of the files. Raises InputError where they cannot be
    read."""
    files = find_files(str(path), Path(), "data")
    with connect(threads=1) as connection, take_sample(files, form) as sample:
        connection.execute(f"SET memory_limit='{_MEMORY}'")
        opened = open_files(
            connection, sample.files, text=path.name, view=_TABLE, role="data",
            reading=Reading(missing), rows=PREVIEW_ROWS, form=sample.form,
        )  # fmt: skip
        kind = opened.kind
        try:
            return _look(connection, path, kind, sample)
        except duckdb.Error as error:
            first = str(error).strip().splitlines()[0]
            raise InputError(f"data {path.name!r} cannot be read as {kind}: {first}") from error


def _look(
    connection: duckdb.DuckDBPyConnection, path: Path, kind: str, sample: Sample
) -> DataPreview:
    looked, columns = tabulate_columns(connection, _TABLE)
    rows, exact = looked, sample.is_whole
    if not sample.is_whole:
        rows = max(looked, round(looked / sample.share))
    elif looked == PREVIEW_ROWS:
        rows = _count_rows(connection, path, sample)
    values = _list_values(connection, columns)
    examples = _list_examples(connection, columns)
    edges = _suggest_edges(connection, columns)
    looks = tuple(
        ColumnPreview(
            c, tuple(values.get(c.name, ())), examples[c.name], edges.get(c.name, ()),
            tuple(values.get(c.name, {}).values()),
        )
        for c in columns
    )  # fmt: skip
    found = _find_missing(connection, columns)
    return DataPreview(str(path), kind, rows, exact, looked, looks, found)


def _count_rows(connection: duckdb.DuckDBPyConnection, path: Path, sample: Sample) -> int:
    open_files(
        connection, sample.files, text=path.name, view="whole", role="data", form=sample.form
    )
    return int(connection.execute("SELECT count(*) FROM whole").fetchall()[0][0])


def _list_values(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]
) -> dict[str, dict[Scalar, int]]:
    """Return the rows by value, in the values' order, of each column that has few."""
    few = [c.name for c in columns if c.distinct <= MAX_VALUES]
    if not few:
        return {}
    counts = ", ".join(f"map_entries(histogram({quote(name)}))" for name in few)
    row = connection.execute(f"SELECT {counts} FROM {_TABLE}").fetchall()[0]
    return {
        name: dict(sorted(((_plain(e["key"]), int(e["value"])) for e in found or ()), key=_rank))
        for name, found in zip(few, row, strict=True)
    }


def _plain(value: object) -> Scalar:
    return value if isinstance(value, str | bool | int | float) else str(value)


def _rank(item: tuple[Scalar, int]) -> tuple[float, str]:
    value = item[0]
    return (0.0, value) if isinstance(value, str) else (float(value), "")


def _list_examples(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]
) -> dict[str, tuple[str, ...]]:
    """Return the first different values of each column, among the file's first rows."""
    chosen = ", ".join(f"CAST({quote(column.name)} AS VARCHAR)" for column in columns)
    rows = connection.execute(f"SELECT {chosen} FROM {_TABLE} LIMIT 50").fetchall()
    return {
        column.name: tuple(
            dict.fromkeys(str(row[i]) for row in rows if row[i] is not None)
        )[:_EXAMPLES]
        for i, column in enumerate(columns)
    }  # fmt: skip


def _suggest_edges(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]
) -> dict[str, tuple[float, ...]]:
    many = [c.name for c in columns if c.is_numeric and c.distinct > MANY_NUMBERS]
    if not many:
        return {}
    asked = ", ".join(
        f"quantile_disc(CAST({quote(name)} AS DOUBLE), [0, 1/3, 2/3, 1])" for name in many
    )
    row = connection.execute(f"SELECT {asked} FROM {_TABLE}").fetchall()[0]
    return {
        name: round_edges(name, cuts[1:3], cuts[0], cuts[3])
        for name, cuts in zip(many, row, strict=True)
        if cuts
    }


def _find_missing(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]
) -> tuple[MissingText, ...]:
    texts = [c.name for c in columns if c.kind == "text"]
    if not texts:
        return ()
    known = ", ".join(literal(text) for text in (*SURE_MISSING, *MAYBE_MISSING))
    parts = " UNION ALL ".join(
        f"SELECT {quote(name)} AS t, {literal(name)} AS c, count(*) AS n FROM {_TABLE} "
        f"WHERE lower(trim({quote(name)})) IN ({known}) GROUP BY 1"
        for name in texts
    )
    found = connection.execute(
        f"SELECT t, sum(n), list(c ORDER BY c) FROM ({parts}) GROUP BY t ORDER BY 2 DESC, t"
    ).fetchall()
    return tuple(
        MissingText(t, int(n), tuple(names), t.strip().casefold() in SURE_MISSING)
        for t, n, names in found
    )


def read_head(
    path: Path, missing: tuple[str, ...], rows: int, form: FileForm = PLAIN
) -> pd.DataFrame:
    """Return a file's first rows as the audit would read them. Raises InputError as
    `inspect_data` does."""
    files = find_files(str(path), Path(), "data")
    with connect(threads=1) as connection, take_sample(files, form) as sample:
        connection.execute(f"SET memory_limit='{_MEMORY}'")
        open_files(
            connection, sample.files, text=path.name, view=_TABLE, role="data",
            reading=Reading(missing), rows=PREVIEW_ROWS, form=sample.form,
        )  # fmt: skip
        return read_frame(connection, f"SELECT * FROM {_TABLE} LIMIT {rows}")
