"""Match the rows of two runs: one pass over both `predictions.parquet`, out of core."""

from __future__ import annotations

import glob
from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.compare.pairs import MOMENTS, UNKNOWN_TRUE, PairedCounts
from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import EvidenceError
from audits.core.groups import name_group_column
from audits.core.report.report import AuditReport
from audits.data import (
    connect,
    fetch_one,
    list_columns,
    list_identifiers,
    literal,
    quote,
    read_frame,
)
from audits.store import Bundle

PREDICTIONS = "predictions.parquet"
_MIN_LOSS = float(np.finfo(np.float64).eps)
"""As in the cube's log loss."""


def load_pairs(before: Bundle, after: Bundle) -> PairedCounts | str:
    """Return the counts of rows that both runs have, or why they cannot be matched (a sentence).

    Rows are matched by their id. They are the same rows only where every row of each run is in
    the other, once, with the same true outcome and weight; protected columns that do not agree
    row by row are left out.
    """
    if not (before.has_evidence(PREDICTIONS) and after.has_evidence(PREDICTIONS)):
        return "one of the runs does not have its rows' decisions"
    if not _may_match(before.report, after.report):
        return "the runs read different data, and their rows have no id in common"
    with connect(threads=1) as connection:  # sums of floats in one order: the same every time
        try:
            for name, bundle in (("before", before), ("after", after)):
                path = bundle.evidence_path(PREDICTIONS)
                held = list_identifiers(pq.read_schema(path).names)
                pattern = literal(glob.escape(str(path)))
                connection.execute(
                    f"CREATE VIEW {name} AS SELECT * FROM read_parquet({pattern}) AS rows({held})"
                )
            return _read(connection, before.report, after.report)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            first = str(error).splitlines()[0]
            raise EvidenceError(f"the decisions of a run cannot be read: {first}") from error


def _may_match(before: AuditReport, after: AuditReport) -> bool:
    if before.subject.data.sha256 == after.subject.data.sha256:
        return True
    ids = [report.spec.effective.get("data", {}).get("id") for report in (before, after)]
    return bool(ids[0]) and ids[0] == ids[1]


def _read(
    connection: duckdb.DuckDBPyConnection, before: AuditReport, after: AuditReport
) -> PairedCounts | str:
    columns = [set(list_columns(connection, name)) for name in ("before", "after")]
    shared = columns[0] & columns[1]
    if ("y_true" in columns[0]) != ("y_true" in columns[1]) or ("weight" in columns[0]) != (
        "weight" in columns[1]
    ):
        return "only one of the runs has true outcomes or weights"
    protected = [
        name
        for name in after.subject.data.protected
        if name in before.subject.data.protected and name_group_column(name) in shared
    ]
    checked = [name for name in ("y_true", "weight") if name in shared]
    differing = _count_differing(connection, [*checked, *map(name_group_column, protected)])
    if differing is None:
        return "the runs do not have the same rows"
    if any(differing[name] for name in checked):
        return "the same rows have other true outcomes or weights in the two runs"
    agreed = [name for name in protected if not differing[name_group_column(name)]]
    return _count(connection, after.subject.task, agreed, shared)


def _count_differing(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str]
) -> dict[str, int] | None:
    """Return in how many rows each column differs; None where the rows are not the same."""
    sizes = fetch_one(
        connection, "SELECT (SELECT count(*) FROM before), (SELECT count(*) FROM after)"
    )
    parts = "".join(
        f", count(*) FILTER (a.{quote(name)} IS DISTINCT FROM b.{quote(name)})" for name in names
    )
    joined = fetch_one(
        connection, f"SELECT count(*){parts} FROM before a JOIN after b ON a.row = b.row"
    )
    assert sizes is not None and joined is not None  # counts always have a row
    if not sizes[0] == sizes[1] == joined[0]:
        return None
    return dict(zip(names, joined[1:], strict=True))


