"""Check `explain.attributions`: what moves the model's output, by raw column, for every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.core.attribution import Attribution
from audits.core.errors import CheckNotApplicableError
from audits.core.estimate import Estimate
from audits.core.measurement import Measurement
from audits.cube.cube import FloatArray
from audits.cube.intervals import compute_mean_interval
from audits.cube.values import to_result
from audits.explain.engine import iterate_attributions

CODE = "explain.attributions"
BACKGROUND_ROWS = 1000
_TAKEN = ("row", "base", "output")


@dataclass(slots=True)
class _Totals:
    """Running sums over chunks, so that memory does not grow with rows."""

    rows: int = 0
    absolute: FloatArray = field(default_factory=lambda: np.zeros(0))
    square: FloatArray = field(default_factory=lambda: np.zeros(0))
    additivity_error: float = 0.0

    def add(self, chunk: Attribution) -> None:
        if not self.rows:
            self.absolute = np.zeros(len(chunk.features))
            self.square = np.zeros(len(chunk.features))
        self.rows += len(chunk.values)
        self.absolute += np.abs(chunk.values).sum(axis=0)
        self.square += (chunk.values**2).sum(axis=0)
        self.additivity_error = max(self.additivity_error, chunk.additivity_error)


def name_column(feature: str) -> str:
    """Return a feature's column in the evidence: its own name, unless the table needs that."""
    return f"feature[{feature}]" if feature in _TAKEN else feature


def _to_table(rows: np.ndarray, chunk: Attribution) -> pa.Table:
    columns: dict[str, pa.Array] = {"row": pa.array(rows, pa.string())}
    for position, feature in enumerate(chunk.features):
        values = chunk.values[:, position].astype(np.float32)
        columns[name_column(feature)] = pa.array(values)
    columns["base"] = pa.array(chunk.base.astype(np.float32))
    columns["output"] = pa.array(chunk.output.astype(np.float32))
    return pa.table(columns)


def _choose_rows(context: Context) -> np.ndarray | None:
    """Return the positions to explain, None for all."""
    wanted = context.spec.explain.rows
    if wanted == "all" or wanted >= context.table.rows:
        return None
    chosen = context.generator(CODE).choice(context.table.rows, size=wanted, replace=False)
    return np.sort(chosen)


def _write(context: Context, background: pd.DataFrame) -> tuple[Path, Attribution, _Totals]:
    assert context.model is not None
    positions = _choose_rows(context)
    names = context.read_predictions(["row"])["row"].astype(str)
    frames: Iterator[pd.DataFrame]
    if positions is None:
        frames = (batch.frame for batch in context.table.batches(65_536))
    else:
        names = names[positions]
        frames = iter([context.table.read_rows(positions)])
    totals, last = _Totals(), None
    writer: pq.ParquetWriter | None = None
    unfinished = context.folder / "evidence" / "attributions.parquet"
    try:
        for frame in frames:
            for chunk in iterate_attributions(
                context.model, frame, background=background, target_class=context.output or 0
            ):
                part = _to_table(names[totals.rows : totals.rows + len(chunk.values)], chunk)
                writer = writer or pq.ParquetWriter(unfinished, part.schema, compression="zstd")
                writer.write_table(part)
                totals.add(chunk)
                last = chunk
                context.progress("explain", totals.rows / len(names))
    finally:
        if writer is not None:
            writer.close()
    assert last is not None  # a table without rows does not get so far
    method = last.method.split(":")[0]
    return unfinished.rename(unfinished.with_name(f"attributions.{method}.parquet")), last, totals


def _measure(
    context: Context, sample: Attribution, totals: _Totals, evidence: str
) -> list[Measurement]:
    n = totals.rows
    mean = totals.absolute / n
    variance = np.maximum(totals.square / n - mean**2, 0.0) * n / max(n - 1, 1)
    low, high = compute_mean_interval(mean, variance, np.full(len(mean), float(n)))
    found = [
        build_measurement(
            CODE, "mean_absolute_attribution",
            to_result(float(mean[k]), max(float(low[k]), 0.0), float(high[k]), n,
                      f"student_t over rows; {sample.method}, in {sample.space}", "no rows"),
            unit="score", direction="none", slice_name=f"feature={feature}", evidence=(evidence,),
        )
        for k, feature in enumerate(sample.features)
    ]  # fmt: skip
    found.append(
        build_measurement(
            CODE, "additivity_error", Estimate.exact(totals.additivity_error, n), unit="score",
            direction="lower_is_better", evidence=(evidence,),
        )
    )  # fmt: skip
    return found


def compute_explanations(context: Context) -> CheckResult:
    """Attribute the model's output to its raw columns and measure each column's mean push."""
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    background = context.table.sample_reference(BACKGROUND_ROWS, context.generator(f"{CODE}:base"))
    path, sample, totals = _write(context, background)
    evidence = f"evidence/{path.name}"
    steps = f", {sample.budget} steps" if sample.budget else ""
    described = (
        f"{'Exact' if sample.exact else 'Approximate'} attributions by {sample.method} in "
        f"{sample.space} of {totals.rows} of {context.table.rows} rows on {sample.device}{steps}"
    )
    return CheckResult(
        tuple(_measure(context, sample, totals, evidence)),
        (EvidenceFile(evidence, totals.rows, described),),
    )


EXPLANATIONS = Check(
    CODE,
    "Explanations",
    "Attributes the model's output to its columns: SHAP for trees, integrated gradients for "
    "networks; checks that the parts add up.",
    compute_explanations,
)
