"""Confidence intervals and tests: closed forms on counts, vectorised over groups."""

from __future__ import annotations

import numpy as np
from scipy import special

from audits.core.arrays import FloatArray
from audits.core.limits import ALPHA
from audits.cube.intervals.hypergeometric import compute_exact_test

CONFIDENCE = 1 - ALPHA
"""Nominal coverage of every interval of the audit."""

Interval = tuple[FloatArray, FloatArray]


def normal_quantile(confidence: float = CONFIDENCE) -> float:
    """Return z with `confidence` of the normal distribution within ±z."""
    return float(special.ndtri(0.5 + confidence / 2))


def compute_wilson(share: FloatArray, n: FloatArray, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's score interval of shares seen in `n` rows (Wilson 1927).

    `n` may be an effective number of rows. NaN where n is 0. Within [0, 1].
    """
    return _wilson_at(share, n, normal_quantile(confidence))


def _wilson_at(share: FloatArray, n: FloatArray, z: float | FloatArray) -> Interval:
    z2 = np.square(z)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2 * share * (1 - share) / n + (z2 / (2 * n)) ** 2) / (1 + z2 / n)
    low, high = np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
    # Rounding must not push the estimate itself out at the ends.
    return np.where(share == 0, 0.0, low), np.where(share == 1, 1.0, high)


_CORNER = 10.0
_FEW_ROWS = 8.0
_NEWTON = 50


def compute_share_interval(
    share: FloatArray, n: FloatArray, confidence: float = CONFIDENCE
) -> Interval:
    """Return the interval of shares seen in `n` rows, its method chosen by the corner.

    Wilson's where at least 10 rows are hits and 10 are not; nearer to 0 or 1, where Wilson's
    covers as little as 84%, the wider end of Wilson's and the mid-p exact one (Lancaster 1961);
    under 8 rows the exact one of Clopper and Pearson (1934). Coverage by enumeration for n from
    5 to 10,000 and shares from 0.001 to 0.999: at least 92%, 96.1% on average over equally
    spaced shares (`tests/cube/test_coverage.py`). `n` may be an effective number of rows. NaN
    where n is 0. Within [0, 1].
    """
    return compute_share_limits(share, n, normal_quantile(confidence))


def compute_share_limits(share: FloatArray, n: FloatArray, z: float | FloatArray) -> Interval:
    """Return the ends of `compute_share_interval` at z standard errors, one z for all or one for
    each share: the confidence that z stands for loses its digits beyond eight."""
    shape = np.broadcast_shapes(np.shape(share), np.shape(n), np.shape(z))
    share, rows, z = (
        np.atleast_1d(np.broadcast_to(np.asarray(part, dtype=np.float64), shape))
        for part in (share, n, z)
    )
    low, high = _wilson_at(share, rows, z)
    hits = share * rows
    corner = (rows > 0) & (np.minimum(hits, rows - hits) < _CORNER)
    if corner.any():
        tail = special.ndtr(-z[corner])
        few = rows[corner] < _FEW_ROWS
        # By symmetry the upper end for the hits is one minus the lower end for the misses.
        weight = np.where(few, 1.0, 0.5)
        lower = _exact_lower(hits[corner], rows[corner], tail, weight)
        upper = 1 - _exact_lower(rows[corner] - hits[corner], rows[corner], tail, weight)
        low[corner] = np.where(few, lower, np.minimum(low[corner], lower))
        high[corner] = np.where(few, upper, np.maximum(high[corner], upper))
    return low.reshape(shape), high.reshape(shape)


def _exact_lower(
    hits: FloatArray, n: FloatArray, tail: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return the share at which P(more than `hits`) + weight · P(`hits`) is `tail`.

    weight 1 is Clopper and Pearson's lower limit, one half the mid-p one. 0 where hits is 0.
    Newton's steps from the former, halved where they leave what is known to enclose it.
    """
    some = np.where(hits > 0, hits, 1.0)
    room = np.where(hits < n, n - hits, 1.0)
    full = hits >= n
    bottom, top = np.zeros_like(hits), np.ones_like(hits)
    shares = special.betaincinv(some, n - some + 1, tail)
    done = ~(hits > 0)
    for _ in range(_NEWTON):
        at_least = special.betainc(some, n - some + 1, shares)
        more = np.where(full, 0.0, special.betainc(some + 1, room, shares))
        excess = more + weight * (at_least - more) - tail
        bottom, top = np.where(excess > 0, bottom, shares), np.where(excess > 0, shares, top)
        slope = weight * _beta_density(some, n - some + 1, shares)
        slope += np.where(full, 0.0, (1 - weight) * _beta_density(some + 1, room, shares))
        with np.errstate(all="ignore"):
            step = shares - excess / slope
        moved = np.where((step > bottom) & (step < top), step, (bottom + top) / 2)
        # What is found keeps its digits, however many steps the others take.
        done = done | (np.abs(moved - shares) <= 1e-14 * shares)
        if done.all():
            break
        shares = np.where(done, shares, moved)
    return np.where(hits > 0, shares, 0.0)


def _beta_density(a: FloatArray, b: FloatArray, x: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        log = special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b)
        return np.asarray(np.exp(log), dtype=np.float64)


def compute_mean_interval(
    mean: FloatArray, variance: FloatArray, n: FloatArray, confidence: float = CONFIDENCE
) -> Interval:
    """Return Student's t interval of means with the rows' (n-1) variance. NaN where n < 2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quantile = special.stdtrit(np.where(n > 1, n - 1, np.nan), 0.5 + confidence / 2)
        half = quantile * np.sqrt(np.maximum(variance, 0.0) / n)
    return mean - half, mean + half


def compute_difference(
    value: FloatArray, interval: Interval, reference: FloatArray, reference_interval: Interval
) -> Interval:
    """Return the interval of `value - reference` of independent groups from their own intervals.

    MOVER (Zou and Donner 2008, Statistics in Medicine 27:1693); with Wilson's intervals it is
    Newcombe's hybrid score method (1998, method 10), and keeps its coverage in the corners where
    each share's own interval does.
    """
    (low, high), (ref_low, ref_high) = interval, reference_interval
    difference = value - reference
    below = np.sqrt((value - low) ** 2 + (ref_high - reference) ** 2)
    above = np.sqrt((high - value) ** 2 + (reference - ref_low) ** 2)
    return difference - below, difference + above


def compute_ratio(
    value: FloatArray, interval: Interval, reference: FloatArray, reference_interval: Interval
) -> Interval:
    """Return the interval of `value / reference` of independent groups, both at least 0.

    MOVER-R (Donner and Zou 2012, Statistical Methods in Medical Research 21:347), the roots in
    the form that stays stable for small counts. NaN where the reference is 0.
    """
    (low, high), (ref_low, ref_high) = interval, reference_interval
    product = value * reference
    with np.errstate(divide="ignore", invalid="ignore"):
        low_term = low * (2 * value - low)
        root = np.sqrt(np.maximum(product**2 - low_term * ref_high * (2 * reference - ref_high), 0))
        lower = np.where(low_term <= 0, 0.0, low_term / (product + root))
        below = ref_low * (2 * reference - ref_low)
        root = np.sqrt(np.maximum(product**2 - high * (2 * value - high) * below, 0))
        upper = (product + root) / below
    undefined = ~(reference > 0)
    return np.where(undefined, np.nan, lower), np.where(undefined, np.nan, upper)


def compute_two_share_p(hits: float, n: float, ref_hits: float, ref_n: float) -> float:
    """Return the two-sided p-value of two equal shares.

    Fisher's exact test where any expected count is under 5 (fractional effective counts are
    rounded), the pooled z test elsewhere. 1.0 where nothing can differ.
    """
    total, all_hits = n + ref_n, hits + ref_hits
    if n <= 0 or ref_n <= 0 or all_hits <= 0 or all_hits >= total:
        return 1.0
    pooled = all_hits / total
    if min(n, ref_n) * min(pooled, 1 - pooled) < 5:
        whole = [max(round(count), 0) for count in (hits, n - hits, ref_hits, ref_n - ref_hits)]
        if not (whole[0] + whole[1] and whole[2] + whole[3]):
            return 1.0
        test = compute_exact_test(whole[0], whole[0] + whole[1], whole[2], whole[2] + whole[3])
        return test.fisher
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / ref_n))
    return float(2 * special.ndtr(-abs(hits / n - ref_hits / ref_n) / error))


def compute_welch_p(
    mean: FloatArray, interval: Interval, n: FloatArray, reference: int
) -> FloatArray:
    """Return Welch's two-sided p-values of means equal to the one at position `reference`.

    interval: Student's t intervals, from which the standard errors are read back (Welch 1947,
    Biometrika 34:28). NaN where a mean has no interval; 1.0 where neither of two means varies
    and they are equal, 0.0 where they differ.
    """
    quantile = special.stdtrit(np.where(n > 1, n - 1, np.nan), 0.5 + CONFIDENCE / 2)
    squared = ((interval[1] - interval[0]) / 2 / quantile) ** 2
    pooled = squared + squared[reference]
    gap = np.abs(mean - mean[reference])
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = squared**2 / (n - 1) + squared[reference] ** 2 / (n[reference] - 1)
        p_values = 2 * special.stdtr(pooled**2 / weight, -gap / np.sqrt(pooled))
    certain = np.where(gap > 0, 0.0, 1.0)
    return np.where(pooled > 0, p_values, np.where(np.isnan(pooled), np.nan, certain))


def compute_logit_p(
    value: FloatArray, interval: Interval, n: FloatArray, reference: int
) -> FloatArray:
    """Return two-sided z-test p-values of numbers in (0, 1) equal to the one at `reference`.

    interval: symmetric on the logit scale, from which the standard errors are read back. NaN at
    0 and 1, where the scale ends. `n` is not used: the intervals hold what it says.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = special.logit(value)
        error = (special.logit(interval[1]) - special.logit(interval[0])) / 2 / normal_quantile()
        pooled = np.sqrt(error**2 + error[reference] ** 2)
        p_values = 2 * special.ndtr(-np.abs(middle - middle[reference]) / pooled)
    inside = (value > 0) & (value < 1) & (0 < value[reference] < 1)
    return np.where(inside, p_values, np.nan)


def compute_holm(p_values: FloatArray, unseen: int = 0) -> FloatArray:
    """Return Holm's step-down adjusted p-values (Holm 1979), in the order given.

    unseen: how many further tests belong to the family whose p-values are not given, because
    these were chosen from among them; each counts as if it were larger than all given.
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values) + unseen, unseen, -1)
    stepped = np.maximum.accumulate(p_values[order] * factors)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
