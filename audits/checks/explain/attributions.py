"""Check `explain.attributions`: what moves the model's output, by raw column, for every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.core.arrays import FloatArray
from audits.core.attribution import Attribution
from audits.core.errors import CheckNotApplicableError
from audits.core.format import format_count
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.core.words.methods import TITLES
from audits.cube import compute_mean_interval, to_result
from audits.explain import (
    MARGIN,
    METHODS,
    PERMUTATION_SHAP,
    PROBABILITY,
    TARGET,
    Explainer,
    Settings,
    prepare_explainer,
)

CODE = "explain.attributions"
REFERENCE_ROWS = 100_000
_TAKEN = ("row", "base", "output")


@dataclass(slots=True)
class _Totals:
    """Running sums over chunks, so that memory does not grow with rows."""

    rows: int = 0
    absolute: FloatArray = field(default_factory=lambda: np.zeros(0))
    square: FloatArray = field(default_factory=lambda: np.zeros(0))
    additivity_error: float = 0.0
    stated_error: float = 0.0

    def add(self, chunk: Attribution) -> None:
        if not self.rows:
            self.absolute = np.zeros(len(chunk.features))
            self.square = np.zeros(len(chunk.features))
        self.rows += len(chunk.values)
        self.absolute += np.abs(chunk.values).sum(axis=0)
        self.square += (chunk.values**2).sum(axis=0)
        self.additivity_error = max(self.additivity_error, chunk.additivity_error)
        if chunk.error is not None:
            self.stated_error = max(self.stated_error, float(chunk.error.max(initial=0.0)))


def name_column(feature: str) -> str:
    """Return a feature's column in the evidence: its own name, unless the table needs that."""
    return f"feature[{feature}]" if feature in _TAKEN else feature


def _to_table(
    rows: np.ndarray, values: FloatArray, chunk: Attribution, *, sums: bool = True
) -> pa.Table:
    columns: dict[str, pa.Array] = {"row": pa.array(rows, pa.string())}
    for position, feature in enumerate(chunk.features):
        columns[name_column(feature)] = pa.array(values[:, position].astype(np.float32))
    if sums:
        columns["base"] = pa.array(chunk.base.astype(np.float32))
        columns["output"] = pa.array(chunk.output.astype(np.float32))
    return pa.table(columns)


def prepare(context: Context, settings: Settings, name: str = "background") -> Explainer:
    """Return the explainer of an audit's model by `settings`, with as many reference rows as its
    method compares with."""
    assert context.model is not None
    probe = next(context.table.batches(64)).frame
    few = sample_reference(context, METHODS[PERMUTATION_SHAP].reference_rows)
    explainer = prepare_explainer(context.model, probe, few, settings, name=name)
    rows = METHODS[explainer.method].reference_rows
    if rows == METHODS[PERMUTATION_SHAP].reference_rows or rows == 0:
        return explainer
    settings = replace(settings, method=explainer.method)
    whole = prepare_explainer(
        context.model, probe, sample_reference(context, rows), settings, name=name
    )
    return replace(whole, why=explainer.why)


def sample_reference(context: Context, rows: int | None) -> pd.DataFrame:
    """Return reference rows sampled with the run's seed; None for all, up to REFERENCE_ROWS."""
    wanted = REFERENCE_ROWS if rows is None else rows
    return context.table.sample_reference(wanted, context.generator(f"{CODE}:base"))


def build_settings(context: Context) -> Settings:
    """Return how `[explain]` wants the audited output to be explained."""
    spec = context.spec.explain
    return Settings(
        method=spec.method,
        output=spec.output,
        target_class=context.output or 0,
        pairs=spec.pairs,
        error=spec.error,
        baseline=spec.baseline,
        seed=context.spec.audit.seed,
    )


def choose_rows(context: Context, method: str) -> np.ndarray | None:
    """Return the positions to explain, None for all."""
    spec = context.spec.explain
    wanted = context.table.rows if spec.rows == "all" else spec.rows
    if method == PERMUTATION_SHAP:
        wanted = min(wanted, spec.sampled_rows)
    if wanted >= context.table.rows:
        return None
    chosen = context.generator(CODE).choice(context.table.rows, size=wanted, replace=False)
    return np.sort(chosen)