def _expressions(task: str, shared: set[str]) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Return SQL for true outcome, both decisions and weight, and for means (before, after)."""
    true = "a.y_true" if "y_true" in shared else "NULL"
    rows = {"w": "a.weight" if "weight" in shared else "1.0"}
    known = f"CASE WHEN {true} IS NULL THEN {UNKNOWN_TRUE} ELSE"
    if task == "binary":
        rows |= {"t": f"coalesce({true}, {UNKNOWN_TRUE})", "p": "a.y_pred", "q": "b.y_pred"}
        return rows, _score_means(true) if "y_score" in shared else {}
    if task == "multiclass":
        right = {side: f"coalesce(CAST({side}.y_pred = {true} AS INTEGER), 0)" for side in "ab"}
        return rows | {"t": f"{known} 1 END", "p": right["a"], "q": right["b"]}, {}
    rows |= {"t": f"{known} 0 END", "p": "0", "q": "0"}
    residual = {side: f"({side}.y_pred - {true})" for side in "ab"}
    return rows, {
        "mean_prediction": ("a.y_pred", "b.y_pred"),
        "mean_residual": (residual["a"], residual["b"]),
        "mean_absolute_error": (f"abs({residual['a']})", f"abs({residual['b']})"),
    }


def _score_means(true: str) -> dict[str, tuple[str, str]]:
    loss = f"-ln(greatest(CASE WHEN {true} = 1 THEN %s ELSE 1 - %s END, {_MIN_LOSS!r}))"
    scores = ("a.y_score", "b.y_score")
    return {
        "mean_score": scores,
        "brier_score": (f"({scores[0]} - {true}) ** 2", f"({scores[1]} - {true}) ** 2"),
        "log_loss": (loss % ((scores[0],) * 2), loss % ((scores[1],) * 2)),
    }


def _count(
    connection: duckdb.DuckDBPyConnection, task: str, protected: Sequence[str], shared: set[str]
) -> PairedCounts:
    rows, means = _expressions(task, shared)
    groups = [
        f"a.{quote(name_group_column(name))} AS g{place}" for place, name in enumerate(protected)
    ]
    values = [
        f"{side} AS {'xy'[which]}{place}"
        for place, sides in enumerate(means.values())
        for which, side in enumerate(sides)
    ]
    inner = ", ".join([*groups, *(f"{sql} AS {name}" for name, sql in rows.items()), *values])
    keys = [*(f"g{place}" for place in range(len(protected))), "t", "p", "q"]
    sums = ["count(*) AS n", "sum(w) AS w1", "sum(w * w) AS w2"]
    for place in range(len(means)):
        x, y = f"x{place}", f"y{place}"
        parts = (x, y, f"({y} - {x}) ** 2", f"({y} + {x}) ** 2")
        sums += [f"sum(w * {part}) AS m{place}_{i}" for i, part in enumerate(parts)]
    by = ", ".join(keys)
    table = read_frame(
        connection,
        f"SELECT {by}, {', '.join(sums)} FROM (SELECT {inner} FROM before a JOIN after b "
        f"ON a.row = b.row) GROUP BY {by} ORDER BY {by}",
    )
    return _to_counts(table, task, protected, list(means))


def _to_counts(
    table: pd.DataFrame, task: str, protected: Sequence[str], means: Sequence[str]
) -> PairedCounts:
    def numbers(name: str) -> FloatArray:
        return np.asarray(table[name].fillna(0), dtype=np.float64)

    def codes(name: str) -> IntArray:
        return np.asarray(table[name], dtype=np.int64)

    moments = {
        name: {part: numbers(f"m{place}_{i}") for i, part in enumerate(MOMENTS)}
        for place, name in enumerate(means)
    }
    return PairedCounts(
        groups={
            name: table[f"g{place}"].astype(str).to_numpy(object)
            for place, name in enumerate(protected)
        },
        true=codes("t"),
        before=codes("p"),
        after=codes("q"),
        count=codes("n"),
        weight=numbers("w1"),
        squared=numbers("w2"),
        moments=moments,
        task=task,
    )
