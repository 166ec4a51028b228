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
from audits.checks.explain import name_column, sample_reference
from audits.checks.explain_groups import list_groupings
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.estimate import Estimate, Unavailable
from audits.core.measurement import Measurement, Unit
from audits.cube.cube import FloatArray
from audits.cube.intervals import CONFIDENCE, compute_difference, compute_holm, compute_welch_p
from audits.explain.gap import MeanSteps, compute_mean_steps, compute_zero_p
from audits.explain.importance import adjust_known, choose_top
from audits.explain.loss_service import LossSteps, explain_losses, name_loss

CODE = "explain.errors"
REFERENCE_ROWS = 1_000
LEAST_ROWS = 30
TOP = 15
_FOUND = "evidence/loss_attributions.parquet"
_MEAN, _WRONG = "mean_loss_attribution", "mean_loss_attribution_wrong"

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Truth:
    """The rows whose true outcome is known. positions: in the data. truth: as `build_losses` wants
    it. wrong: the decision was wrong; for a regression, the error is among the largest quarter."""

    positions: Positions
    truth: FloatArray
    wrong: NDArray[np.bool_]


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
        truth = np.array([np.nan if value is None else value for value in true], dtype=np.float64)
        wrong = truth != predicted.astype(np.float64)
    known = np.flatnonzero(np.isfinite(truth))
    truth, wrong = truth[known], wrong[known]
    if task == "regression" and len(known):
        size = np.abs(truth - predicted[known].astype(np.float64))
        wrong = size > np.quantile(size, 0.75)
    return _Truth(known.astype(np.int64), truth, np.asarray(wrong, dtype=np.bool_))


def _draw(context: Context, known: _Truth) -> _Truth:
    wanted = context.spec.explain.error_rows
    if len(known.positions) <= wanted:
        return known
    generator = context.generator(f"{CODE}:rows")
    chosen = np.sort(generator.choice(len(known.positions), size=wanted, replace=False))
    return _Truth(known.positions[chosen], known.truth[chosen], known.wrong[chosen])


def compute_errors(context: Context) -> CheckResult:
    """Lay the loss of rows drawn by the seed on the model's columns."""
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    if not context.spec.explain.error_rows:
        raise CheckSkippedError("[explain] error_rows = 0")
    known = _draw(context, _read_truth(context))
    if len(known.positions) < LEAST_ROWS:
        raise CheckNotApplicableError(
            f"{len(known.positions)} rows have a true outcome; at least {LEAST_ROWS} are needed"
        )
    found = explain_losses(
        context.model,
        context.table.read_rows(known.positions),
        known.truth,
        sample_reference(context, REFERENCE_ROWS),
        context.generator(CODE),
        output=context.output,
        progress=lambda fraction: context.progress(CODE, fraction),
    )
    features = list(context.model.info.features)
    _save(context, known, found, features)
    unit: Unit = "score" if context.spec.audit.task == "regression" else "nats"
    measured = [*_measure_whole(found, known, features, unit)]
    measured += _measure_groups(context, found, known, features, unit)
    return CheckResult(tuple(measured), (_describe(context, known, found),))


def _average(found: LossSteps, chosen: NDArray[np.bool_]) -> MeanSteps:
    """Average the steps of the `chosen` rows `[n_rows]`."""
    pairs = chosen[found.rows]
    return compute_mean_steps(found.steps[pairs], found.rows[pairs], found.others[pairs])


def _measure_whole(
    found: LossSteps, known: _Truth, features: list[str], unit: Unit
) -> Iterator[Measurement]:
    """Yield every column's mean over all rows and over the wrong ones, Holm over the columns."""
    everybody = np.ones(len(known.wrong), dtype=np.bool_)
    for metric, chosen in ((_MEAN, everybody), (_WRONG, known.wrong)):
        rows = int(chosen.sum())
        means = _average(found, chosen) if rows >= LEAST_ROWS else None
        p_values = np.full(len(features), np.nan)
        if means is not None:
            p_values = compute_holm(compute_zero_p(means.mean, means.error, means.freedom))
        for column, feature in enumerate(features):
            yield build_measurement(
                CODE, metric, _to_result(means, column, rows, "rows are wrong"), unit=unit,
                direction="lower_is_better", slice_name=f"feature={feature}",
                p_value=float(p_values[column]), evidence=(_FOUND,),
            )  # fmt: skip


