"""How many rows it would take: sample sizes from what has been seen."""

from __future__ import annotations

import math

import scipy

POWER = 0.8
"""The usual convention (Cohen 1988): four of five such differences would be told from chance."""


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
