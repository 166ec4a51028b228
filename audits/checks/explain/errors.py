"""Check `explain.errors`: which columns make the model's errors smaller, and which larger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audits.checks.base import (
    PREDICTIONS_FILE,
    Check,
    CheckResult,
    Context,
    EvidenceFile,
    build_measurement,
)
from audits.checks.explain.attributions import name_column, sample_reference
from audits.checks.explain.grouped import MetricSpec, list_groupings, measure_groups
from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.limits import MIN_ROWS_FOR_LOSSES
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement, Unit
from audits.core.report.parts import Part, PartKind
from audits.cube import CONFIDENCE
from audits.explain import (
    METHOD,
    LossShapley,
    PartMeans,
    PartSums,
    adjust_known,
    choose_important,
    choose_sizes,
    compute_zero_p,
    explain_losses,
    name_loss,
)

CODE = "explain.errors"
TOP = 15
_FOUND = "evidence/loss_attributions.parquet"
_MEAN, _WRONG = "mean_loss_attribution", "mean_loss_attribution_wrong"


@dataclass(frozen=True, slots=True)
class _Truth:
    """Rows whose true outcome is known. positions: in the data. truth: a class's position among
    the model's, or a regression's value. wrong: the decision was wrong; for a regression, the
    error is among the largest quarter of all rows'."""

    positions: NDArray[np.int64]
    truth: FloatArray
    wrong: NDArray[np.bool_]

    def take(self, chosen: NDArray[np.integer]) -> _Truth:
        return _Truth(self.positions[chosen], self.truth[chosen], self.wrong[chosen])


def _read_truth(context: Context) -> _Truth:
    task = context.spec.audit.task
    columns = context.read_predictions(["y_true", "y_pred"])
    true, predicted = columns["y_true"], columns["y_pred"]
    if task == "multiclass":
        names = pq.read_schema(context.folder / PREDICTIONS_FILE).names
        scored = [name for name in names if name.startswith("y_score[")]
        places = {name.removeprefix("y_score[")[:-1]: k for k, name in enumerate(scored)}
        truth = np.array([places.get(str(value), np.nan) for value in true], dtype=np.float64)
        wrong = true.astype(str) != predicted.astype(str)
    else:
        truth = true.astype(np.float64)  # NaN where it is not known
        wrong = truth != predicted.astype(np.float64)
    known = np.flatnonzero(np.isfinite(truth))
    if task == "regression" and len(known):
        size = np.abs(truth - predicted.astype(np.float64))
        wrong = size > np.quantile(size[known], 0.75)
    elif task == "binary" and context.output == 0:
        truth = 1 - truth  # the favourable class is the model's first
    return _Truth(known.astype(np.int64), truth[known], np.asarray(wrong[known], dtype=np.bool_))


def _draw(context: Context, known: _Truth) -> tuple[_Truth, int]:
    """Return the rows to explain, and how many reference rows they are set against."""
    assert context.model is not None
    wanted = min(context.spec.explain.error_rows, len(known.positions))
    rows, reference = choose_sizes(wanted, len(context.model.info.features))
    if rows == len(known.positions):
        return known, reference
    generator = context.generator(f"{CODE}:rows")
    chosen = generator.choice(len(known.positions), size=rows, replace=False)
    return known.take(np.sort(chosen)), reference


def compute_errors(context: Context) -> CheckResult:
    """Attribute the loss of rows sampled with the run's seed to the model's columns."""
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    if not context.spec.explain.error_rows:
        raise CheckSkippedError("[explain] error_rows = 0")
    known, reference_rows = _draw(context, _read_truth(context))
    if len(known.positions) < MIN_ROWS_FOR_LOSSES:
        raise CheckNotApplicableError(
            f"{len(known.positions)} rows have a true outcome and are to be explained; at least "
            f"{MIN_ROWS_FOR_LOSSES} are needed"
        )
    reference = sample_reference(context, reference_rows)
    found = explain_losses(
        context.model, context.table.read_rows(known.positions), known.truth, reference,
        context.generator(CODE), progress=lambda fraction: context.progress(CODE, fraction),
    )  # fmt: skip
    features = list(context.model.info.features)
    _save(context, known, found, features)
    unit: Unit = "score" if context.spec.audit.task == "regression" else "nats"
    measured = (
        *_measure_whole(found, known, features, unit),
        *_measure_groups(context, found, known, features, unit),
    )
    return CheckResult(measured, (_describe(context, known, len(reference)),))