def _to_result(
    means: MeanSteps | None, column: int, rows: int, whose: str
) -> Estimate | Unavailable:
    if means is None:
        return Unavailable(
            reason=f"{rows} of the explained {whose}; at least {LEAST_ROWS} are needed"
        )
    value, half = float(means.mean[column]), float(means.half_width[column])
    return Estimate(
        value=value, low=value - half, high=value + half, n=rows, method="two_way_clusters",
        confidence=CONFIDENCE,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Compared:
    """One protected column's groups: means (None where too small) and rows of each, and every
    group against the reference: difference, low, high, p-value `[n_groups, n_features]`."""

    attribute: str
    labels: tuple[str, ...]
    reference: int
    means: tuple[MeanSteps | None, ...]
    rows: tuple[int, ...]
    gaps: tuple[FloatArray, FloatArray, FloatArray]
    p_values: FloatArray


def _measure_groups(
    context: Context, found: LossSteps, known: _Truth, features: list[str], unit: Unit
) -> Iterator[Measurement]:
    """Yield the columns that change the loss most by group, and against the reference group."""
    size = np.abs(found.compute_row_means()).mean(axis=0)
    top = choose_top(size, TOP)
    compared = [
        _compare(found, one.attribute, one.labels, one.reference, one.codes)
        for one in list_groupings(context, known.positions)
    ]
    if not compared:
        return
    flat = adjust_known(np.concatenate([one.p_values[:, top].ravel() for one in compared]))
    start = 0
    for one in compared:
        stop = start + len(one.labels) * len(top)
        adjusted = flat[start:stop].reshape(len(one.labels), len(top))
        start = stop
        for place, column in enumerate(top):
            yield from _measure_column(
                one, int(column), features[int(column)], adjusted[:, place], unit
            )


def _compare(
    found: LossSteps, attribute: str, labels: tuple[str, ...], reference: int, codes: Positions
) -> _Compared:
    rows = tuple(int((codes == place).sum()) for place in range(len(labels)))
    means = tuple(
        _average(found, codes == place) if count >= LEAST_ROWS else None
        for place, count in enumerate(rows)
    )
    n_features = found.steps.shape[1]
    nothing = np.full(n_features, np.nan)
    value = np.array([nothing if one is None else one.mean for one in means])
    half = np.array([nothing if one is None else one.half_width for one in means])
    n = np.array([np.nan if one is None else one.freedom + 1.0 for one in means])
    ends = value - half, value + half
    # Both groups are walked from the same reference rows, which only makes the true error smaller.
    low, high = compute_difference(value, ends, value[reference], (ends[0][reference],
                                                                  ends[1][reference]))  # fmt: skip
    p_values = np.column_stack(
        [
            compute_welch_p(value[:, k], (ends[0][:, k], ends[1][:, k]), n, reference)
            for k in range(n_features)
        ]
    )
    p_values[reference] = np.nan
    gaps = (value - value[reference], low, high)
    return _Compared(attribute, labels, reference, means, rows, gaps, p_values)


def _measure_column(
    one: _Compared, column: int, feature: str, p_values: FloatArray, unit: Unit
) -> Iterator[Measurement]:
    for place, group in enumerate(one.labels):
        whose = f"rows are {group}"
        result = _to_result(one.means[place], column, one.rows[place], whose)
        yield build_measurement(
            CODE, _MEAN, result, unit=unit, direction="lower_is_better", attribute=one.attribute,
            group=group, slice_name=f"feature={feature}", evidence=(_FOUND, PREDICTIONS_FILE),
        )  # fmt: skip
        if place == one.reference:
            continue
        for side in (place, one.reference):
            if one.means[side] is None:
                whose = f"rows are {one.labels[side]}"
                result = _to_result(None, column, one.rows[side], whose)
                break
        else:
            value, low, high = (float(part[place, column]) for part in one.gaps)
            result = Estimate(
                value=value, low=low, high=high, n=one.rows[place] + one.rows[one.reference],
                method="mover_two_way_clusters", confidence=CONFIDENCE,
            )  # fmt: skip
        yield build_measurement(
            CODE, f"{_MEAN}_difference", result, unit=unit, direction="closer_to_zero",
            attribute=one.attribute, group=group, reference_group=one.labels[one.reference],
            slice_name=f"feature={feature}", p_value=float(p_values[place]),
            evidence=(_FOUND, PREDICTIONS_FILE),
        )  # fmt: skip


def _save(context: Context, known: _Truth, found: LossSteps, features: list[str]) -> None:
    values = found.compute_row_means()
    names = context.read_predictions(["row"])["row"].astype(str)[known.positions]
    columns: dict[str, pa.Array] = {"row": pa.array(names, pa.string())}
    for position, feature in enumerate(features):
        columns[name_column(feature)] = pa.array(values[:, position].astype(np.float32))
    columns["base"] = pa.array((found.loss - values.sum(axis=1)).astype(np.float32))
    columns["output"] = pa.array(found.loss.astype(np.float32))
    pq.write_table(pa.table(columns), context.folder / _FOUND, compression="zstd")


def _describe(context: Context, known: _Truth, found: LossSteps) -> EvidenceFile:
    rows = len(known.positions)
    drawn = "" if rows == context.table.rows else ", those of known outcome, drawn by the seed,"
    pairs = len(found.rows) // rows
    loss = name_loss(context.spec.audit.task).replace("_", " ")
    return EvidenceFile(
        _FOUND, rows,
        f"The {loss} of {rows:,} of {context.table.rows:,} rows{drawn} laid on the model's columns "
        f"by walks from {pairs} reference rows each",
    )  # fmt: skip


ERRORS = Check(
    CODE,
    "What makes the model err",
    "Lays the log loss (squared error for a regression) of rows drawn by the seed on the model's "
    f"columns: which make predictions better and which worse, over all rows, the wrong ones and, "
    f"for the {TOP} columns that change it most, by group; p-values are adjusted by Holm.",
    compute_errors,
)
