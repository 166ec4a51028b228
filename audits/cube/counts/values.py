"""Many estimates at once: one entry a group, NaN where there is none (turned into a reason when
measurements are made; no NaN leaves the cube)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.core.report.estimate import EXACT, Estimate, Unavailable
from audits.cube.intervals.intervals import (
    CONFIDENCE,
    Interval,
    compute_mean_interval,
    compute_share_interval,
)


@dataclass(frozen=True, slots=True)
class Values:
    """Estimates of one metric for every group: float64 `[n_groups]` each, `n` in rows.

    effective: the number of rows that the uncertainty rests on (smaller than n under weights).
    centre: where chance pushes the value to one side, the value without that; differences measure
    their limits from it.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    n: IntArray
    effective: FloatArray
    method: str
    centre: FloatArray | None = None

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


def estimate_share(hits: int, n: int, undefined: str = "no rows") -> Estimate | Unavailable:
    """Return a share of `n` rows with its interval, or the reason `undefined` where n is 0."""
    if not n:
        return Unavailable(reason=undefined)
    low, high = compute_share_interval(np.asarray(hits / n), np.asarray(float(n)))
    return to_result(hits / n, float(low), float(high), n, "wilson_midp", undefined)


def estimate_mean(
    values: FloatArray, undefined: str, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> Estimate | Unavailable:
    """Return the mean of rows' values with Student's t interval, cut to `bounds`; the reason
    `undefined` where fewer than two rows have one."""
    if len(values) < 2:
        return Unavailable(reason=undefined)
    mean, n = np.asarray(values.mean()), np.asarray(float(len(values)))
    low, high = compute_mean_interval(mean, np.asarray(values.var(ddof=1)), n)
    ends = max(float(low), bounds[0]), min(float(high), bounds[1])
    return to_result(float(mean), *ends, len(values), "student_t", undefined)


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