@dataclass(slots=True)
class _Writer:
    """A Parquet file that is there once it is whole, and else not at all."""

    path: Path
    _file: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, table: pa.Table) -> None:
        if self._file is None:
            self._file = pq.ParquetWriter(self.path, table.schema, compression="zstd")
        self._file.write_table(table)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)


def _write(context: Context, explainer: Explainer) -> tuple[list[str], Attribution, _Totals]:
    """Explain the chosen rows chunk by chunk; return the files' names."""
    positions = choose_rows(context, explainer.method)
    names = context.read_predictions(["row"])["row"].astype(str)
    frames: Iterator[pd.DataFrame]
    if positions is None:
        frames = (batch.frame for batch in context.table.batches(65_536))
    else:
        names = names[positions]
        frames = iter([context.table.read_rows(positions)])
    totals, last = _Totals(), None
    folder = context.folder / "evidence"
    with (
        _Writer(folder / f"attributions.{explainer.method}.parquet") as values,
        _Writer(folder / f"attribution_errors.{explainer.method}.parquet") as errors,
    ):
        for frame in frames:
            for chunk in explainer.iterate(frame, first=totals.rows):
                rows = names[totals.rows : totals.rows + len(chunk.values)]
                values.write(_to_table(rows, chunk.values, chunk))
                if chunk.error is not None:
                    errors.write(_to_table(rows, chunk.error, chunk, sums=False))
                totals.add(chunk)
                last = chunk
                context.progress("explain", totals.rows / len(names))
    assert last is not None  # a table without rows does not get so far
    paths = [values.path] if last.error is None else [values.path, errors.path]
    return [f"evidence/{path.name}" for path in paths], last, totals


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
            unit="score", direction="none", part=Part(PartKind.FEATURE, feature),
            evidence=(evidence,),
        )
        for k, feature in enumerate(sample.features)
    ]  # fmt: skip
    if sample.error is not None:
        found.append(
            build_measurement(
                CODE, "attribution_error", Estimate.exact(totals.stated_error, n), unit="score",
                direction="lower_is_better", evidence=(evidence,),
            )
        )  # fmt: skip
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
    explainer = prepare(context, build_settings(context))
    paths, sample, totals = _write(context, explainer)
    about = (
        _describe(context, explainer, sample, totals),
        "Half of the 95% interval of each attribution",
    )
    return CheckResult(
        tuple(_measure(context, sample, totals, paths[0])),
        tuple(
            EvidenceFile(path, totals.rows, text)
            for path, text in zip(paths, about[: len(paths)], strict=True)
        ),
    )


_SPACES = {
    MARGIN: "the margin (the score before it is turned into a probability)",
    PROBABILITY: "the probability",
    TARGET: "the prediction",
}


def _describe(context: Context, explainer: Explainer, sample: Attribution, totals: _Totals) -> str:
    """Return how the attributions were made, for the reader of the report."""
    kind = "Exact" if sample.exact else "Approximate"
    rows = f"{format_count(totals.rows)} of {format_count(context.table.rows)} rows"
    if totals.rows < context.table.rows:
        rows += ", sampled with the run's seed,"
    steps = f", {sample.budget} model evaluations a row" if sample.budget else ""
    why = f". Not by the model's own method: {explainer.why}" if explainer.why else ""
    method, _, engine = sample.method.partition(":")
    by = TITLES.get(method, method) + (f" ({engine})" if engine else "")
    return (
        f"{kind} attributions by {by}, in units of {_SPACES[sample.space]}, of {rows}, computed "
        f"on {sample.device}{steps}{why}"
    )


EXPLANATIONS = Check(
    CODE,
    "Explanations",
    "Attributes the model's output to its columns: exact SHAP for trees and linear models, "
    "integrated gradients for networks, sampled SHAP with stated errors for any other model; "
    "checks that the parts add up.",
    compute_explanations,
)
