"""Thresholds by group whose rates lie within a window: the cheapest choice, exactly.

Where the lowest group's rate is r, an allowed gap g means that every group's rate lies in
[r, r + g], and the cheapest choice of one group does not depend on that of another. The lowest
rate is one that some group can reach, so trying each of them finds the optimum over all
combinations of thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.mitigate.curves import Curve

MAX_STEPS = 1000
"""Steps of a group's curve that are tried where two rates are bounded; where it has more, those
that are evenly spaced along its length, so that no rate is missed by more than 0.002."""

_ROUNDING = 1e-12
_BATCH = 60_000
"""Pairs of window starts that are looked at together: it bounds memory."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen step of each curve, `[n_groups]`; their total cost and largest gap of a rate."""

    steps: IntArray
    cost: float
    gap: float


class OneRate:
    """Choices where one rate is bounded. Made once for the groups, asked for any gap.

    steps: how many of each curve are tried, evenly along it; all where None.
    """

    def __init__(self, curves: Sequence[Curve], rate: str, steps: int | None = None) -> None:
        kept = [_thin(curve, (rate,), steps) for curve in curves]
        self._orders = [
            one[np.lexsort((curve.cost[one], curve.rates[rate][one]))]
            for curve, one in zip(curves, kept, strict=True)
        ]
        pairs = list(zip(curves, self._orders, strict=True))
        self._rates = [curve.rates[rate][order] for curve, order in pairs]
        self._cheapest = [CheapestInRange(curve.cost[order]) for curve, order in pairs]
        self._starts = np.unique(np.concatenate(self._rates))

    def solve(self, gap: float) -> Choice | None:
        """Return the cheapest choice within `gap`, of equals the one with the smallest gap; None
        where no choice is within it."""
        low, high = _find_windows(self._rates, self._starts, gap)
        found = [one.find(a, b) for one, a, b in zip(self._cheapest, low, high, strict=True)]
        cost = _add_costs(self._cheapest, found)
        if not np.isfinite(cost.min()):
            return None
        tied = np.flatnonzero(cost <= cost.min() + _slack(cost.min()))
        picked = [positions[tied] for positions in found]
        spread = _spread(self._rates, picked)
        best = int(np.argmin(spread))
        steps = [order[one[best]] for order, one in zip(self._orders, picked, strict=True)]
        return Choice(np.array(steps), float(cost[tied[best]]), float(spread[best]))

    def smallest_gap(self) -> float:
        """Return the smallest gap that any choice has."""
        low, _ = _find_windows(self._rates, self._starts, 0.0)
        whole = [start < len(rate) for rate, start in zip(self._rates, low, strict=True)]
        usable = np.logical_and.reduce(whole)
        tops = [rate[start[usable]] for rate, start in zip(self._rates, low, strict=True)]
        return float((np.max(tops, axis=0) - self._starts[usable]).min())


class TwoRates:
    """Choices where two rates are bounded that both rise as the threshold falls.

    steps: how many of each curve are tried, see `MAX_STEPS`.
    Each window start of the first rate bounds the cost from below, and so does each of the
    second; pairs of starts are tried from the most promising on, until no other can be cheaper.
    """

    def __init__(self, curves: Sequence[Curve], rates: tuple[str, str], steps: int) -> None:
        self._kept = [_thin(curve, rates, steps) for curve in curves]
        self._first, self._second = (
            [curve.rates[name][kept] for curve, kept in zip(curves, self._kept, strict=True)]
            for name in rates
        )
        self._cheapest = [
            CheapestInRange(curve.cost[kept])
            for curve, kept in zip(curves, self._kept, strict=True)
        ]
        self._starts = tuple(np.unique(np.concatenate(r)) for r in (self._first, self._second))

    def solve(self, gap: float) -> Choice | None:
        """Return the cheapest choice within `gap`; None where no choice is within it."""
        one = _find_windows(self._first, self._starts[0], gap)
        other = _find_windows(self._second, self._starts[1], gap)
        bound, other_bound = self._bound(one), self._bound(other)
        order = np.argsort(bound, kind="stable")
        order = order[np.isfinite(bound[order])]
        first, last = self._reachable(one, gap, order)
        best: Choice | None = None
        ends = np.cumsum(last - first)
        at = 0
        while at < len(order):
            limit = np.inf if best is None else best.cost - _slack(best.cost)
            if bound[order[at]] >= limit:
                break
            size = _BATCH if at else _BATCH // 8  # the first batch gives the limit
            done = ends[at - 1] if at else 0
            stop = max(at + 1, int(np.searchsorted(ends, done + size, side="right")))
            i = np.repeat(order[at:stop], (last - first)[at:stop])
            j = _ranges(first[at:stop], last[at:stop])
            useful = other_bound[j] < limit
            found = self._try(one, other, i[useful], j[useful])
            if found is not None and found.cost < limit:
                best = found
            at = stop
        return best

    def _bound(self, windows: tuple[IntArray, IntArray]) -> FloatArray:
        """Return the cost of the cheapest choice within the windows of one rate alone."""
        found = [one.find(a, b) for one, a, b in zip(self._cheapest, *windows, strict=True)]
        return _add_costs(self._cheapest, found)

    def _reachable(
        self, windows: tuple[IntArray, IntArray], gap: float, order: IntArray
    ) -> tuple[IntArray, IntArray]:
        """Return which starts of the second rate can go with each start of the first, as ranges.

        Its window must reach up to the lowest second rate that each group can have, and start no
        higher than the highest of each.
        """
        low, high = windows[0][:, order], windows[1][:, order]
        least = np.array([rate[a] for rate, a in zip(self._second, low, strict=True)])
        most = np.array([rate[b - 1] for rate, b in zip(self._second, high, strict=True)])
        bottom = np.maximum(least.min(axis=0), least.max(axis=0) - gap)
        first = np.searchsorted(self._starts[1], bottom - _ROUNDING)
        last = np.searchsorted(self._starts[1], most.min(axis=0) + _ROUNDING, side="right")
        return first, np.maximum(first, last)

    def _try(
        self, one: tuple[IntArray, IntArray], other: tuple[IntArray, IntArray],
        i: IntArray, j: IntArray,
    ) -> Choice | None:  # fmt: skip
        """Return the cheapest choice over pairs of window starts; None where none has one."""
        if not len(i):
            return None
        low = np.maximum(one[0][:, i], other[0][:, j])
        high = np.minimum(one[1][:, i], other[1][:, j])
        found = [cheap.find(a, b) for cheap, a, b in zip(self._cheapest, low, high, strict=True)]
        cost = _add_costs(self._cheapest, found)
        if not np.isfinite(cost.min()):
            return None
        tied = np.flatnonzero(cost <= cost.min() + _slack(cost.min()))
        picked = [positions[tied] for positions in found]
        spread = np.maximum(_spread(self._first, picked), _spread(self._second, picked))
        best = int(np.argmin(spread))
        steps = [kept[one[best]] for kept, one in zip(self._kept, picked, strict=True)]
        return Choice(np.array(steps), float(cost[tied[best]]), float(spread[best]))


