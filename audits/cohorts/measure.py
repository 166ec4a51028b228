"""A run seen through a filter: the cube of some of its rows, and what it says about them."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks import (
    CUBE_CHECKS,
    INTERVENTIONS,
    PROFILE_CHECK as PROFILE,
    CubeCheck,
    CubeContext,
    count_groups,
)
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.limits import MIN_ROWS_TO_JUDGE
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport, CheckOutcome, CheckStatus
from audits.core.settings.spec import AuditSpec
from audits.cube import Cube, build_cube, count_classes
from audits.data import connect
from audits.policy import Policy, compute_verdicts
from audits.slices import Mask
from audits.store import Bundle

ALL_ROWS = "it was made for all rows together; look at everybody to see it"
ON_ITS_PAGE = "other thresholds are tried on these rows on their own page, when it is opened"


@dataclass(frozen=True, slots=True)
class CohortAudit:
    """The cube of the rows inside, and the report of the whole run with their numbers instead.

    inside: `[rows of the run]`. The report keeps the run's identity and settings; its data
    subject counts the cohort's rows, and checks that need more than a cube are skipped.
    """

    inside: Mask
    cube: Cube
    report: AuditReport


def measure_cohort(
    bundle: Bundle, spec: AuditSpec, policy: Policy | None, whole: Cube, inside: Mask
) -> CohortAudit:
    """Measure and judge the rows inside as the run did all of them.

    whole: the run's cube. policy: its rules; None leaves the cohort without verdicts.
    Raises CheckNotApplicableError where no row is inside.
    """
    if not inside.any():
        raise CheckNotApplicableError("no row meets these conditions together")
    min_rows = MIN_ROWS_TO_JUDGE if policy is None else policy.min_rows
    context = _count(bundle, spec, whole, inside, min_rows)
    found, outcomes = count_groups(context), []
    codes = {check.code: check for check in CUBE_CHECKS if check is not INTERVENTIONS}
    for stored in bundle.report.checks:
        if stored.status is not CheckStatus.MEASURED or stored.code == PROFILE:
            outcomes.append(stored)
        elif stored.code in codes:
            measured, outcome = _run_check(codes[stored.code], context, stored)
            found += measured
            outcomes.append(outcome)
        else:
            reason = ON_ITS_PAGE if stored.code == INTERVENTIONS.code else ALL_ROWS
            aside = {"status": CheckStatus.SKIPPED, "reason": reason}
            outcomes.append(stored.model_copy(update=aside))
    data = bundle.report.subject.data.model_copy(update={"rows": int(inside.sum())})
    report = bundle.report.model_copy(
        update={
            "subject": bundle.report.subject.model_copy(update={"data": data}),
            "checks": tuple(outcomes),
            "measurements": tuple(found),
            "verdicts": ()
            if policy is None
            else compute_verdicts(policy, found, bundle.report.run.day),
        }
    )
    return CohortAudit(inside, context.cube, report)


def _count(
    bundle: Bundle, spec: AuditSpec, whole: Cube, inside: Mask, min_rows: int
) -> CubeContext:
    path = bundle.evidence_path("predictions.parquet")
    names = [name for name in pq.read_schema(path).names if name != "row"]
    rows = pq.read_table(path, columns=names).filter(pa.array(inside))
    with connect() as connection:
        cube = build_cube(
            connection, rows, task=whole.task, attributes=whole.attributes,
            classes=whole.classes, threshold=whole.threshold, scale=whole.scale,
        )  # fmt: skip
        return CubeContext(spec, cube, count_classes(connection, rows, cube), min_rows)


def _run_check(
    check: CubeCheck, context: CubeContext, stored: CheckOutcome
) -> tuple[tuple[Measurement, ...], CheckOutcome]:
    found: tuple[Measurement, ...] = ()
    status, reason = CheckStatus.MEASURED, ""
    try:
        found = check.compute(context).measurements
    except CheckNotApplicableError as error:
        status, reason = CheckStatus.NOT_APPLICABLE, str(error)
    except CheckSkippedError as error:
        status, reason = CheckStatus.SKIPPED, str(error)
    except Exception as error:  # a check's defect must not take the cohort down
        status, reason = CheckStatus.ERROR, f"{type(error).__name__}: {error}"
    return found, stored.model_copy(update={"status": status, "reason": reason})
