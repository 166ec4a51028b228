"""What moves the model: overall, by group, for one row, and spread over a sample of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audits.checks import name_column
from audits.core.arrays import FloatArray
from audits.core.format import format_value, plain_text
from audits.explain import find_positions
from audits.figures import Chart, Importance, draw_importance, draw_spread, draw_waterfall
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts.rows import MAX_LISTED, RowSource, read_score, render_cell
from dashboard.viewmodels.numbers import render_measurement
from dashboard.viewmodels.performance.performance import list_classes
from dashboard.viewmodels.run import RunData

SAMPLE_ROWS = 300


def find_evidence(run: RunData) -> str | None:
    """Return the name of the attributions' file, None where there is none."""
    names = [name.removeprefix("evidence/") for name in sorted(run.bundle.manifest)]
    return next(
        (n for n in names if n.startswith("attributions.") and n.endswith(".parquet")), None
    )


def describe_method(run: RunData) -> str:
    """Return how the attributions were made and how well they add up."""
    path = f"evidence/{find_evidence(run)}"
    described = next((e.description for e in run.report.evidence if e.path == path), "")
    gap = run.overall("additivity_error")
    number = render_measurement(gap) if gap else say("number.none")
    return say("explanations.method", described=described, gap=number)


def list_importance(run: RunData) -> list[Importance]:
    """Return every feature's mean absolute attribution, largest first."""
    found = []
    for item in run.by_group("mean_absolute_attribution", None):
        if item.part is None or item.estimate is None:
            continue
        estimate = item.estimate
        found.append(
            Importance(
                plain_text(item.part_name),
                estimate.value,
                estimate.low,
                estimate.high,
                render_measurement(item),
            )
        )
    return sorted(found, key=lambda item: -item.value)


def list_features(run: RunData) -> list[str]:
    """Return the model's features, the one that moves it most first."""
    items = [
        (-(item.value or 0.0), item.part_name)
        for item in run.by_group("mean_absolute_attribution", None)
        if item.part is not None
    ]
    return [name for _, name in sorted(items)]


def make_importance_chart(run: RunData) -> Chart:
    """Return the features that move the model most."""
    items = list_importance(run)
    total = sum(item.value for item in items)
    first = items[0]
    share = first.value / total if total else 0.0
    title = say("explanations.global_title", feature=first.feature,
                share=format_value(share, "share"))  # fmt: skip
    return draw_importance(items, title=title, axis=say("explanations.axis"))


def tabulate_importance(run: RunData) -> pd.DataFrame:
    """Return every feature with its number."""
    return pd.DataFrame(
        [
            {say("column.feature"): item.feature, say("column.attribution"): item.text}
            for item in list_importance(run)
        ]
    )


def find_explained(run: RunData, evidence: str) -> NDArray[np.int64]:
    """Return the places in the attributions' file of the rows that are looked at."""
    path = run.bundle.evidence_path(evidence)
    if run.cohort is None:
        return np.arange(pq.ParquetFile(path).metadata.num_rows)
    positions = find_positions(run.bundle.evidence_path("predictions.parquet"), path)
    return np.flatnonzero(run.cohort.inside[positions])


def _read_sample(run: RunData, evidence: str) -> pd.DataFrame:
    """Return rows evenly spread over the attributions' file."""
    file = pq.ParquetFile(run.bundle.evidence_path(evidence))
    explained = find_explained(run, evidence)
    total = len(explained)
    spread = np.unique(np.linspace(0, total - 1, min(SAMPLE_ROWS, total)).astype(np.int64))
    places = explained[spread]
    parts, start = [], 0
    for batch in file.iter_batches(65_536):
        inside = places[(places >= start) & (places < start + batch.num_rows)] - start
        parts.append(batch.take(inside).to_pandas())
        start += batch.num_rows
    sample: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return sample


