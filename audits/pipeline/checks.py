"""Running checks: one that fails is recorded with its reason and hides nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from audits.checks import Check, CheckResult, Context, CubeCheck
from audits.core.errors import (
    AssayError,
    CancelledError,
    CheckNotApplicableError,
    CheckSkippedError,
    MissingPackageError,
)
from audits.core.package.extras import explain_missing
from audits.core.report.report import CheckOutcome, CheckStatus

PENDING = "still being worked out; it will be in the finished run"
"""Why a check has no numbers in a first result."""

Ended = Callable[[CheckOutcome], None]
"""Told how a check ended, as soon as it has."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A check's end. result: None where it measured nothing."""

    outcome: CheckOutcome
    result: CheckResult | None


def no_news(outcome: CheckOutcome) -> None:
    """Say nothing."""


def run_checks(
    context: Context, checks: Sequence[Check | CubeCheck], ended: Ended = no_news
) -> dict[str, Ran]:
    """Run the checks in their order and return how each ended, by its code."""
    found = {}
    for check in checks:
        context.progress(check.code, None)
        found[check.code] = _run_check(context, check)
        ended(found[check.code].outcome)
    return found


def _run_check(context: Context, check: Check | CubeCheck) -> Ran:
    started = time.monotonic()
    status, reason, result = CheckStatus.MEASURED, "", None
    try:
        result = check.compute(context)
    except CheckNotApplicableError as error:
        status, reason = CheckStatus.NOT_APPLICABLE, str(error)
    except (CheckSkippedError, MissingPackageError) as error:
        status, reason = CheckStatus.SKIPPED, str(error)
    except CancelledError:
        raise
    except AssayError as error:
        status, reason = CheckStatus.ERROR, str(error)
    except Exception as error:  # a check's defect must not take the audit down
        status, reason = CheckStatus.ERROR, f"{type(error).__name__}: {error}"
        if isinstance(missing := explain_missing(error), MissingPackageError):
            status, reason = CheckStatus.SKIPPED, str(missing)
    seconds = round(time.monotonic() - started, 3)
    outcome = CheckOutcome(
        code=check.code, title=check.title, status=status, reason=reason, seconds=seconds
    )
    return Ran(outcome, result)


def in_order(checks: Sequence[Check | CubeCheck], ran: Mapping[str, Ran]) -> list[Ran]:
    """Return the checks' ends in the report's order; one that has not run yet says so."""
    return [ran[check.code] if check.code in ran else _wait(check) for check in checks]


def _wait(check: Check | CubeCheck) -> Ran:
    outcome = CheckOutcome(
        code=check.code, title=check.title, status=CheckStatus.SKIPPED, reason=PENDING, seconds=0.0
    )
    return Ran(outcome, None)
