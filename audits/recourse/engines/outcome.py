"""What an engine of recourse hands back."""

from __future__ import annotations

from dataclasses import dataclass

from audits.recourse.result import RecourseResult


@dataclass(frozen=True, slots=True)
class EngineOutcome:
    """One result a row, in order. tried: how many answers the engine proposed. failed: how many
    of them were dropped, because the model did not repeat its answer to the stored values, a
    rule was broken or more columns changed than may."""

    results: list[RecourseResult]
    tried: int
    failed: int
