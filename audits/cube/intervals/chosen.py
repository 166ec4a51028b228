"""Groups against others that were chosen by looking: gaps whose interval counts the choice.

Whoever sets a group against the best-off of k others finds a gap even where all are alike. The
end of the interval that faces "no difference" is therefore Dunnett's (1955, JASA 50:1096), for one
group against all others, as in comparisons with the best (Hsu 1984, Annals of Statistics
12:1136); the p-value is the level at which that end reaches "no difference", so that the two cannot
disagree. The far end is that of the pair alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from audits.core.arrays import FloatArray, IntArray
from audits.core.limits import ALPHA
from audits.cube.counts.values import Values
from audits.cube.intervals.intervals import compute_ratio, normal_quantile
from audits.cube.intervals.inversion import Ends, find_test_z, find_z, limit_all

Mask = NDArray[np.bool_]

_NODES = np.linspace(-8.0, 8.0, 321)
_WEIGHTS = np.exp(-(_NODES**2) / 2)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Pairs of a group and one that is better off; every array has one entry a pair.

    group, other: positions. value: how much better off `other` is, in [0, 1] for shares; low,
    high: its interval. ratio, ratio_low, ratio_high: the group's share over the other's, NaN for
    numbers that are no shares and where the other's is 0. p_value: of the group being as well
    off as every judgeable group; under 0.05 exactly where the interval excludes "no difference".
    """

    group: IntArray
    other: IntArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    ratio: FloatArray
    ratio_low: FloatArray
    ratio_high: FloatArray
    p_value: FloatArray

    def at(self, place: int) -> Gaps:
        """Return one pair alone."""
        return Gaps(*(getattr(self, part.name)[[place]] for part in fields(self)))


def compute_gaps(
    values: Values, pairs: Sequence[tuple[int, int]], comparators: Mask, *, lower_is_worse: bool
) -> Gaps:
    """Return the gaps of pairs (group, better-off group), both with a value.

    comparators: `[n_groups]`, the groups of which the better-off one was chosen.
    lower_is_worse: whether the group with the lower value is the worse off.
    """
    side = values if lower_is_worse else _turn(values)
    group, other = (np.array([pair[end] for pair in pairs], dtype=np.int64) for end in (0, 1))
    value = side.value[other] - side.value[group]
    z = _find_sureness(side, group, other)
    error = _standard_error(side)
    seen = np.empty(len(pairs))
    faced = np.empty(len(pairs))
    for place in range(len(pairs)):
        rivals = comparators.copy()
        rivals[group[place]] = False
        family = Family.of(error[group[place]], error[rivals])
        seen[place] = min(1.0, 2 * family.tail(float(z[place])))
        faced[place] = family.quantile()
    ends = limit_all(side, group, other, faced), limit_all(side, group, other)
    near, far = ends
    alike = seen >= ALPHA
    low = np.where(alike, np.minimum(near.low, 0.0), np.maximum(near.low, 0.0))
    best = np.array([_is_best(side, comparators, pair) for pair in pairs], dtype=bool)
    # Of a group that is better off p says nothing: the interval does not say more.
    high = np.maximum(np.where(best, _reach(side, group, comparators, far.high), far.high), 0.0)
    ratio, ratio_low, ratio_high = _take_ratios(side, (group, other), ends, alike)
    lowest = ratio_low.copy()
    if values.method == "wilson_midp":
        for place in map(int, np.flatnonzero(best)):
            reach = _reach_down(side, int(group[place]), comparators)
            lowest[place] = np.fmin(ratio_low[place], reach)
    lowest = np.minimum(lowest, 1.0)
    return Gaps(
        group,
        other,
        value,
        np.minimum(low, value),
        np.maximum(high, value),
        ratio,
        lowest,
        ratio_high,
        seen,
    )


def _find_sureness(values: Values, group: IntArray, other: IntArray) -> FloatArray:
    """Return at how many standard errors a gap is from none: by its interval or by the groups' own
    test, whichever is less sure. Where the test is within one, it need not be asked twice."""
    z = find_test_z(values, group, other)
    far = np.flatnonzero(z > 1)
    if len(far):
        z[far] = np.minimum(z[far], find_z(values, group[far], other[far]))
    return z


def list_rivals(
    values: Values, group: int, comparators: Mask, *, lower_is_worse: bool
) -> list[int]:
    """Return the groups that matter to one: the best-off, and each from which the gap is smaller
    but surer than from all better-off ones. Empty where none is better off.

    The first breaks a bound first; the others see to it that a small group with a high value
    does not hide what is certain beside a large one.
    """
    side = values if lower_is_worse else _turn(values)
    gap = side.value - side.value[group]
    with np.errstate(invalid="ignore"):
        better = np.flatnonzero(comparators & (gap > 0))
    better = better[better != group]
    if not len(better):
        return []
    facing = np.hypot(side.value[better] - side.low[better], side.high[group] - side.value[group])
    with np.errstate(divide="ignore"):
        sureness = gap[better] / facing
    order = np.lexsort((-sureness, -gap[better]))
    kept: list[int] = []
    surest = -np.inf
    for place in order:
        if sureness[place] > surest:
            kept.append(int(better[place]))
            surest = float(sureness[place])
    return kept


