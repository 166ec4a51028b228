"""A share before and after on the same rows: the change and its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray
from audits.cube.intervals.intervals import CONFIDENCE, compute_wilson


@dataclass(frozen=True, slots=True)
class Pairs:
    """Effective rows by what they were and what they became: right or wrong, before and after."""

    both: float
    gained: float
    lost: float
    neither: float

    @property
    def total(self) -> float:
        """All rows."""
        return self.both + self.gained + self.lost + self.neither


def compute_paired_change(
    pairs: Pairs, confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Return the share after minus the share before, and both ends of its interval.

    Newcombe's hybrid score interval for paired shares (1998, Statistics in Medicine 17:2635,
    method 10): Wilson's intervals of the two shares, joined by their correlation. NaN without
    rows.
    """
    n = pairs.total
    if n <= 0:
        return np.nan, np.nan, np.nan
    shares = np.array([pairs.both + pairs.gained, pairs.both + pairs.lost]) / n
    after, before = shares
    low, high = compute_wilson(shares, np.full(2, n), confidence)
    phi = _compute_correlation(pairs)
    change = (pairs.gained - pairs.lost) / n
    below = _join(after - low[0], high[1] - before, phi)
    above = _join(high[0] - after, before - low[1], phi)
    return change, change - below, change + above


def _join(one: float, other: float, phi: float) -> float:
    return float(np.sqrt(max(one**2 - 2 * phi * one * other + other**2, 0.0)))


def _compute_correlation(pairs: Pairs) -> float:
    """Return phi, with the method's correction for small positive ones; 0 where undefined."""
    margins: FloatArray = np.array(
        [
            pairs.both + pairs.gained,
            pairs.lost + pairs.neither,
            pairs.both + pairs.lost,
            pairs.gained + pairs.neither,
        ]
    )
    product = float(np.prod(np.sqrt(margins)))
    if product <= 0:
        return 0.0
    cross = pairs.both * pairs.neither - pairs.gained * pairs.lost
    if cross > 0:
        cross = max(cross - pairs.total / 2, 0.0)
    return cross / product
