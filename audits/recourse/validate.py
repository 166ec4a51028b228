"""Does an answer hold? What every engine's answers are put to before anybody sees them."""

from __future__ import annotations

from audits.core.counterfactual import Counterfactual
from audits.recourse.rules import ActionRules


def keeps_rules(answer: Counterfactual, rules: ActionRules) -> bool:
    """Return whether the rules allow every change of the answer, on its stored values."""
    return bool(answer.changes) and all(
        rules.allows(change.column, change.old, change.new) for change in answer.changes
    )
