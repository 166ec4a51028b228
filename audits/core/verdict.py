"""What the policy concludes from a measurement."""

from __future__ import annotations

from enum import StrEnum

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


class Verdict(Frozen):
    """A rule's judgement. `measurement` is the id of what was judged; `reason` is a sentence."""

    rule: str
    status: Status
    measurement: str
    threshold: float | None
    reason: str
