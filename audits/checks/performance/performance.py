"""Checks `performance.overall` and `performance.groups`: every metric, for all and by group."""

from __future__ import annotations

from audits.checks.base import CheckResult, CubeCheck, CubeContext, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part
from audits.cube import View, available_metrics

OVERALL = "performance.overall"
GROUPS = "performance.groups"


def measure_view(
    code: str, context: CubeContext, view: View, part: Part | None = None
) -> list[Measurement]:
    """Return every metric of every group of a view."""
    found = []
    for metric in available_metrics(view):
        values = context.compute(metric, view)
        found += [
            build_measurement(
                code, metric.name, values.result(position, metric.undefined), unit=metric.unit,
                direction=metric.direction, attribute=view.attribute,
                group=label if view.attribute else None, part=part,
            )
            for position, label in enumerate(view.labels)
        ]  # fmt: skip
    return found


def compute_overall(context: CubeContext) -> CheckResult:
    """Take every metric of the whole data."""
    return CheckResult(tuple(measure_view(OVERALL, context, context.view())))


def compute_groups(context: CubeContext) -> CheckResult:
    """Take every metric of every group and of every intersection of two attributes."""
    if not context.groupings:
        raise CheckNotApplicableError("no protected columns are declared")
    found = []
    for attributes in context.groupings:
        found += measure_view(GROUPS, context, context.view(attributes))
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
