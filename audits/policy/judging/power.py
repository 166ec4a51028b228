"""How many rows it would take: sample sizes from what has been seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import scipy

from audits.core.report.measurement import Measurement

POWER = 0.8
"""The usual convention (Cohen 1988): four of five such differences would be told from chance."""


MAX_TIMES = 10
"""Asking for more than ten times the rows there are is asking for what nobody can have."""


@dataclass(frozen=True, slots=True)
class Needed:
    """How many rows of which group would tell a difference from chance; None for more than can
    be had."""

    group: str
    rows: int | None


def count_needed(
    item: Measurement,
    adjusted: float | None,
    smallest: tuple[str, int] | None,
    alpha: float,
    min_rows: int,
) -> Needed | None:
    """Return how many rows of the smallest group compared it would take to tell a difference as
    large as the one seen; None where that cannot be said, or where no more than there are would do.

    adjusted: the p-value after counting all comparisons: a family of tests asks more of each.
    """
    if smallest is None or item.estimate is None:
        return None
    group, rows = smallest
    if item.p_value is not None and adjusted is not None and adjusted > 0:
        alpha *= min(1.0, item.p_value / adjusted)
    needed = compute_rows_needed(rows, _seen_z(item), alpha)
    if needed is None or max(needed, min_rows) <= rows:
        return None
    needed = max(needed, min_rows)
    return Needed(group, needed if needed <= max(rows * MAX_TIMES, min_rows) else None)


def _seen_z(item: Measurement) -> float:
    """Return how many standard errors from no difference a measurement is.

    Ratios by the limit that faces 1, on the log scale: where few are selected an exact test is so
    coarse that its p-value would ask for two to three times the rows. Others by their p-value, or
    by their interval where there is none.
    """
    assert item.estimate is not None
    value, low, high = item.estimate.value, item.estimate.low, item.estimate.high
    certain = compute_z(1 - item.estimate.confidence) if item.estimate.confidence < 1 else 0.0
    if item.unit == "ratio" and 0 < value < 1 and high > value:
        return math.log(value) / math.log(value / high) * certain
    if item.unit == "ratio" and value > 1 and 0 < low < value:
        return math.log(value) / math.log(value / low) * certain
    if item.p_value is not None:
        return compute_z(item.p_value)
    neutral = 1.0 if item.unit == "ratio" else 0.0
    half = max(value - low, high - value)  # a limit may be cut off where the scale ends
    return abs(value - neutral) / half * certain if half > 0 else 0.0


def compute_z(p_value: float) -> float:
    """Return how many standard errors from no difference a two-sided p-value stands for."""
    return float(scipy.stats.norm.isf(p_value / 2))


def compute_rows_needed(rows: int, z: float, alpha: float) -> int | None:
    """Return how many rows, in place of `rows`, would tell a difference as large as the one seen.

    At the rates seen and with all groups growing alike, z grows as the square root of the rows;
    a two-sided test at `alpha` finds the difference with a chance of `POWER` where z reaches the
    two quantiles' sum. Rounded up to two digits. None where no difference was seen.
    """
    if z <= 0:
        return None
    wanted = float(scipy.stats.norm.isf(alpha / 2) + scipy.stats.norm.ppf(POWER))
    needed = rows * (wanted / z) ** 2
    unit = 10 ** max(0, math.floor(math.log10(max(needed, 1.0))) - 1)
    return int(math.ceil(needed / unit) * unit)
