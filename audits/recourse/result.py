"""What a search for recourse answers for one row."""

from __future__ import annotations

from dataclasses import dataclass

from audits.core.counterfactual import Counterfactual, NoRecourse


@dataclass(frozen=True, slots=True)
class RecourseResult:
    """One row's answers, best first, or why there is none.

    Exactly one of `answers` (not empty) and `no_recourse` says something.
    """

    row: str
    answers: tuple[Counterfactual, ...]
    no_recourse: NoRecourse | None