def _turn(values: Values) -> Values:
    """Return the numbers with the opposite sign, so that the lower is the worse."""
    return Values(
        -values.value, -values.high, -values.low, values.n, values.effective, values.method
    )


def _standard_error(values: Values) -> FloatArray:
    return (values.high - values.low) / (2 * normal_quantile())


def _is_best(values: Values, comparators: Mask, pair: tuple[int, int]) -> bool:
    known = comparators & ~np.isnan(values.value)
    return bool(values.value[pair[1]] >= values.value[known].max()) if known.any() else True


def _reach(values: Values, group: IntArray, comparators: Mask, high: FloatArray) -> FloatArray:
    """Return how far the best-off of all comparators may be: the furthest limit of any."""
    rivals = np.flatnonzero(comparators & ~np.isnan(values.value))
    reached = high.copy()
    for place, one in enumerate(group):
        others = rivals[rivals != one]
        if len(others):
            own = np.full(len(others), one)
            reached[place] = max(high[place], float(limit_all(values, own, others).high.max()))
    return reached


def _take_ratios(
    values: Values, pairs: tuple[IntArray, IntArray], ends: tuple[Ends, Ends], alike: Mask
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return group over other with both ends; the near one is the upper."""
    group, other = pairs
    if values.method != "wilson_midp":
        nothing = np.full(len(group), np.nan)
        return nothing, nothing, nothing
    near, far = ends
    own, others = values.value[group], values.value[other]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(others > 0, own / others, np.nan)
    upper = compute_ratio(own, near.group, others, near.other)[1]
    lower = compute_ratio(own, far.group, others, far.other)[0]
    upper = np.where(alike, np.maximum(upper, 1.0), np.minimum(upper, 1.0))
    return ratio, np.fmin(lower, ratio), np.fmax(upper, ratio)


def _reach_down(values: Values, group: int, comparators: Mask) -> float:
    """Return how low the ratio to the best-off of all comparators may be: the lowest limit of
    any; NaN where there is none."""
    rivals = np.flatnonzero(comparators & (np.nan_to_num(values.value) > 0))
    rivals = rivals[rivals != group]
    if not len(rivals):
        return np.nan
    own = np.full(len(rivals), group)
    ends = limit_all(values, own, rivals)
    lows = compute_ratio(values.value[own], ends.group, values.value[rivals], ends.other)[0]
    return float(np.nanmin(lows))


# One group against all others: how large their largest gap is by chance alone (Dunnett 1955).


_WEIGHTS /= _WEIGHTS.sum()
_EXACT_GROUPS = 50
"""Among more groups their dependence is left out (Šidák), which is safe and quick."""
_FAR = 6.0
"""Standard errors from which on the sum of the tails is as good as the integral."""


@dataclass(frozen=True, slots=True)
class Family:
    """How a group's gaps from all others move together: each shares the group's own error.

    share: `[others]`, the part of the gap's standard error that is the group's own.
    """

    share: FloatArray

    @classmethod
    def of(cls, error: float, others: FloatArray) -> Family:
        """Return the family of a group with a standard error among others with theirs."""
        known = others[np.isfinite(others)]
        if not len(known) or not np.isfinite(error):
            return cls(np.zeros(1))
        together = np.hypot(error, known)
        with np.errstate(invalid="ignore"):
            share = np.where(together > 0, error / together, 0.0)
        return cls(np.minimum(share, 0.99))

    def tail(self, z: float) -> float:
        """Return the chance that the largest of the gaps is z standard errors or more."""
        bound = len(self.share) * float(special.ndtr(-z))
        if z > _FAR or len(self.share) == 1:
            return bound
        if len(self.share) > _EXACT_GROUPS:
            return float(-np.expm1(len(self.share) * special.log_ndtr(z)))
        own = np.sqrt(1 - self.share**2)
        inside = special.log_ndtr((z - np.outer(_NODES, self.share)) / own).sum(axis=1)
        return min(bound, float(-(_WEIGHTS * np.expm1(inside)).sum()))

    def quantile(self) -> float:
        """Return the z that the largest gap exceeds with a chance of 2.5%."""
        if len(self.share) == 1:
            return normal_quantile()
        return float(optimize.brentq(lambda z: self.tail(z) - ALPHA / 2, 0.0, _FAR, xtol=1e-9))