def _find_windows(
    rates: Sequence[FloatArray], starts: FloatArray, gap: float
) -> tuple[IntArray, IntArray]:
    """Return which entries of each rising `rates` lie in [start, start + gap]: the first and the
    one after the last, `[n_groups, n_starts]`."""
    low = [np.searchsorted(rate, starts - _ROUNDING) for rate in rates]
    high = [np.searchsorted(rate, starts + gap + _ROUNDING, side="right") for rate in rates]
    return np.array(low), np.array(high)


def _add_costs(cheapest: Sequence[CheapestInRange], found: Sequence[IntArray]) -> FloatArray:
    total: FloatArray = np.sum(
        [one.values[positions] for one, positions in zip(cheapest, found, strict=True)], axis=0
    )
    return total


def _spread(rates: Sequence[FloatArray], picked: Sequence[IntArray]) -> FloatArray:
    chosen = [rate[positions] for rate, positions in zip(rates, picked, strict=True)]
    spread: FloatArray = np.max(chosen, axis=0) - np.min(chosen, axis=0)
    return spread


def _slack(cost: float) -> float:
    return 1e-9 * max(1.0, abs(cost))


def _thin(curve: Curve, rates: tuple[str, ...], steps: int | None) -> IntArray:
    """Return the steps to try: all, or so many evenly along the curve of the rates."""
    total = len(curve.thresholds)
    if steps is None or total <= steps:
        return np.arange(total)
    length = np.cumsum(sum(np.abs(np.diff(curve.rates[name], prepend=0.0)) for name in rates))
    wanted = np.linspace(0.0, length[-1], steps)
    return np.unique(np.clip(np.searchsorted(length, wanted), 0, total - 1))


def _ranges(first: IntArray, last: IntArray) -> IntArray:
    """Return first[0]..last[0]-1, first[1]..last[1]-1, ... in one array."""
    size = last - first
    offsets = np.repeat(first - np.concatenate([[0], np.cumsum(size)[:-1]]), size)
    ranges: IntArray = np.arange(size.sum()) + offsets
    return ranges


# The cheapest entry of any stretch of an array, asked many times: a sparse table.


class CheapestInRange:
    """Answers where the least value of `values[low:high]` is, the leftmost of equals.

    Positions of the least value of every stretch whose length is a power of two (Bender and
    Farach-Colton 2000, LATIN): any stretch is two of them that overlap.
    """

    def __init__(self, values: FloatArray) -> None:
        # One more entry than there is: empty stretches point at it, and it costs infinity.
        self.values = np.append(values, np.inf)
        levels = [np.arange(len(values))]
        width = 1
        while 2 * width <= len(values):
            left, right = levels[-1][:-width], levels[-1][width:]
            levels.append(np.where(values[left] <= values[right], left, right))
            width *= 2
        self._table = np.full((len(levels), len(values) + 1), len(values), dtype=np.int64)
        for level, positions in enumerate(levels):
            self._table[level, : len(positions)] = positions

    def find(self, low: IntArray, high: IntArray) -> IntArray:
        """Return the positions of the least values of `[low, high)`, arrays of one shape.

        An empty stretch gives the position after the last, where `values` is infinite.
        """
        length = high - low
        level = np.frexp(np.maximum(length, 1))[1] - 1
        left = self._table[level, np.minimum(low, len(self.values) - 1)]
        right = self._table[level, np.maximum(high - (1 << level), 0)]
        best = np.where(self.values[left] <= self.values[right], left, right)
        return np.where(length > 0, best, len(self.values) - 1)
