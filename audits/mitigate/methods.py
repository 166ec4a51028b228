"""The ways to retrain or post-process a model, and what each of them can aim for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from audits.core.errors import InputError, near_misses, one_of
from audits.mitigate.goals import find_goal

MethodName = Literal["threshold-optimizer", "exponentiated-gradient", "reweighing"]


@dataclass(frozen=True, slots=True)
class Method:
    """One way. goals: what it can aim for, by our names, and fairlearn's name for each.

    retrains: fits the model again, which takes a scikit-learn one. uses_attribute: whether
    deciding needs to know a person's group.
    """

    name: MethodName
    title: str
    goals: Mapping[str, str]
    retrains: bool
    uses_attribute: bool
    source: str


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(
            "threshold-optimizer",
            "Randomised thresholds by group",
            {
                "demographic_parity": "demographic_parity",
                "equal_opportunity": "true_positive_rate_parity",
                "equalized_odds": "equalized_odds",
            },
            retrains=False,
            uses_attribute=True,
            source="Hardt, Price and Srebro 2016, NeurIPS; fairlearn.postprocessing",
        ),
        Method(
            "exponentiated-gradient",
            "A random mixture of retrained models",
            {
                "demographic_parity": "DemographicParity",
                "equal_opportunity": "TruePositiveRateParity",
                "equalized_odds": "EqualizedOdds",
                "equal_accuracy": "ErrorRateParity",
            },
            retrains=True,
            uses_attribute=False,
            source="Agarwal et al. 2018, ICML; fairlearn.reductions",
        ),
        Method(
            "reweighing",
            "The model trained again on weighted rows",
            {"demographic_parity": ""},
            retrains=True,
            uses_attribute=False,
            source="Kamiran and Calders 2012, KAIS 33:1",
        ),
    )
}


def find_method(name: str, goal: str) -> tuple[Method, str]:
    """Return a method and the goal's name. Raises InputError where it cannot aim for the goal."""
    method = METHODS.get(name.replace("_", "-"))
    if method is None:
        hint = near_misses(name, METHODS)
        raise InputError(f"the method {name!r} is unknown; known are {one_of(METHODS)}{hint}")
    aim = find_goal(goal).name
    if aim not in method.goals:
        allowed = one_of(goal.replace("_", "-") for goal in method.goals)
        raise InputError(
            f"{method.name} cannot aim for {aim.replace('_', '-')}; it can for {allowed}"
        )
    return method, aim
