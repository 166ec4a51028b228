"""What each threshold would do to one group: its rates and its cost, as steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray
from audits.cube import UNKNOWN, View
from audits.mitigate.goals import Costs

NOBODY = float("inf")
"""The threshold that selects nobody."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One group's decisions `score >= threshold`, strictest first; arrays `[n_steps]`.

    thresholds: falling; the first is `NOBODY`, then every score that the group has. rates: by
    name; a rate that no row of the group counts for is absent. cost: of the group's wrong
    decisions, summed over its rows. known: weight of the rows with a true outcome.
    """

    label: str
    thresholds: FloatArray
    rates: Mapping[str, FloatArray]
    cost: FloatArray
    known: float


def compute_curves(view: View, costs: Costs) -> tuple[Curve, ...]:
    """Return every group's curve, in the view's order. The view's rows must have scores."""
    cube = view.cube
    bins = max(len(cube.edges), 1)
    # Sorted by group, within it from the highest score down.
    key = view.cell_group * bins + (bins - 1 - cube.codes["score_bin"])
    places, place = np.unique(key, return_inverse=True)
    true, weight = cube.codes["y_true"], cube.sums["weight"]
    parts: list[FloatArray] = [
        np.bincount(place, np.where(true == outcome, weight, 0.0)).astype(np.float64)
        for outcome in (1, 0, UNKNOWN)
    ]
    scores = cube.edges[bins - 1 - places % bins]
    ends = np.searchsorted(places, np.arange(len(view.labels) + 1) * bins)
    return tuple(
        _make_curve(
            label,
            scores[start:end],
            [part[start:end] for part in parts],
            costs,
        )
        for label, start, end in zip(view.labels, ends[:-1], ends[1:], strict=True)
    )


def _make_curve(label: str, scores: FloatArray, parts: list[FloatArray], costs: Costs) -> Curve:
    """Return a curve from the weight of positive, negative and unknown rows at each score."""
    positive, negative, unknown = (np.concatenate([[0.0], np.cumsum(part)]) for part in parts)
    hits, alarms = positive, negative
    known = positive[-1] + negative[-1]
    shares = {
        "selection_rate": (positive + negative + unknown, known + unknown[-1]),
        "true_positive_rate": (hits, positive[-1]),
        "false_positive_rate": (alarms, negative[-1]),
        "accuracy": (hits + negative[-1] - alarms, known),
    }
    return Curve(
        label=label,
        thresholds=np.concatenate([[NOBODY], scores]),
        rates={name: part / rows for name, (part, rows) in shares.items() if rows > 0},
        cost=costs.false_positive * alarms + costs.false_negative * (positive[-1] - hits),
        known=float(known),
    )
