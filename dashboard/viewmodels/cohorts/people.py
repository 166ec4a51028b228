"""The rows of a cohort, a few of them in full: what they are, and where more is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.core.format import format_count, format_value, plain_text
from audits.core.groups import name_group_column
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts.cohort_run import PREDICTIONS
from dashboard.viewmodels.cohorts.rows import RowSource, render_cell
from dashboard.viewmodels.counterfactuals.recourse import has_answers, load_answers
from dashboard.viewmodels.explanations.explanations import (
    find_evidence,
    list_features,
    name_outcome,
)
from dashboard.viewmodels.performance.performance import list_classes
from dashboard.viewmodels.run import RunData

MAX_SHOWN = 50
COLUMNS = 6
"""So many of the model's columns are shown, those that move it most over all rows."""


@dataclass(frozen=True, slots=True)
class People:
    """rows: their ids, in the order of the table."""

    rows: tuple[str, ...]
    table: pd.DataFrame


def list_people(run: RunData, source: RowSource | None) -> People:
    """Return the first rows of the run's cohort: id, groups, outcome, decision, score, and the
    main columns where the data can be read."""
    path = run.bundle.evidence_path(PREDICTIONS)
    inside = np.arange(0) if run.cohort is None else np.flatnonzero(run.cohort.inside)[:MAX_SHOWN]
    wanted = ["row", "y_true", "y_pred", "y_score", *map(name_group_column, run.attributes)]
    names = [name for name in wanted if name in pq.read_schema(path).names]
    known = _take(path, names, inside)
    rows = tuple(str(row) for row in known["row"])
    outcomes = list_classes(run) if run.task == "binary" else []
    shown = {say("column.row"): [plain_text(row) for row in rows]}
    for name, title in (("y_true", "people.outcome"), ("y_pred", "people.decision")):
        if name in known:
            shown[say(title)] = [name_outcome(value, outcomes) for value in known[name]]
    if "y_score" in known:
        shown[say("column.score")] = [format_value(score, "score") for score in known["y_score"]]
    for name in run.attributes:
        own = known[name_group_column(name)]
        shown[plain_text(name)] = [plain_text(str(value)) for value in own]
    return People(rows, pd.DataFrame(shown | _list_main(run, source, rows, set(shown))))


def _take(path: Path, names: list[str], places: np.ndarray) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in names}
    start = 0
    for batch in pq.ParquetFile(path).iter_batches(65_536, columns=names):
        own = places[(places >= start) & (places < start + batch.num_rows)] - start
        if len(own):
            part = batch.take(pa.array(own))
            for name in names:
                found[name] += part[name].to_pylist()
        start += batch.num_rows
        if not len(places) or start > places[-1]:
            break
    return found


def _list_main(
    run: RunData, source: RowSource | None, rows: tuple[str, ...], taken: set[str]
) -> dict[str, list[str]]:
    if source is None:
        return {}
    names = list_features(run.whole) or [column.name for column in source.columns]
    frame = source.read(list(rows))
    if len(frame) != len(rows):
        return {}
    spec = run.spec.data
    aside = {*taken, spec.id, spec.target, spec.weight}
    main = [name for name in names if name in frame and name not in aside][:COLUMNS]
    return {
        plain_text(name): [plain_text(render_cell(value)) for value in frame[name].tolist()]
        for name in main
    }


def describe(run: RunData, shown: int) -> str:
    """Return how many of the rows are shown, and that others are not."""
    rows = 0 if run.cohort is None else run.cohort.rows
    if shown >= rows:
        return say("people.all", rows=format_count(rows))
    return say("people.sample", shown=shown, rows=format_count(rows))


def find_ways(run: RunData, row: str) -> set[str]:
    """Return what more is known of a row: "explain" where the run has attributions (its page says
    so if this row has none), "change" where it was searched for counterfactuals."""
    ways = {"explain"} if find_evidence(run) is not None else set()
    if has_answers(run) and row in load_answers(run.whole).rows:
        ways.add("change")
    return ways