def _measure_whole(
    found: LossShapley, known: _Truth, features: list[str], unit: Unit
) -> Iterator[Measurement]:
    """Yield every column's mean over all rows and over the wrong ones, Holm over the columns."""
    everybody = np.zeros(len(known.wrong), dtype=np.int64)
    for metric, parts in ((_MEAN, everybody), (_WRONG, np.where(known.wrong, 0, -1))):
        sums = PartSums(1, len(features), signed=True)
        sums.add(found.values, parts)
        means = sums.compute_means()
        rows = int(means.rows[0])
        p_values = np.full(len(features), np.nan)
        if rows >= MIN_ROWS_FOR_LOSSES:
            p_values = adjust_known(compute_zero_p(means)[0])
        for column, feature in enumerate(features):
            yield build_measurement(
                CODE, metric, _to_result(means, column, rows), unit=unit,
                direction="lower_is_better", part=Part(PartKind.FEATURE, feature),
                p_value=float(p_values[column]), adjusted_for=len(features), evidence=(_FOUND,),
            )  # fmt: skip


def _to_result(means: PartMeans, column: int, rows: int) -> Estimate | Unavailable:
    if rows < MIN_ROWS_FOR_LOSSES:
        return Unavailable(
            reason=f"{rows} of the explained rows are wrong; at least "
            f"{MIN_ROWS_FOR_LOSSES} are needed"
        )
    value, low, high = (float(part[0, column]) for part in (means.mean, means.low, means.high))
    return Estimate(value=value, low=low, high=high, n=rows, method=METHOD, confidence=CONFIDENCE)


def _measure_groups(
    context: Context, found: LossShapley, known: _Truth, features: list[str], unit: Unit
) -> Iterator[Measurement]:
    """Yield the columns that change the loss most by group, and against the reference group."""
    groupings = list(list_groupings(context, known.positions))
    if not groupings:
        return
    sums = [one.start_sums(len(features), signed=True) for one in groupings]
    for one, own in zip(groupings, sums, strict=True):
        own.add(found.values, one.codes)
    top = choose_important(np.abs(found.values).mean(axis=0), TOP)
    spec = MetricSpec(
        CODE, _MEAN, unit=unit, gap_unit=unit, direction="lower_is_better",
        method=name_loss(context.spec.audit.task), files=(_FOUND, PREDICTIONS_FILE),
        least=MIN_ROWS_FOR_LOSSES,
    )  # fmt: skip
    yield from measure_groups(groupings, sums, features, top, spec)


def _save(context: Context, known: _Truth, found: LossShapley, features: list[str]) -> None:
    names = context.read_predictions(["row"])["row"][known.positions].astype(str)
    columns: dict[str, pa.Array] = {"row": pa.array(names, pa.string())}
    for position, feature in enumerate(features):
        columns[name_column(feature)] = pa.array(found.values[:, position].astype(np.float32))
    columns["base"] = pa.array(found.start.astype(np.float32))
    columns["output"] = pa.array(found.loss.astype(np.float32))
    pq.write_table(pa.table(columns), context.folder / _FOUND, compression="zstd")


def _describe(context: Context, known: _Truth, reference_rows: int) -> EvidenceFile:
    rows = len(known.positions)
    drawn = (
        ""
        if rows == context.table.rows
        else ", sampled with the run's seed from those of known outcome,"
    )
    loss = name_loss(context.spec.audit.task).replace("_", " ")
    return EvidenceFile(
        _FOUND, rows,
        f"The {loss} of {rows:,} of {context.table.rows:,} rows{drawn} attributed to the model's "
        f"columns against {reference_rows} reference rows",
    )  # fmt: skip


ERRORS = Check(
    CODE,
    "What makes the model err",
    "Attributes the log loss (squared error for a regression) of sampled rows to the model's "
    "columns: which make predictions better and which worse, over all rows, the wrong ones and, "
    f"for the {TOP} columns that change it most, by group; p-values are adjusted by Holm.",
    compute_errors,
)
