"""Check `data.profile`: how many rows each group has, and what is missing."""

from __future__ import annotations

from audits.checks.base import Check, CheckResult, Context, CubeContext, build_measurement
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind

PROFILE_CHECK = "data.profile"


def count_groups(context: CubeContext) -> list[Measurement]:
    """Return the rows overall and of every group and intersection of two."""
    found = [
        build_measurement(
            PROFILE_CHECK, "count", Estimate.exact(context.cube.rows, context.cube.rows),
            unit="count", direction="none",
        )
    ]  # fmt: skip
    for attributes in context.groupings:
        view = context.view(attributes)
        found += [
            build_measurement(
                PROFILE_CHECK, "count", Estimate.exact(int(rows), int(rows)), unit="count",
                direction="none", attribute=view.attribute, group=label,
            )
            for label, rows in zip(view.labels, view.rows, strict=True)
        ]  # fmt: skip
    return found


def compute_profile(context: Context) -> CheckResult:
    """Count rows overall and by group, and the share of missing values by column."""
    found, rows = count_groups(context), context.table.rows
    found += [
        build_measurement(
            PROFILE_CHECK, "missing_share", Estimate.exact(column.missing / rows, rows),
            unit="share",
            direction="none", part=Part(PartKind.COLUMN, column.name), evidence=(),
        )
        for column in context.table.columns
        if column.missing
    ]  # fmt: skip
    return CheckResult(tuple(found))


PROFILE = Check(
    PROFILE_CHECK,
    "Rows, groups and missing values",
    "Counts the rows of every group and intersection, and the missing values of every column.",
    compute_profile,
    early=True,
)
