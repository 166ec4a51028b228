"""Check `performance.classes`: each class of a multiclass model against all others, by group."""

from __future__ import annotations

import numpy as np

from audits.checks.base import (
    CheckResult,
    CubeCheck,
    CubeContext,
    build_measurement,
    class_cube_file,
)
from audits.checks.fairness.disparities import measure_summaries
from audits.checks.fairness.group_gaps import measure_gaps
from audits.checks.performance.performance import measure_view
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.cube import BINARY, MAX_CLASSES, Values

CODE = "performance.classes"
_AUC = next(metric for metric in BINARY if metric.name == "roc_auc")


def compute_classes(context: CubeContext) -> CheckResult:
    """Take every binary metric and summary of every class, and the mean AUC over classes."""
    if context.cube.task != "multiclass":
        raise CheckNotApplicableError("only models of many classes are taken class by class")
    if not context.class_cubes:
        raise CheckNotApplicableError(
            f"the model has {len(context.cube.classes)} classes; up to {MAX_CLASSES} are "
            "taken class by class"
        )
    found: list[Measurement] = []
    contexts = [
        CubeContext(context.spec, cube, min_rows=context.min_rows)
        for cube in context.class_cubes.values()
    ]
    for position, (name, one) in enumerate(zip(context.class_cubes, contexts, strict=True)):
        part = _measure_class(one, Part(PartKind.CLASS, name))
        evidence = (class_cube_file(position),)
        found += [item.model_copy(update={"evidence": evidence}) for item in part]
    for attributes in ((), *context.groupings):
        found += _measure_macro_auc(contexts, attributes)
    return CheckResult(tuple(found))


def _measure_class(one: CubeContext, part: Part) -> list[Measurement]:
    found = measure_view(CODE, one, one.view(), part)
    for attributes in one.groupings:
        view = one.view(attributes)
        found += measure_view(CODE, one, view, part)
        if len(view.labels) > 1:
            found += measure_summaries(CODE, one, view, part)
            found += measure_gaps(CODE, one, view, part)
    return found


def _measure_macro_auc(
    contexts: list[CubeContext], attributes: tuple[str, ...]
) -> list[Measurement]:
    """Return the mean over classes of the AUC of each against all others (Hand and Till 2001
    discuss the choice; this is scikit-learn's "ovr" with "macro").

    The classes share their rows: the interval is as wide as if their errors moved together,
    which is the widest that they can make it.
    """
    view = contexts[0].view(attributes)
    if not view.has_scores:
        return []
    by_class = [one.compute(_AUC, one.view(attributes)) for one in contexts]
    value, low, high = (
        np.mean([getattr(values, part) for values in by_class], axis=0)
        for part in ("value", "low", "high")
    )
    mean = Values(value, low, high, view.rows, view.rows.astype(np.float64), "mean_of_classes")
    return [
        build_measurement(
            CODE, "macro_roc_auc", mean.result(position, "a class has no rows here"),
            unit="score", direction="higher_is_better", attribute=view.attribute,
            group=label if view.attribute else None,
            evidence=tuple(class_cube_file(k) for k in range(len(contexts))),
        )
        for position, label in enumerate(view.labels)
    ]  # fmt: skip


CLASSES = CubeCheck(
    CODE,
    "Each class against all others",
    "Takes every metric and summary of each class of a multiclass model, by group.",
    compute_classes,
)
