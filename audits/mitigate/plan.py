"""Thresholds that were chosen for a goal, and what has to be said with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from audits.core.arrays import FloatArray
from audits.cube import Cube, View
from audits.mitigate.goals import Costs, Goal


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the thresholds. gap: the largest allowed, in [0, 1]; unused for the least
    cost. by_group: one threshold for each group, else one for everybody."""

    goal: Goal
    gap: float
    costs: Costs
    by_group: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The cheapest thresholds that keep the request, on the rows they were chosen on.

    thresholds: by group, `NOBODY` selects nobody; one threshold for everybody stands under each
    group. untouched: groups that keep their decisions, having no row of an outcome that the goal
    is about. gap: between the groups, 0 for the least cost. cost: of a row, on average.
    """

    request: Request
    thresholds: Mapping[str, float]
    untouched: tuple[str, ...]
    gap: float
    cost: float

    @property
    def uses_attribute(self) -> bool:
        """Whether deciding by this plan needs to know a person's group; see
        `ATTRIBUTE_WARNING`."""
        return self.request.by_group


@dataclass(frozen=True, slots=True)
class NoPlan:
    """No thresholds keep the request, and why. smallest_gap: what can be reached, if any."""

    request: Request
    reason: str
    smallest_gap: float | None = None


def apply_thresholds(view: View, thresholds: Mapping[str, float]) -> Cube:
    """Return the view's cube with decisions `score >= threshold` of each row's group.

    Groups without a threshold keep their decisions.
    """
    cube = view.cube
    by_group: FloatArray = np.array([thresholds.get(label, np.nan) for label in view.labels])
    own = by_group[view.cell_group]
    selected = (cube.edges[cube.codes["score_bin"]] >= own).astype(np.int64)
    decided = np.where(np.isnan(own), cube.codes["y_pred"], selected)
    return replace(cube, codes={**cube.codes, "y_pred": decided})
