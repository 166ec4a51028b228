"""The scale on which a number gets better or worse: a gap by its size, a ratio by how near 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from audits.core.arrays import FloatArray
from audits.core.report.measurement import Direction, Unit
from audits.core.report.report import AuditReport


@dataclass(frozen=True, slots=True)
class ChangeTest:
    """A change with its interval, and the two-sided p-value of no change."""

    change: float
    low: float
    high: float
    p_value: float
    method: str


def fold(value: FloatArray, direction: Direction) -> FloatArray:
    """Return values on the scale on which they are judged.

    closer_to_zero: the size. closer_to_one: the ratio or its inverse, whichever is below 1, in
    [0, 1]; 0.5 and 2 are equally far. Others: as they are. NaN stays.
    """
    if direction == "closer_to_zero":
        return np.abs(value)
    if direction == "closer_to_one":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(value > 1, 1 / value, np.maximum(value, 0.0))
    return value


def fold_interval(low: float, high: float, direction: Direction) -> tuple[float, float]:
    """Return an interval on the scale of `fold`: one that spans the ideal reaches it."""
    ends = sorted(float(end) for end in fold(np.array([low, high]), direction))
    if direction == "closer_to_zero" and low <= 0 <= high:
        ends[0] = 0.0
    if direction == "closer_to_one" and low <= 1 <= high:
        ends[1] = 1.0
    return ends[0], ends[1]


def is_better(change: float, direction: Direction) -> bool | None:
    """Return whether a change on the scale of `fold` is for the better; None where no value is."""
    if direction == "none":
        return None
    return change > 0 if direction in ("higher_is_better", "closer_to_one") else change < 0


def name_unit(unit: Unit) -> Unit:
    """Return the unit of a difference of two numbers."""
    return {"share": "points", "score": "difference"}.get(unit, unit)  # type: ignore[return-value]


Z = float(special.ndtri(0.975))


def compute_normal_p(change: float, error: float) -> float:
    """Return the two-sided p-value of a change with its standard error.

    Without an error a change is certain, and no change is none.
    """
    if error > 0:
        return float(2 * special.ndtr(-abs(change) / error))
    return 1.0 if change == 0 else 0.0


def compute_t_test(change: float, squared: float, freedom: float) -> ChangeTest:
    """Return Student's t test of a change with its squared standard error."""
    freedom = min(freedom, 1e9)  # beyond it is the normal distribution
    error = float(np.sqrt(squared))
    half = float(special.stdtrit(freedom, 0.975)) * error
    if error > 0:
        p_value = float(2 * special.stdtr(freedom, -abs(change) / error))
    else:
        p_value = 1.0 if change == 0 else 0.0
    return ChangeTest(change, change - half, change + half, p_value, "student_t_paired")


def find_yardstick(report: AuditReport) -> float | None:
    """Return the mean absolute error of everybody, in which the target's changes are measured."""
    item = report.by_id.get("mean_absolute_error")
    return None if item is None or not item.value else item.value


def is_slight(change: float, unit: Unit, least: float, yardstick: float | None) -> bool:
    """Return whether a change is less than the least that counts.

    least is in the number's own unit: 0.02 is 2 points of a share or a gap, 0.02 of a ratio, a
    score or a loss. What is in the target's unit is a part of the yardstick: 0.02 is 2% of the
    earlier mean absolute error. Without a yardstick every change counts.
    """
    if unit != "target":
        return abs(change) < least
    return yardstick is not None and abs(change) < least * yardstick
