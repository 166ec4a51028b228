"""What the measured interventions are called, and which goal answers which finding."""

from __future__ import annotations

from audits.core.report.parts import Part, PartKind
from audits.core.words.words import GOALS, lower

GOAL_OF = {
    "selection_rate": "demographic_parity",
    "true_positive_rate": "equal_opportunity",
    "false_positive_rate": "equalized_odds",
}
"""What thresholds should aim at where a group is worse off in a rate; nothing for other rates."""


def name_intervention(goal: str, attribute: str, *, by_group: bool) -> Part:
    """Return what an intervention's numbers are of, "demographic parity, thresholds by sex"."""
    how = f"thresholds by {attribute}" if by_group else "one threshold for all"
    return Part(PartKind.INTERVENTION, f"{lower(GOALS[goal].title)}, {how}")
