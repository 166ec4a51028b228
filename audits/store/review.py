"""What people say of a run: a decision with a name under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Decision = Literal["approved", "conditions", "rejected"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)


@dataclass(frozen=True, slots=True)
class Review:
    """A sign-off. report: sha256 of the report.json that was read; another one was not signed.

    signed: time in UTC, ISO 8601.
    """

    report: str
    decision: Decision
    reviewer: str
    comment: str
    signed: str
