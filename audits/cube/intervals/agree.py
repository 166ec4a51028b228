"""An interval and a p-value that never contradict each other.

The test of a difference and its interval may come from different methods, each the best for its
task: an exact test, and an interval that covers. Near the border they can differ. A difference
then counts only where both find it.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from audits.core.arrays import FloatArray
from audits.core.limits import ALPHA
from audits.cube.intervals.intervals import Interval, normal_quantile


def reconcile(
    value: FloatArray, interval: Interval, p_values: FloatArray, neutral: float = 0.0
) -> tuple[Interval, FloatArray]:
    """Return intervals and p-values of which the one excludes `neutral` exactly where the other
    is under 0.05.

    Where the test finds no difference, the interval is widened until it holds none; where the
    interval holds none, but the test would find one, the p-value is the interval's own: that of a
    normal error whose 95% limit is the interval's. NaN (no test, no interval) stays as it is.
    """
    value, p_values = np.asarray(value), np.asarray(p_values)
    low, high = np.asarray(interval[0]), np.asarray(interval[1])
    tested = ~np.isnan(p_values)
    alike = tested & (p_values >= ALPHA)
    holds = tested & ~alike & (low <= neutral) & (neutral <= high)
    facing = np.where(value > neutral, value - low, high - value)
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = normal_quantile() * np.abs(value - neutral) / facing
    own = 2 * special.ndtr(-np.where(np.isfinite(reached), reached, 0.0))
    widened = (
        np.where(alike, np.fmin(low, neutral), low),
        np.where(alike, np.fmax(high, neutral), high),
    )
    return widened, np.where(holds, np.maximum(own, ALPHA), p_values)
