"""What the policy concludes from a measurement."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from audits.core.estimate import Frozen


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


class Verdict(Frozen):
    """A rule's judgement. `measurement` is the id of what was judged; `reason` is a sentence.

    cause: why it has this status; None in reports of before November 2026. adjusted: the p-value
    after counting all `comparisons` that the rule made; None where nothing was tested.
    """

    rule: str
    status: Status
    measurement: str
    threshold: float | None
    reason: str
    cause: Cause | None = None
    adjusted: float | None = Field(default=None, ge=0, le=1)
    comparisons: int | None = Field(default=None, ge=1)
