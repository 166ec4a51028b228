"""Intervals of differences, asked the other way round: at how many standard errors do they reach
"no difference"? A p-value taken from there never contradicts its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from audits.core.arrays import FloatArray, IntArray
from audits.core.limits import ALPHA
from audits.cube.counts.values import Values
from audits.cube.intervals.intervals import (
    Interval,
    compute_difference,
    compute_share_limits,
    compute_two_share_p,
    compute_welch_p,
    normal_quantile,
)

MAX_Z = 37.0
"""Standard errors beyond which a tail has no digits left in a double."""
_STEPS = 60
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of the gaps' intervals, and those of the groups' own that they are made of."""

    low: FloatArray
    high: FloatArray
    group: Interval
    other: Interval


def limit_all(
    values: Values, group: IntArray, other: IntArray, z: FloatArray | None = None
) -> Ends:
    """Return the intervals of `other - group` at z standard errors each; without z those of the
    groups' own intervals."""
    own, others = (
        (values.low[positions], values.high[positions])
        if z is None
        else limit_at(values, positions, z)
        for positions in (group, other)
    )
    low, high = compute_difference(values.value[other], others, values.value[group], own)
    return Ends(low, high, own, others)


def _limit(values: Values, group: IntArray, other: IntArray, z: FloatArray) -> FloatArray:
    return limit_all(values, group, other, z).low


def limit_at(values: Values, positions: IntArray, z: FloatArray) -> Interval:
    """Return the intervals of some groups' values at z standard errors each."""
    value, n = values.value[positions], values.effective[positions]
    if values.method == "wilson_midp":
        return compute_share_limits(value, n, z)
    low, high = values.low[positions], values.high[positions]
    if values.method == "student_t":
        with np.errstate(invalid="ignore"):
            degrees = np.where(n > 1, n - 1, np.nan)
            scale = special.stdtrit(degrees, special.ndtr(-z)) / special.stdtrit(degrees, ALPHA / 2)
    else:
        scale = np.asarray(z / normal_quantile())
    return value - (value - low) * scale, value + (high - value) * scale


def find_test_z(values: Values, group: IntArray, other: IntArray) -> FloatArray:
    """Return the standard errors that the two groups' own test stands for."""
    p_values = np.ones(len(group))
    for place, (one, two) in enumerate(zip(group, other, strict=True)):
        if values.method == "wilson_midp":
            rows = float(values.effective[one]), float(values.effective[two])
            hits = float(values.value[one]) * rows[0], float(values.value[two]) * rows[1]
            p_values[place] = compute_two_share_p(hits[0], rows[0], hits[1], rows[1])
        elif values.method == "student_t":
            pair = np.array([one, two])
            ends = values.low[pair], values.high[pair]
            n = values.effective[pair]
            p_values[place] = float(compute_welch_p(values.value[pair], ends, n, 1)[0])
        else:
            p_values[place] = 0.0
    known = np.maximum(np.nan_to_num(p_values, nan=1.0), 1e-300)
    return np.asarray(np.minimum(-special.ndtri(known / 2), MAX_Z), dtype=np.float64)


def find_z(values: Values, group: IntArray, other: IntArray) -> FloatArray:
    """Return at how many standard errors the interval of `other - group` reaches 0, for pairs
    where that is at least 0; 0 where they are equal, at most `MAX_Z`.

    Regula falsi (Illinois) from what a normal error would give: intervals are nearly straight in
    z, so that a few steps do.
    """
    gap = values.value[other] - values.value[group]
    with np.errstate(divide="ignore", invalid="ignore"):
        guess = np.clip(gap / (gap - _limit(values, group, other, np.ones_like(gap))), 0.1, MAX_Z)
    bottom, low = np.zeros_like(gap), gap
    top, high = np.full_like(gap, MAX_Z), np.full_like(gap, -np.inf)
    for factor in (1.0, 0.8, 1.25, 0.5, 2.0):
        tried = np.where((guess * factor > bottom) & (guess * factor < top), guess * factor, bottom)
        value = np.where(tried > bottom, _limit(values, group, other, tried), low)
        above = value > 0
        bottom, low = np.where(above, tried, bottom), np.where(above, value, low)
        top, high = np.where(above, top, tried), np.where(above, high, value)
    open_ended = np.isneginf(high)
    if open_ended.any():
        high = np.where(open_ended, _limit(values, group, other, top), high)
    before = high > 0  # no step has been made on either side
    found = np.where(gap > 0, np.where(before, MAX_Z, top), 0.0)
    done = before | ~(gap > 0)
    for _ in range(_STEPS):
        with np.errstate(divide="ignore", invalid="ignore"):
            step = bottom + (top - bottom) * low / (low - high)
        inside = (step > bottom) & (step < top)
        middle = np.where(inside, step, (bottom + top) / 2)
        value = _limit(values, group, other, middle)
        above = value > 0
        # An end that stays put twice counts half, so that it is moved in the next step.
        again = above == before
        low = np.where(above, value, np.where(again, low / 2, low))
        high = np.where(above, np.where(again, high / 2, high), value)
        moved = np.minimum(middle - bottom, top - middle)
        bottom, top = np.where(above, middle, bottom), np.where(above, top, middle)
        before = above
        # A pair that is found keeps its digits, however many steps the others take.
        found = np.where(done, found, middle)
        done = done | (moved < _CLOSE)
        if done.all():
            break
    return found
