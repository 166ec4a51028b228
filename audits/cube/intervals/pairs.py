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
from scipy import special

from audits.core.arrays import FloatArray, IntArray
from audits.cube.counts.values import Values
from audits.cube.intervals.intervals import (
    CONFIDENCE,
    Interval,
    compute_difference,
    compute_ratio,
    compute_share_interval,
    compute_share_limits,
)
from audits.cube.intervals.inversion import find_test_z, find_z

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
        z = _simultaneous_z(len(share), len(rates))
        near.append(_extreme_limit(kind, share, compute_share_limits(share, rows, z), 0))
        far.append(_extreme_limit(kind, share, compute_share_interval(share, rows), 1))
    if kind == "difference":
        return max(0.0, *near), min(1.0, max(far))
    return max(0.0, min(far)), min(1.0, *near)


def compute_worst_pair_p(rates: Sequence[Values]) -> float:
    """Return the p-value of all groups having equal rates, in each of some rates.

    The level at which the limit of `compute_worst_pair_interval` that is nearer to equality
    reaches it, so that the interval holds "no difference" exactly where p is 0.05 or more. A
    pair counts no surer than its own test finds it (Fisher's where few are expected). 1.0 where
    fewer than two groups have a rate.
    """
    smallest = 1.0
    for rate in rates:
        known = np.flatnonzero(~np.isnan(rate.value))
        if len(known) < 2:
            return 1.0
        pairs = _find_surest(rate.value[known], (rate.low[known], rate.high[known]))
        z = _simultaneous_z(len(known), len(rates))
        ends = compute_share_limits(rate.value[known], rate.effective[known], z)
        pairs = np.unique(np.vstack([pairs, _find_surest(rate.value[known], ends)]), axis=0)
        group, other = known[pairs[:, 0]], known[pairs[:, 1]]
        seen = np.minimum(find_z(rate, group, other), find_test_z(rate, group, other)).max()
        smallest = min(smallest, len(rates) * _studentized_tail(float(seen), len(known)))
    return smallest


_SUREST = 8
"""Pairs of a block whose limits are inverted one by one: the surest at a glance."""


def _find_surest(share: FloatArray, interval: Interval) -> IntArray:
    """Return the pairs (lower, higher) that are the furthest apart for their errors, `[n, 2]`."""
    low, high = interval
    found = []
    for start in range(0, len(share), _BLOCK):
        mine = np.arange(start, min(start + _BLOCK, len(share)))
        gap = share[None] - share[mine, None]
        facing = np.hypot(share - low, (high - share)[mine, None])
        with np.errstate(divide="ignore", invalid="ignore"):
            sureness = np.where(gap > 0, gap / facing, 0.0)
            margin = gap - facing
        for measure in (sureness, margin):
            flat = np.argsort(measure, axis=None)[::-1][:_SUREST]
            row, column = np.unravel_index(flat, measure.shape)
            found.append(np.column_stack([mine[row], column]))
    pairs = np.vstack(found).astype(np.int64)
    return pairs[share[pairs[:, 1]] >= share[pairs[:, 0]]]


@lru_cache(maxsize=1024)  # an integral each time, and few are asked for
def _simultaneous_z(groups: int, rates: int) -> float:
    """Return the standard errors of one pair at which all pairs, and all rates, hold together."""
    together = 1 - (1 - CONFIDENCE) / rates
    return float(scipy.stats.studentized_range.ppf(together, groups, np.inf) / np.sqrt(2))


def _studentized_tail(z: float, groups: int) -> float:
    """Return the chance that the surest of all pairs is z standard errors or more apart."""
    bound = groups * (groups - 1) * float(special.ndtr(-z))
    if z > 6 or groups == 2:
        return min(1.0, bound)
    tail = float(scipy.stats.studentized_range.sf(z * np.sqrt(2), groups, np.inf))
    return min(1.0, bound, tail)


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
