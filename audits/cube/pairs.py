"""Intervals of the largest gap, or the smallest ratio, over all pairs of groups.

A bootstrap of a largest-minus-smallest gap does not cover: the gap of resamples is larger than
the gap seen, which is larger than the true one. Limits made of the pairs' own do:

- Further from equality: the true worst pair is one of the pairs, so that the furthest limit of
  any pair reaches it with at least that pair's own confidence.
- Nearer to equality: the nearest limit counts only if it holds for all pairs at once; Tukey's
  studentized range (Kramer 1956 for unequal groups) gives each pair the confidence for that.

Coverage by simulation: 94% or more, see `tests/cube/test_pairs.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import scipy

from audits.cube.cube import FloatArray
from audits.cube.intervals import (
    CONFIDENCE,
    Interval,
    compute_difference,
    compute_ratio,
    compute_share_interval,
)
from audits.cube.values import Values

_Compare = Callable[[FloatArray, Interval, FloatArray, Interval], Interval]

_BLOCK = 256
"""Groups set against all others at a time: memory grows with groups, not with their square."""


def compute_worst_pair_interval(rates: Sequence[Values], kind: str) -> tuple[float, float]:
    """Return (low, high) of the worst gap ("difference") or ratio over pairs and rates.

    rates: one `Values` of shares by group each; groups without a share are left out. A gap's
    interval lies in [0, 1], a ratio's in [0, 1] too (the smaller over the larger).
    """
    near, far = [], []
    for rate in rates:
        known = ~np.isnan(rate.value)
        share, rows = rate.value[known], rate.effective[known]
        sure = _simultaneous_confidence(len(share), len(rates))
        near.append(_extreme_limit(kind, share, compute_share_interval(share, rows, sure), 0))
        far.append(_extreme_limit(kind, share, compute_share_interval(share, rows), 1))
    if kind == "difference":
        return max(0.0, *near), min(1.0, max(far))
    return max(0.0, min(far)), min(1.0, *near)


@lru_cache(maxsize=256)
def _simultaneous_confidence(groups: int, rates: int) -> float:
    """Return the confidence of one pair at which all pairs, and all rates, hold together."""
    together = 1 - (1 - CONFIDENCE) / rates
    quantile = scipy.stats.studentized_range.ppf(together, groups, np.inf) / np.sqrt(2)
    return float(2 * scipy.stats.norm.cdf(quantile) - 1)


def _extreme_limit(kind: str, share: FloatArray, interval: Interval, end: int) -> float:
    """Return the pairs' most unequal limit; end 0 is the one nearer to equality, 1 the further."""
    if kind == "difference":
        return max(
            float(limits[end].max()) for limits in _limits(compute_difference, share, interval)
        )
    found = [
        np.nanmin(limits[1 - end]) if not np.isnan(limits[1 - end]).all() else np.inf
        for limits in _limits(compute_ratio, share, interval)
    ]
    return float(min(found))


def _limits(compute: _Compare, share: FloatArray, interval: Interval) -> Iterator[Interval]:
    """Yield the limits of groups (down) against all groups (across), a block at a time."""
    for start in range(0, len(share), _BLOCK):
        block = slice(start, start + _BLOCK)
        some = (interval[0][block, None], interval[1][block, None])
        yield compute(share[block, None], some, share[None], (interval[0][None], interval[1][None]))
