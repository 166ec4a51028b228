"""What the policy concludes from a measurement."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from audits.core.report.estimate import Frozen


class Status(StrEnum):
    """Outcome of one rule on one measurement, best to worst for a reader: see `SEVERITY`."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    INSUFFICIENT = "insufficient"
    NOT_APPLICABLE = "not_applicable"


SEVERITY = (Status.FAIL, Status.WARN, Status.INSUFFICIENT, Status.PASS, Status.NOT_APPLICABLE)
"""Worst first: the order of every list of verdicts that people read."""

JUDGED = (Status.FAIL, Status.WARN, Status.PASS)
"""The statuses that decide something."""


class Cause(StrEnum):
    """Why a verdict has its status."""

    KEPT = "kept"
    """The bound is kept."""
    BREACH = "breach"
    """The bound is broken, and chance does not explain it."""
    UNCERTAIN = "uncertain"
    """The bound is broken, but too few rows say so."""
    SMALL = "small"
    """The group has too few rows to be judged."""
    TURNED = "turned"
    """The bound is broken, but one different selection would turn the result round."""
    EXCUSED = "excused"
    """The bound is broken, but another number says that this means little."""
    UNAVAILABLE = "unavailable"
    """There is no number to judge."""


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Waiver(Frozen):
    """A decision of people that breaches of a rule are accepted for a while.

    Without `attribute` it is of all that the rule judges, without `group` of all groups of the
    attribute. It holds up to and including the day `expires`.
    """

    rule: str = Field(min_length=1)
    attribute: str | None = Field(default=None, min_length=1)
    group: str | None = Field(default=None, min_length=1)
    reason: Text
    owner: Text
    expires: date

    @field_validator("expires", mode="before")
    @classmethod
    def _is_day(cls, given: object) -> date:
        if isinstance(given, str) and len(given) == len("2027-12-31"):
            return date.fromisoformat(given)
        if isinstance(given, date) and not isinstance(given, datetime):
            return given
        raise ValueError("is not a day")


class Verdict(Frozen):
    """A rule's judgement. `measurement` is the id of what was judged; `reason` is a sentence.

    cause: why it has this status; None in reports of before November 2026. adjusted: the p-value
    after counting all `comparisons` that the rule made; None where nothing was tested. waiver: a
    breach that people have accepted keeps its status, is shown, and does not fail the audit.
    """

    rule: str
    status: Status
    measurement: str
    threshold: float | None
    reason: str
    cause: Cause | None = None
    adjusted: float | None = Field(default=None, ge=0, le=1)
    comparisons: int | None = Field(default=None, ge=1)
    waiver: Waiver | None = None
