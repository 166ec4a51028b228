"""Checks `performance.overall` and `performance.groups`: every metric, for all and by group."""

from __future__ import annotations

from audits.checks.base import CheckResult, CubeCheck, CubeContext, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.measurement import Measurement
from audits.cube.metrics import available_metrics
from audits.cube.view import View

OVERALL = "performance.overall"
GROUPS = "performance.groups"


def _measure(code: str, context: CubeContext, view: View) -> list[Measurement]:
    found = []
    for metric in available_metrics(view):
        values = context.compute(metric, view)
        found += [
            build_measurement(
                code, metric.name, values.result(position, metric.undefined), unit=metric.unit,
                direction=metric.direction, attribute=view.attribute,
                group=label if view.attribute else None,
            )
            for position, label in enumerate(view.labels)
        ]  # fmt: skip
    return found


def compute_overall(context: CubeContext) -> CheckResult:
    """Take every metric of the whole data."""
    return CheckResult(tuple(_measure(OVERALL, context, context.view())))


def compute_groups(context: CubeContext) -> CheckResult:
    """Take every metric of every group and of every intersection of two attributes."""
    if not context.groupings:
        raise CheckNotApplicableError("no protected columns are declared")
    found = []
    for attributes in context.groupings:
        found += _measure(GROUPS, context, context.view(attributes))
    return CheckResult(tuple(found))


PERFORMANCE_OVERALL = CubeCheck(
    OVERALL,
    "Performance",
    "Takes every metric of the whole data, with intervals.",
    compute_overall,
)
PERFORMANCE_GROUPS = CubeCheck(
    GROUPS,
    "Performance by group",
    "Takes every metric of every group and intersection of two, with intervals.",
    compute_groups,
)