def make_spread_chart(run: RunData, source: RowSource | None) -> Chart:
    """Return the spread of attributions over a sample, coloured by each feature's own value."""
    evidence = find_evidence(run)
    assert evidence is not None  # the page asks only where there is evidence
    sample = _read_sample(run, evidence)
    features = list_features(run)
    parts = sample[[name_column(name) for name in features]].to_numpy(dtype=np.float64)
    ranks = np.full(parts.shape, np.nan)
    if source is not None:
        values = source.read([str(row) for row in sample["row"]])
        if len(values) == len(sample):
            ranks = _rank(values.reindex(columns=features))
    kind = "title" if run.cohort is None else "cohort"
    return draw_spread(
        [plain_text(name) for name in features],
        parts,
        ranks,
        title=say(f"explanations.spread_{kind}", n=len(sample)),
        axis=say("explanations.axis_signed"),
        words=(say("explanations.low"), say("explanations.high")),
    )


def _rank(values: pd.DataFrame) -> FloatArray:
    """Return each numeric value's rank within its column in [0, 1]; NaN for other columns."""
    ranks = np.full(values.shape, np.nan)
    for position, name in enumerate(values.columns):
        if pd.api.types.is_numeric_dtype(values[name]):
            ranks[:, position] = values[name].rank(pct=True).to_numpy(dtype=np.float64)
    return ranks


def list_ids(run: RunData, evidence: str) -> list[str]:
    """Return the first ids of the explained rows that are looked at."""
    path = run.bundle.evidence_path(evidence)
    places, found, start = find_explained(run, evidence)[:MAX_LISTED], list[str](), 0
    for batch in pq.ParquetFile(path).iter_batches(65_536, columns=["row"]):
        own = places[(places >= start) & (places < start + batch.num_rows)] - start
        found += [str(row) for row in batch.column(0).take(pa.array(own)).to_pylist()]
        start += batch.num_rows
        if len(found) == len(places):
            break
    return found


def make_row_chart(run: RunData, row: str, source: RowSource | None) -> Chart | None:
    """Return how one row's output adds up; None for a row that was not explained."""
    evidence = find_evidence(run)
    assert evidence is not None  # the page asks only where there is evidence
    found = pq.read_table(run.bundle.evidence_path(evidence), filters=[("row", "=", row)])
    if not found.num_rows:
        return None
    record = found.slice(0, 1).to_pylist()[0]
    features = list_features(run)
    parts = np.array([record[name_column(name)] for name in features], dtype=np.float64)
    values = ["" for _ in features]
    if source is not None:
        frame = source.read([row])
        if len(frame):
            values = [
                plain_text(render_cell(frame.iloc[0][name])) if name in frame else ""
                for name in features
            ]
    top = int(np.argmax(np.abs(parts)))
    title = say(
        "explanations.row_up" if parts[top] > 0 else "explanations.row_down",
        row=plain_text(row),
        feature=plain_text(features[top]),
        value=f" ({values[top]})" if values[top] else "",
    )
    words = (say("explanations.base"), say("explanations.rest"), say("explanations.output"))
    return draw_waterfall(
        [plain_text(name) for name in features], parts, values,
        float(record["base"]), float(record["output"]),
        title=title, axis=say("explanations.axis_signed"), words=words,
    )  # fmt: skip


def render_row_facts(run: RunData, row: str) -> str:
    """Return a row's score, decision and true outcome as a sentence, "" for an unknown row."""
    facts = read_score(run, row)
    if facts is None:
        return ""
    score = facts.get("y_score")
    names = list_classes(run) if run.task == "binary" else []
    decision, truth = facts.get("y_pred"), facts.get("y_true")
    return say(
        "explanations.row_facts",
        score=format_value(score, "score") if isinstance(score, float) else say("number.none"),
        decision=name_outcome(decision, names),
        truth=name_outcome(truth, names),
    )


def name_outcome(value: object, names: list[str]) -> str:
    """Return an outcome or a decision by its name; a number as it is."""
    if names and isinstance(value, int):
        return names[value]
    return plain_text(render_cell(value))
