"""What recourse is sought for: the positive class, another class, or a range of values."""

from __future__ import annotations

import numpy as np

from audits.checks.base import Context
from audits.core.errors import CheckNotApplicableError, one_of
from audits.core.settings.recourse import SoughtRange
from audits.recourse import BecomeClass, FallWithin, Goal, ReachScore


def find_goal(context: Context) -> tuple[Goal, np.ndarray]:
    """Return the goal, and the places of the rows that do not have it.

    Raises CheckNotApplicableError where nobody lacks it, or where several classes or a number
    are predicted and the settings do not say what to seek.
    """
    spec, model = context.spec, context.model
    assert spec.model is not None
    assert model is not None
    decided = context.read_predictions(["y_pred"])["y_pred"]
    target = spec.recourse.target
    goal: Goal
    if spec.audit.task == "binary":
        assert context.output is not None
        goal = ReachScore(spec.model.cut, context.output)
        return goal, _require(decided == 0, "the model turned nobody down")
    if spec.audit.task == "multiclass":
        classes = spec.model.classes or model.info.classes
        if target is None:
            raise CheckNotApplicableError(
                f"which class to seek is not said; [recourse] target names one of {one_of(classes)}"
            )
        goal = BecomeClass(classes.index(str(target)), str(target))
        lacking = decided.astype(str) != str(target)
        return goal, _require(lacking, f"the model predicts {str(target)!r} for every row")
    if not isinstance(target, SoughtRange):
        raise CheckNotApplicableError(
            "which values to seek is not said; [recourse] target = [low, high] or "
            "{ at_least = ... } does"
        )
    goal = FallWithin(*target.ends)
    outside = goal.compute_gain(decided.astype(np.float64)) < goal.needed
    return goal, _require(outside, "every predicted value lies within the target")


def _require(lacking: np.ndarray, otherwise: str) -> np.ndarray:
    places = np.flatnonzero(lacking)
    if not len(places):
        raise CheckNotApplicableError(otherwise)
    return places
