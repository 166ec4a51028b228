"""What an intervention may aim for. Adding a goal: one entry here, its words in `core.words`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from audits.core.errors import InputError, near_misses, one_of
from audits.cube import DISPARITIES, Disparity

GoalName = Literal[
    "demographic_parity", "equal_opportunity", "equalized_odds", "equal_accuracy", "least_cost"
]

_BY_NAME = {disparity.name: disparity for disparity in DISPARITIES}
_EQUAL_ACCURACY = Disparity(
    "equal_accuracy_difference", ("accuracy",), "difference", "Berk et al. 2021, SMR 50:3"
)


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal and the gap between groups that it bounds; no gap where only cost counts."""

    name: GoalName
    gap: Disparity | None

    @property
    def rates(self) -> tuple[str, ...]:
        """The rates that are to be alike in all groups."""
        return () if self.gap is None else self.gap.rates


GOALS: Mapping[str, Goal] = {
    goal.name: goal
    for goal in (
        Goal("demographic_parity", _BY_NAME["demographic_parity_difference"]),
        Goal("equal_opportunity", _BY_NAME["equal_opportunity_difference"]),
        Goal("equalized_odds", _BY_NAME["equalized_odds_difference"]),
        Goal("equal_accuracy", _EQUAL_ACCURACY),
        Goal("least_cost", None),
    )
}


def find_goal(name: str) -> Goal:
    """Return a goal by its name, with "-" or "_". Raises InputError for an unknown one."""
    known = name.replace("-", "_")
    if known not in GOALS:
        raise InputError(
            f"the goal {name!r} is unknown; known are {one_of(GOALS)}{near_misses(known, GOALS)}"
        )
    return GOALS[known]


@dataclass(frozen=True, slots=True)
class Costs:
    """What a wrong decision costs; with 1 and 1, the least cost is the highest accuracy."""

    false_positive: float = 1.0
    false_negative: float = 1.0

    def __post_init__(self) -> None:
        both = (self.false_positive, self.false_negative)
        if min(both) < 0 or max(both) == 0 or not all(cost < float("inf") for cost in both):
            raise InputError(
                f"costs of {both[0]:g} and {both[1]:g} cannot be used; give two numbers of at "
                "least 0, one of them above 0"
            )

    @property
    def equal(self) -> bool:
        """Whether both mistakes cost the same, so that cost and accuracy rank alike."""
        return self.false_positive == self.false_negative
