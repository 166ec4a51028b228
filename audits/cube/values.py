"""Many estimates at once: one entry a group, NaN where there is none (turned into a reason when
measurements are made; no NaN leaves the cube)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.estimate import EXACT, Estimate, Unavailable
from audits.cube.cube import FloatArray, IntArray
from audits.cube.intervals import CONFIDENCE, Interval


@dataclass(frozen=True, slots=True)
class Values:
    """Estimates of one metric for every group: float64 `[n_groups]` each, `n` in rows.

    effective: the number of rows that the uncertainty rests on (smaller than n under weights).
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    n: IntArray
    effective: FloatArray
    method: str

    @property
    def interval(self) -> Interval:
        """Both ends."""
        return self.low, self.high

    def result(self, position: int, undefined: str) -> Estimate | Unavailable:
        """Return one group's estimate, or why there is none."""
        return to_result(
            float(self.value[position]),
            float(self.low[position]),
            float(self.high[position]),
            int(self.n[position]),
            self.method,
            undefined,
        )


def to_result(
    value: float, low: float, high: float, n: int, method: str, undefined: str
) -> Estimate | Unavailable:
    """Return an estimate, or the reason `undefined` where the value is not a number."""
    if not np.isfinite(value):
        return Unavailable(reason=undefined)
    if not (np.isfinite(low) and np.isfinite(high)):
        return Unavailable(reason="too few rows for an interval")
    confidence = 1.0 if method == EXACT else CONFIDENCE
    return Estimate(value=value, low=low, high=high, n=n, method=method, confidence=confidence)


def average_two(one: Values, other: Values) -> Values:
    """Return the mean of two numbers of every group that rest on different rows.

    Their distances to the limits add in squares, as MOVER's do.
    """
    value = (one.value + other.value) / 2
    return Values(
        value=value,
        low=value - np.hypot(one.value - one.low, other.value - other.low) / 2,
        high=value + np.hypot(one.high - one.value, other.high - other.value) / 2,
        n=one.n + other.n,
        effective=one.effective + other.effective,
        method=one.method if one.method.startswith("mover") else f"mover_{one.method}",
    )
