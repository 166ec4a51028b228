"""The limits that grade an explanation: one table, each with its reason.

They judge an explanation, never the model: a model whose explanation is not reliable may be a
good one, only nobody has been told why it decides as it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from audits.core.report.estimate import Estimate


class Grade(StrEnum):
    """How far an explanation, or one measure of it, can be trusted; best first."""

    RELIABLE = "reliable"
    CARE = "care"
    UNRELIABLE = "unreliable"


GRADES: Mapping[Grade, str] = {
    Grade.RELIABLE: "Can be relied on",
    Grade.CARE: "With care",
    Grade.UNRELIABLE: "Not reliable",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """When one measure speaks for an explanation and when against it.

    reliable: the bound that the whole interval must keep. unreliable: the bound that the whole
    interval must miss; None where the measure alone never condemns. Between them: with care.
    more_is_better: which side of the bounds is the good one. reason: why there.
    """

    metric: str
    reliable: float
    unreliable: float | None
    more_is_better: bool
    reason: str

    def grade(self, estimate: Estimate) -> Grade:
        """Return what an estimate with its interval says."""
        sign = 1.0 if self.more_is_better else -1.0
        worst, best = sorted((sign * estimate.low, sign * estimate.high))
        if self.unreliable is not None and best < sign * self.unreliable:
            return Grade.UNRELIABLE
        return Grade.RELIABLE if worst >= sign * self.reliable else Grade.CARE


LIMITS: tuple[Limit, ...] = (
    Limit("trust_deletion", 1.05, 1.1, True,
          "1 is what a random order of the columns reaches. How far above it the best order comes "
          "depends on the model: where all columns matter alike it is little. Shown to be better "
          "is enough, shown to be less than a tenth better is not"),
    Limit("trust_claim", 0.5, 0.25, True,
          "1 is what columns that act one by one reach; columns that act together miss some of "
          "it, and an explanation of something else is at 0"),
    Limit("trust_insertion", 1.05, 1.0, True,
          "1 is what a random order reaches; shown to be better is enough, as for the move by the "
          "top columns"),
    Limit("trust_agreement", 0.8, 0.5, True,
          "both methods estimate the same numbers, so that only sampling may part them"),
    Limit("trust_agreement_top", 0.7, 0.4, True,
          "two of three top columns in common is what one exchange at the edge leaves"),
    Limit("trust_other_agreement", 0.7, None, True,
          "the methods answer different questions where columns are correlated or act together: a "
          "difference is lawful and only tells that the choice of the method matters"),
    Limit("trust_other_agreement_top", 0.6, None, True,
          "as for the ranks: a difference is lawful"),
    Limit("trust_noise", 0.8, 0.5, True,
          "nobody would act otherwise on a value that is 3% of its spread away"),
    Limit("trust_noise_change", 0.5, 1.0, False,
          "at 1 the change of an explanation is as large as the explanation"),
    Limit("trust_background", 0.8, 0.5, True,
          "two random halves of the same reference rows are the same comparison"),
    Limit("trust_background_change", 0.5, 1.0, False,
          "at 1 the change of an explanation is as large as the explanation"),
    Limit("trust_additivity", 0.01, 0.1, False,
          "a hundredth of the outputs' spread is not seen on any chart; a tenth is"),
    Limit("trust_sampling", 0.3, 1.0, False,
          "at 1 the stated errors are as large as the values"),
)  # fmt: skip
"""Every limit, with its reason; measures without one are shown and not judged."""

FAITHFUL = frozenset({"trust_deletion", "trust_claim", "trust_insertion"})
"""Measures that meet the model itself; without one of them nothing can be relied on."""

ASPECTS: Mapping[str, frozenset[str]] = {
    "faithful": FAITHFUL | {"trust_deletion_area", "trust_insertion_area"},
    "agreeing": frozenset(
        {
            "trust_agreement", "trust_agreement_top", "trust_other_agreement",
            "trust_other_agreement_top",
        }
    ),
    "stable": frozenset(
        {
            "trust_noise", "trust_noise_change", "trust_background", "trust_background_change",
        }
    ),
    "adding_up": frozenset({"trust_additivity", "trust_sampling"}),
}  # fmt: skip
"""The measures by what they tell: whether the score follows the explanation, other methods say
the same, small changes leave it alone, and its parts make the output."""
