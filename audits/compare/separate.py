"""Changes of two estimates that are taken as independent: from their own intervals and rows."""

from __future__ import annotations

import numpy as np
from scipy import special

from audits.compare.scale import ChangeTest, compute_normal_p, fold, fold_interval
from audits.core.limits import MIN_ROWS_FOR_FAR_TAILS
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Direction, Measurement
from audits.cube import compute_difference, compute_exact_test


def compute_separate_test(
    before: Measurement, after: Measurement, *, weighted: bool
) -> ChangeTest | None:
    """Return the change between two estimates, as if their rows had nothing to do with each other.

    The interval is MOVER's (Zou and Donner 2008) from the two intervals, on the scale on which the
    number is judged. The p-value is Fisher's of two shares where the counts are known (no weights):
    it holds in far tails, where after adjusting everything is decided. Else it is Welch's of two
    means, or the z test whose 95% limit is the interval's. Where the rows are the same after all,
    estimates move together and this is conservative. None where no counts are known, on fewer
    than `MIN_ROWS_FOR_FAR_TAILS` rows.
    """
    old, new = before.estimate, after.estimate
    assert old is not None and new is not None  # the caller looks first
    mover = _test_mover(old, new, after.direction)
    plain = after.direction not in ("closer_to_zero", "closer_to_one") and not weighted
    if plain and old.method == new.method == "wilson_midp" and after.unit == "share":
        p_value = _compute_fisher(old, new)
        return ChangeTest(mover.change, mover.low, mover.high, p_value, "mover, fisher")
    if min(old.n, new.n) < MIN_ROWS_FOR_FAR_TAILS:
        return None
    if plain and old.method == new.method == "student_t":
        p_value = _compute_welch(old, new, mover.p_value)
        return ChangeTest(mover.change, mover.low, mover.high, p_value, "mover, welch_t")
    return mover


def _compute_fisher(old: Estimate, new: Estimate) -> float:
    hits, before = (round(part.value * part.n) for part in (new, old))
    return compute_exact_test(hits, new.n, before, old.n).fisher


def _test_mover(old: Estimate, new: Estimate, direction: Direction) -> ChangeTest:
    values = [float(fold(np.asarray(part.value), direction)) for part in (old, new)]
    intervals = [
        _cover(value, *fold_interval(part.low, part.high, direction))
        for value, part in zip(values, (old, new), strict=True)
    ]
    (old_low, old_high), (new_low, new_high) = (
        tuple(np.asarray(end) for end in ends) for ends in intervals
    )
    before, after = (np.asarray(value) for value in values)
    low, high = compute_difference(after, (new_low, new_high), before, (old_low, old_high))
    change = values[1] - values[0]
    facing = change - float(low) if change > 0 else float(high) - change
    error = facing / float(special.ndtri(0.5 + min(old.confidence, new.confidence) / 2))
    p_value = compute_normal_p(change, error) if change else 1.0
    return ChangeTest(change, float(low), float(high), p_value, "mover")


def _cover(value: float, low: float, high: float) -> tuple[float, float]:
    """Return an interval around its value. A bootstrap's may miss it: then it is as long to
    either side as it is, so that no side counts as certain."""
    if low <= value <= high:
        return low, high
    return value - (high - low), value + (high - low)


def _compute_welch(old: Estimate, new: Estimate, other: float) -> float:
    """Return Welch's p-value from two t intervals; `other` where they have no width."""
    errors = [
        (part.high - part.low) / 2 / float(special.stdtrit(part.n - 1, 0.5 + part.confidence / 2))
        for part in (old, new)
    ]
    squared = [error**2 for error in errors]
    weight = sum(one**2 / (part.n - 1) for one, part in zip(squared, (old, new), strict=True))
    if not weight > 0:
        return other
    freedom = sum(squared) ** 2 / weight
    gap = abs(new.value - old.value) / np.sqrt(sum(squared))
    return float(2 * special.stdtr(freedom, -gap))
