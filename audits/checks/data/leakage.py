"""Check `data.leakage`: does a single column of the model give the true outcome away?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.checks.data.audited_columns import describe_drawn, draw_positions
from audits.core.errors import CheckNotApplicableError
from audits.core.limits import MIN_ROWS_IN_HALF
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.cube import CONFIDENCE
from audits.diagnostics import Concordance, compute_leakage, describe_relation, split_halves

LEAKAGE_CHECK = "data.leakage"
LEAKAGE_FILE = "evidence/leakage.parquet"
ROWS = 20_000
"""More rows are sampled with the run's seed."""
MAX_LISTED = 50
"""The report has at most so many columns, the strongest; the evidence has all."""

_METHODS = {
    "binary": "delong_logit",
    "multiclass": "mean_of_delong_logit",
    "regression": "hoeffding_logit",
}


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the model. relation: see `describe_relation`."""

    name: str
    told: Concordance
    relation: str


def measure_leakage(context: Context) -> CheckResult:
    """Measure how well each column of the model alone tells the true outcome."""
    target = context.spec.data.target
    if context.model is None or target is None:
        raise CheckNotApplicableError(
            "decisions were audited without a model, so that it is not known on which columns "
            "they rest"
        )
    positions = draw_positions(context, f"{LEAKAGE_CHECK}:rows", ROWS)
    outcome = context.read_predictions(["y_true"])["y_true"][positions]
    known = ~pd.isna(outcome)
    names = list(context.model.info.features)
    frame = context.table.read_rows(positions)[list(dict.fromkeys([*names, target]))]
    frame, outcome = frame.loc[known].reset_index(drop=True), outcome[known]
    columns = _measure_columns(context, frame, names, target, outcome)
    if not columns:
        raise CheckNotApplicableError(
            f"needs at least {2 * MIN_ROWS_IN_HALF} rows of each of two outcomes"
        )
    _save(context, columns)
    described = (
        "How well each column of the model alone tells the true outcome: "
        f"{describe_drawn(context, positions)}, learned on one half and measured on the other"
    )
    task = context.spec.audit.task
    return CheckResult(
        tuple(_build(columns, _METHODS[task])),
        (EvidenceFile(LEAKAGE_FILE, len(columns), described),),
    )


def _measure_columns(
    context: Context, frame: pd.DataFrame, names: Sequence[str], target: str, outcome: np.ndarray
) -> list[_Column]:
    """Return the columns, the strongest first."""
    learned = split_halves(len(frame), context.generator(LEAKAGE_CHECK))
    task = context.spec.audit.task
    found = []
    for place, name in enumerate(names):
        told = compute_leakage(frame[name], outcome, learned, task)
        if told is None:  # the outcome has too few rows, whatever the column
            return []
        relation = describe_relation(frame[name], frame[target], task)
        found.append(_Column(name, told, relation))
        context.progress(LEAKAGE_CHECK, (place + 1) / len(names))
    return sorted(found, key=lambda one: (-one.told.auc, one.name))


def _to_estimate(told: Concordance, method: str) -> Estimate:
    return Estimate(
        value=told.auc, low=told.low, high=told.high, n=told.n, method=method,
        confidence=CONFIDENCE,
    )  # fmt: skip


def _build(columns: Sequence[_Column], method: str) -> list[Measurement]:
    strongest = columns[0]
    measured: list[tuple[str, Part | None, Estimate | Unavailable]] = [
        (
            "strongest_column_auc",
            Part(PartKind.COLUMN, strongest.name),
            _to_estimate(strongest.told, method),
        ),
        ("typical_column_auc", None, _take_median(columns[1:])),
        *(
            ("column_auc", Part(PartKind.COLUMN, one.name), _to_estimate(one.told, method))
            for one in columns[:MAX_LISTED]
        ),
    ]
    return [
        build_measurement(
            LEAKAGE_CHECK, metric, result, unit="score",
            direction="lower_is_better" if metric == "strongest_column_auc" else "none",
            part=part, evidence=(LEAKAGE_FILE,),
        )
        for metric, part, result in measured
    ]  # fmt: skip


def _take_median(columns: Sequence[_Column]) -> Estimate | Unavailable:
    """Return the median over columns; the medians of the limits hold where the limits do."""
    if not columns:
        return Unavailable(reason="the model has one column only")
    value, low, high = (
        float(np.median([getattr(one.told, name) for one in columns]))
        for name in ("auc", "low", "high")
    )
    return Estimate(
        value=value, low=low, high=high, n=columns[0].told.n, method="median_of_limits",
        confidence=CONFIDENCE,
    )  # fmt: skip


def _save(context: Context, columns: Sequence[_Column]) -> None:
    records = [
        {
            "column": one.name, "auc": one.told.auc, "low": one.told.low, "high": one.told.high,
            "rows": one.told.n, "relation": one.relation,
        }
        for one in columns
    ]  # fmt: skip
    schema = pa.schema(
        [("column", pa.string())]
        + [(name, pa.float64()) for name in ("auc", "low", "high")]
        + [("rows", pa.int64()), ("relation", pa.string())]
    )
    table = pa.Table.from_pylist(records, schema)
    pq.write_table(table, context.folder / LEAKAGE_FILE, compression="zstd")


LEAKAGE = Check(
    LEAKAGE_CHECK,
    "Columns that give the outcome away",
    "Measures how well each column of the model alone tells the true outcome, on at most "
    f"{ROWS:,} rows: learned on one random half, measured on the other. A column that does so "
    "nearly perfectly, unlike the others, may hold what is only known afterwards.",
    measure_leakage,
)
