"""Two groups' costs of recourse compared, with those who have none as costlier than any.

A cost of infinity stands for a row without recourse. Leaving such rows out would flatter the
group that has more of them: its costliest rows would drop out of the comparison. Ranks need no
number for them, only their place: at the top, tied with one another.
"""

from __future__ import annotations

import numpy as np
import scipy

from audits.core.arrays import FloatArray
from audits.core.limits import MIN_ROWS_FOR_MEDIAN, MIN_ROWS_FOR_RANKS
from audits.core.report.estimate import Estimate, Unavailable
from audits.cube import (
    CONFIDENCE,
    ScoredCounts,
    compute_auc,
    compute_share_interval,
    normal_quantile,
    reconcile,
)

_MAX_PAIRS = 4_000_000
_HALVINGS = 80


def compute_median(cost: FloatArray) -> Estimate | Unavailable:
    """Return the median cost with the order statistics' interval (Conover 1999, section 3.2).

    cost: `[n]`, infinite without recourse. There is none where the median or an end of its
    interval is a row without recourse, or with fewer than
    `MIN_ROWS_FOR_MEDIAN` rows; the reason says which.
    """
    n = len(cost)
    if n < MIN_ROWS_FOR_MEDIAN:
        return Unavailable(reason=f"only {n} rejected rows were searched")
    ordered, half = np.sort(cost), normal_quantile() * np.sqrt(n) / 2
    low = ordered[max(int(np.floor(n / 2 - half)), 0)]
    high = ordered[min(int(np.ceil(n / 2 + half)), n - 1)]
    without = f"{int(np.isinf(cost).sum())} of {n} rows searched have no recourse"
    if not np.isfinite(ordered[n // 2]):
        return Unavailable(reason=f"{without}, so that there is no median cost")
    value = float(np.median(ordered))
    if not np.isfinite(high):
        return Unavailable(
            reason=f"the median is {value:.3g}, but {without}: its interval has no upper end"
        )
    return Estimate(
        value=value, low=float(low), high=float(high), n=n, method="order_statistics",
        confidence=CONFIDENCE,
    )  # fmt: skip


def compute_costlier(
    cost: FloatArray, reference: FloatArray
) -> tuple[Estimate | Unavailable, float]:
    """Return (P(a row's recourse is costlier than a reference row's), p-value of equal costs).

    The first is the share of pairs, one row of each, in which the group's is costlier, ties
    counting half (Mann and Whitney's U over all pairs), in [0, 1], one half where neither group
    has it harder; DeLong's interval on the logit scale. The test is the rank-sum test with
    mid-ranks and the variance corrected for ties (Mann and Whitney 1947), two-sided. Unavailable
    and NaN under `MIN_ROWS_FOR_RANKS` rows of either.
    """
    too_few = _find_too_few(cost, reference)
    if too_few is not None:
        return too_few, np.nan
    scores, places = np.unique(np.concatenate([cost, reference]), return_inverse=True)
    ours, theirs = places[: len(cost)], places[len(cost) :]
    sizes = (len(ours), len(theirs))
    found = ScoredCounts(
        scores=scores,
        positives=np.bincount(ours, minlength=len(scores)).astype(np.float64),
        negatives=np.bincount(theirs, minlength=len(scores)).astype(np.float64),
        rows=sizes,
        effective=(float(sizes[0]), float(sizes[1])),
    )
    value, low, high = compute_auc(found)
    if len(scores) == 1:
        # All cost the same: no pair differs, and how surely so depends on the rows alone.
        middle, smaller = np.asarray(0.5), np.asarray(float(min(sizes)))
        low, high = (float(end) for end in compute_share_interval(middle, smaller))
        p_value = 1.0
    else:
        test = scipy.stats.mannwhitneyu(ours, theirs, method="asymptotic")
        p_value = float(test.pvalue)
    ends = np.asarray(low), np.asarray(high)
    (near, far), p = reconcile(np.asarray(value), ends, np.asarray(p_value), neutral=0.5)
    estimate = Estimate(
        value=value, low=float(near), high=float(far), n=sum(sizes), method="delong_logit",
        confidence=CONFIDENCE,
    )  # fmt: skip
    return estimate, float(p)


def compute_shift(cost: FloatArray, reference: FloatArray) -> Estimate | Unavailable:
    """Return by how much a group's recourse is costlier: the median over all pairs of one row of
    each of (cost minus reference cost), Hodges and Lehmann 1963.

    A pair of two rows without recourse says nothing of the shift and is left out; one of a row
    with and a row without counts as further apart than any other. The interval turns round the
    rank comparison: its ends are the shifts at which the share of costlier pairs is as far from one
    half as its standard error allows (the larger of DeLong's at the estimate, which holds
    whatever the shapes, and that under equal shapes). Unavailable under `MIN_ROWS_FOR_RANKS` rows
    of either, and where the median pair or an end has a row without recourse.
    """
    too_few = _find_too_few(cost, reference)
    if too_few is not None:
        return too_few
    pairs = len(cost) * len(reference)
    neither = int(np.isinf(cost).sum()) * int(np.isinf(reference).sum())
    left = pairs - neither
    if not left:
        return Unavailable(reason="nobody in either group has recourse")
    top = 4 * (_finite_max(cost, reference) + 1)
    ours, theirs = (np.where(np.isinf(part), top, part) for part in (cost, reference))
    # The median of an even number of pairs is the mean of the middle two.
    value = _kth_difference(ours, theirs, [(left - 1) // 2, left // 2], neither).mean()
    if abs(value) > top / 4:
        return _no_shift("the median pair")
    error = _compute_error(cost, reference, float(value))
    reach = int(np.ceil(normal_quantile() * error * pairs))
    ends = [max(left // 2 - reach, 0), min((left - 1) // 2 + reach, left - 1)]
    low, high = _kth_difference(ours, theirs, ends, neither)
    if max(abs(low), abs(high)) > top / 4:
        return _no_shift("an end of the interval")
    return Estimate(
        value=float(value), low=float(low), high=float(high), n=len(cost) + len(reference),
        method="hodges_lehmann", confidence=CONFIDENCE,
    )  # fmt: skip


def reconcile_shift(
    shift: Estimate | Unavailable, p_value: float
) -> tuple[Estimate | Unavailable, float]:
    """Return a shift and its p-value that agree. p_value: that of `compute_costlier`, which asks
    the same of the ranks."""
    if isinstance(shift, Unavailable):
        return shift, p_value
    ends = np.asarray(shift.low), np.asarray(shift.high)
    (low, high), own = reconcile(np.asarray(shift.value), ends, np.asarray(p_value))
    return shift.model_copy(update={"low": float(low), "high": float(high)}), float(own)


def _no_shift(where: str) -> Unavailable:
    return Unavailable(
        reason=f"{where} has a row without recourse, whose cost has no number; see how often the "
        "group's recourse is the costlier one"
    )


def _find_too_few(cost: FloatArray, reference: FloatArray) -> Unavailable | None:
    fewest = min(len(cost), len(reference))
    if fewest >= MIN_ROWS_FOR_RANKS:
        return None
    return Unavailable(
        reason=f"only {fewest} rejected rows of one of the groups were searched; "
        f"{MIN_ROWS_FOR_RANKS} are needed"
    )


def _finite_max(*costs: FloatArray) -> float:
    joined = np.concatenate(costs)
    return float(joined[np.isfinite(joined)].max(initial=0.0))


def _compute_error(cost: FloatArray, reference: FloatArray, shift: float) -> float:
    """Return the standard error of the share of costlier pairs, after taking `shift` away."""
    moved, n, ref_n = np.sort(cost - shift), len(cost), len(reference)
    ordered = np.sort(reference)

    def place(values: FloatArray, among: FloatArray) -> FloatArray:
        below = np.searchsorted(among, values, "left") + np.searchsorted(among, values, "right")
        return np.asarray(below / (2 * len(among)))

    delong = place(moved, ordered).var(ddof=1) / n + place(ordered, moved).var(ddof=1) / ref_n
    alike = (n + ref_n + 1) / (12 * n * ref_n)
    return float(np.sqrt(max(delong, alike)))


def _kth_difference(
    ours: FloatArray, theirs: FloatArray, wanted: list[int], neither: int
) -> FloatArray:
    """Return the `wanted` order statistics (from 0) of all `ours[i] - theirs[j]`, leaving out
    the `neither` pairs in which both are at the top (they differ by exactly 0)."""
    if len(ours) * len(theirs) <= _MAX_PAIRS:
        gaps = (ours[:, None] - theirs[None, :]).ravel()
        if neither:
            top = max(ours.max(), theirs.max())
            both = ((ours[:, None] == top) & (theirs[None, :] == top)).ravel()
            gaps = gaps[~both]
        return np.asarray(np.partition(gaps, sorted(set(wanted)))[wanted])
    return np.array([_bisect(np.sort(ours), np.sort(theirs), k, neither) for k in wanted])


def _bisect(ours: FloatArray, theirs: FloatArray, k: int, neither: int) -> float:
    """Return one order statistic without holding the pairs, to about 1e-9 of the range."""
    low = ours[0] - theirs[-1]
    high = ours[-1] - theirs[0]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        counted = int((len(theirs) - np.searchsorted(theirs, ours - middle, "left")).sum())
        if counted - (neither if middle >= 0 else 0) > k:
            high = middle
        else:
            low = middle
    return float(np.round(high, 9))
