"""One group against another: differences and ratios of any metric, with intervals and tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.groups import JOIN, MISSING
from audits.cube.cube import FloatArray
from audits.cube.intervals import (
    compute_difference,
    compute_logit_p,
    compute_ratio,
    compute_two_share_p,
    compute_welch_p,
)
from audits.cube.metrics import Metric
from audits.cube.values import Values, average_two
from audits.cube.view import View


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


def choose_most_selected(view: View, rates: FloatArray, least_share: float) -> int | None:
    """Return the position of the group with the highest selection rate, None if none has one.

    Groups with less than `least_share` of the rows, or of unknown membership, are passed over
    while there are others: a handful of people is no yardstick.
    """
    defined = ~np.isnan(rates)
    if not defined.any():
        return None
    large = defined & _known(view) & (view.rows >= least_share * view.rows.sum())
    return int(np.argmax(np.where(large if large.any() else defined, rates, -1.0)))


def _known(view: View) -> NDArray[np.bool_]:
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
    base = np.full_like(values.value, values.value[reference])
    base_interval = (
        np.full_like(base, values.low[reference]),
        np.full_like(base, values.high[reference]),
    )
    low, high = compute(values.value, values.interval, base, base_interval)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = values.value - base if kind == "difference" else values.value / base
    value = np.where(np.isfinite(value), value, np.nan)
    compared = Values(
        value=value,
        low=low,
        high=high,
        n=values.n + values.n[reference],
        effective=values.effective + values.effective[reference],
        method=f"mover_{values.method}",
    )
    if p_values is None:
        p_values = compute_p_values(metric, values, reference)
    return Comparison(kind, compared, p_values)


def compute_p_values(metric: Metric, values: Values, reference: int) -> FloatArray:
    """Return the two-sided p-value of every group being equal to the reference group."""
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
