"""Check `explain.permutation`: what the model loses when a column's values are shuffled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audits.checks.base import PREDICTIONS_FILE, Check, CheckResult, Context, build_measurement
from audits.checks.explain.sampled import draw_positions, require_model
from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.report.estimate import Unavailable
from audits.core.report.measurement import Measurement, Unit
from audits.core.report.parts import Part, PartKind
from audits.core.words.words import PERMUTATION_CHECK
from audits.cube import to_result
from audits.explain import (
    REPEATS,
    PermutationImportance,
    build_losses,
    compute_permutation_importance,
    compute_row_budget,
)

CODE = PERMUTATION_CHECK
PREDICTIONS = 2_000_000
"""About as many predictions are asked for at most: wide data is looked at on fewer rows."""

_UNITS: dict[str, Unit] = {
    "log_loss": "nats",
    "brier_score": "difference",
    "roc_auc": "difference",
    "squared_error": "difference",
}


def _read_truth(context: Context, positions: IntArray) -> tuple[IntArray | FloatArray, IntArray]:
    """Return true outcomes as losses take them, and which of the positions have one."""
    model = require_model(context)
    kept = pd.Series(context.read_predictions(["y_true"])["y_true"][positions])
    known = np.flatnonzero(kept.notna().to_numpy())
    if context.spec.audit.task != "multiclass":
        return kept.iloc[known].to_numpy(dtype=np.float64), positions[known]
    assert context.spec.model is not None  # a model is audited
    classes = list(context.spec.model.classes or model.info.classes)
    found = pd.Index(classes).get_indexer(pd.Index(kept.iloc[known].astype(str)))
    if (found < 0).any():
        raise CheckNotApplicableError("true outcomes are not among the model's classes")
    return found, positions[known]


def _measure(item: PermutationImportance) -> Measurement:
    method = f"student_t over rows and {REPEATS} repeats (model reliance)"
    result = (
        Unavailable(reason=item.reason)
        if item.reason
        else to_result(item.value, item.low, item.high, item.n, method, "no rows")
    )
    return build_measurement(
        CODE, f"permutation_{item.loss}", result,
        unit=_UNITS[item.loss], direction="none", part=Part(PartKind.FEATURE, item.feature),
        p_value=item.p_value, adjusted_for=item.tests, evidence=(PREDICTIONS_FILE,),
    )  # fmt: skip


def measure_permutation(context: Context) -> CheckResult:
    """Take how much each loss rises without what each column says."""
    model, wanted = require_model(context), context.spec.explain.permutation_rows
    if not wanted:
        raise CheckSkippedError("[explain] permutation_rows = 0")
    features = list(model.info.features)
    rows = compute_row_budget(len(features), wanted, PREDICTIONS, REPEATS)
    truth, positions = _read_truth(context, draw_positions(context, rows, f"{CODE}:rows"))
    found = compute_permutation_importance(
        model.predict,
        context.table.read_rows(positions)[features],
        build_losses(context.spec.audit.task, truth, context.output),
        context.generator(CODE),
        progress=lambda fraction: context.progress(CODE, fraction),
    )
    if all(item.reason for item in found):
        raise CheckNotApplicableError("every column that the model uses holds one value only")
    return CheckResult(tuple(_measure(item) for item in found))


PERMUTATION = Check(
    CODE,
    "Permutation importance",
    f"Deals each column's values out anew, {REPEATS} times, and measures how much worse the "
    "model's answers get, with an interval over rows and repeats.",
    measure_permutation,
)
