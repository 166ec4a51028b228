"""One group against another: differences and ratios of any metric, with intervals and tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from audits.core.arrays import FloatArray
from audits.core.groups import JOIN, MISSING
from audits.core.limits import ALPHA
from audits.cube.counts.values import Values, average_two
from audits.cube.counts.view import View
from audits.cube.intervals.chosen import Mask
from audits.cube.intervals.intervals import (
    compute_difference,
    compute_logit_p,
    compute_ratio,
    compute_two_share_p,
    compute_welch_p,
)
from audits.cube.intervals.inversion import find_z
from audits.cube.metrics import Metric


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every group against one reference group; `p_values` is NaN where no test is made."""

    kind: str
    values: Values
    p_values: FloatArray


def choose_reference(view: View, wanted: str | None = None) -> int:
    """Return the position of the reference group: the wanted one, else the largest.

    People whose group is not known are never the yardstick while there are others.
    """
    if wanted in view.labels:
        return view.labels.index(wanted)
    return int(np.argmax(np.where(_known(view), view.rows, -1)))


def find_comparators(view: View, values: Values, min_rows: int) -> Mask:
    """Return which groups others may be set against, `[n_groups]`: those that are known and whose
    number rests on `min_rows` rows or more. Where there is none, all that have a number."""
    defined = ~np.isnan(values.value)
    large = defined & _known(view) & (values.n >= min_rows)
    return large if large.any() else defined


def find_yardsticks(view: View, comparators: Mask, least_share: float) -> Mask:
    """Return which of the comparators have at least `least_share` of their rows; all where none
    has. Only their rows count, so that further small groups change nothing."""
    large = comparators & (view.rows >= least_share * view.rows[comparators].sum())
    return large if large.any() else comparators


def _known(view: View) -> Mask:
    known = np.array([MISSING not in label.split(JOIN) for label in view.labels])
    return known if known.any() else ~known


def compute_comparison(
    metric: Metric,
    kind: str,
    values: Values,
    reference: int,
    p_values: FloatArray | None = None,
) -> Comparison:
    """Compare every group's `values` with those of the group at position `reference`.

    kind: "difference" (group minus reference) or "ratio" (group over reference). p_values: those
    of `compute_p_values`, where they are known already: both kinds have the same.
    """
    compute = {"difference": compute_difference, "ratio": compute_ratio}[kind]
    middle = values.value if values.centre is None else values.centre
    base = np.full_like(middle, middle[reference])
    base_interval = (
        np.full_like(base, values.low[reference]),
        np.full_like(base, values.high[reference]),
    )
    low, high = compute(middle, values.interval, base, base_interval)
    if values.centre is not None and kind == "difference":
        # A number that may be 0 is no nearer to its lower limit than it is by chance: the limits
        # of the one then count as they are, and do not join those of the other in squares.
        furthest = values.low - base_interval[1], values.high - base_interval[0]
        low = np.where(values.low <= 0, np.minimum(low, furthest[0]), low)
        high = np.where(base_interval[0] <= 0, np.maximum(high, furthest[1]), high)
    seen = values.value[reference]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = values.value - seen if kind == "difference" else values.value / seen
    value = np.where(np.isfinite(value), value, np.nan)
    if p_values is None:
        p_values = compute_p_values(metric, values, reference)
    # The tests of shares are exact where the intervals are not: a difference that they do not
    # find is not excluded by its interval either.
    neutral = 0.0 if kind == "difference" else 1.0
    alike = p_values >= ALPHA
    compared = Values(
        value=value,
        low=np.where(alike, np.minimum(low, neutral), low),
        high=np.where(alike, np.maximum(high, neutral), high),
        n=values.n + values.n[reference],
        effective=values.effective + values.effective[reference],
        method=f"mover_{values.method}",
    )
    return Comparison(kind, compared, p_values)


def compute_p_values(metric: Metric, values: Values, reference: int) -> FloatArray:
    """Return the two-sided p-value of every group being equal to the reference group.

    Where the test finds what the interval of the difference does not, the interval's own p-value
    counts: the two never contradict each other.
    """
    p_values = _test(metric, values, reference)
    base_ends = (
        np.full_like(values.low, values.low[reference]),
        np.full_like(values.high, values.high[reference]),
    )
    base_value = np.full_like(values.value, values.value[reference])
    low, high = compute_difference(values.value, values.interval, base_value, base_ends)
    # Elsewhere the interval finds it too, and need not be inverted, which takes its time.
    groups = np.flatnonzero((p_values < ALPHA) & (low <= 0) & (high >= 0))
    if len(groups):
        base = np.full(len(groups), reference)
        lower = values.value[groups] < values.value[base]
        pair = np.where(lower, groups, base), np.where(lower, base, groups)
        inverted = 2 * special.ndtr(-find_z(values, *pair))
        p_values[groups] = np.where(inverted >= ALPHA, inverted, p_values[groups])
    return p_values


def _test(metric: Metric, values: Values, reference: int) -> FloatArray:
    p_values = np.full(len(values.value), np.nan)
    if metric.test == "none" or np.isnan(values.value[reference]):
        return p_values
    if metric.test == "share":
        base_n = float(values.effective[reference])
        base_hits = float(values.value[reference]) * base_n
        for position, (share, n) in enumerate(zip(values.value, values.effective, strict=True)):
            if not np.isnan(share):
                p_values[position] = compute_two_share_p(share * n, n, base_hits, base_n)
    else:
        compute = {"mean": compute_welch_p, "logit": compute_logit_p}[metric.test]
        p_values = compute(values.value, values.interval, values.effective, reference)
    p_values[reference] = np.nan
    return p_values


def compute_average_odds(true_positive: Values, false_positive: Values) -> Values:
    """Return the average odds difference of every group: the mean of its differences in true
    and false positive rate from the reference (Bellamy et al. 2018, arXiv:1810.01943)."""
    return average_two(true_positive, false_positive)
