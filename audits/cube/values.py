"""Many estimates at once: one entry a group, NaN where there is none (turned into a reason when
measurements are made; no NaN leaves the cube)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.estimate import Estimate, Unavailable
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
        value = float(self.value[position])
        low, high = float(self.low[position]), float(self.high[position])
        if np.isnan(value):
            return Unavailable(reason=undefined)
        if np.isnan(low) or np.isnan(high):
            return Unavailable(reason="too few rows for an interval")
        return Estimate(
            value=value,
            low=low,
            high=high,
            n=int(self.n[position]),
            method=self.method,
            confidence=CONFIDENCE,
        )
