"""The well-known summaries of how unequally groups are treated, from their confusion counts.

Adding one is one entry in `DISPARITIES` and one test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.core.limits import ALPHA
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.intervals.pairs import compute_worst_pair_interval, compute_worst_pair_p
from audits.cube.rates import RATES


@dataclass(frozen=True, slots=True)
class Disparity:
    """A summary over all groups of an attribute. Its title and meaning are in `core.words`.

    rates: the rates compared; kind: "difference" takes the largest minus the smallest of each
    rate over the groups, "ratio" the smallest over the largest; the worst rate counts.
    """

    name: str
    rates: tuple[str, ...]
    kind: Literal["difference", "ratio"]
    source: str

    @property
    def judged_by(self) -> tuple[str, ...]:
        """The metrics by which a rule on this summary is judged, group by group."""
        ending = "gap" if self.kind == "difference" else "gap_ratio"
        return tuple(f"{rate}_{ending}" for rate in self.rates)

    @property
    def needs_truth(self) -> bool:
        """Whether the rows must have a true outcome."""
        return self.rates != ("selection_rate",)


_HARDT = "Hardt, Price and Srebro 2016, NeurIPS"
_SELECTED, _PRECISION = ("selection_rate",), ("positive_predictive_value",)
_DESERVING, _ODDS = ("true_positive_rate",), ("true_positive_rate", "false_positive_rate")
DISPARITIES = (
    Disparity("demographic_parity_difference", _SELECTED, "difference", "Dwork et al. 2012, ITCS"),
    Disparity("demographic_parity_ratio", _SELECTED, "ratio", "Feldman et al. 2015, KDD"),
    Disparity("equal_opportunity_difference", _DESERVING, "difference", _HARDT),
    Disparity("equalized_odds_difference", _ODDS, "difference", _HARDT),
    Disparity("equalized_odds_ratio", _ODDS, "ratio", _HARDT),
    Disparity("predictive_parity_difference", _PRECISION, "difference",
              "Chouldechova 2017, Big Data 5:153"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DisparityResult:
    """A summary's value, interval, and p-value under equal rates; NaN if undefined.

    group and reference are the positions of the pair that makes it: the group with the lower
    rate and the one with the higher. n: rows of the groups compared. left_out: the positions of
    the groups that had too few rows to be compared.
    """

    value: float
    low: float
    high: float
    p_value: float
    group: int
    reference: int
    n: int
    left_out: tuple[int, ...]


def _spread(kind: str, share: FloatArray) -> float:
    """Return the gap or ratio of `[n_groups]` shares; NaN with fewer than two that are defined."""
    known = share[~np.isnan(share)]
    if len(known) < 2:
        return np.nan
    if kind == "difference":
        return float(known.max() - known.min())
    return float(known.min() / known.max()) if known.max() > 0 else np.nan


def compute_disparities(
    view: View, min_rows: int = 1, summaries: Sequence[Disparity] = DISPARITIES
) -> list[tuple[Disparity, DisparityResult]]:
    """Return the summaries of a view by groups; those that need outcomes only where there are any.

    Groups with fewer than `min_rows` rows in a rate's denominator are left out of it: a handful
    of people would decide the largest gap, and how much of it chance explains. Interval and
    p-value are of one method, see `pairs`, and do not contradict each other.
    """
    return [
        (item, compute_summary(item, _take_rates(item, view), view.rows, min_rows))
        for item in summaries
        if view.has_truth or not item.needs_truth
    ]


def _take_rates(summary: Disparity, view: View) -> list[Values]:
    return [RATES[name].compute(view) for name in summary.rates]


def compute_spread(summary: Disparity, view: View, min_rows: int = 1) -> DisparityResult:
    """Return one summary of a view by all groups that have its rates on `min_rows` rows or more,
    untested: its p-value is NaN."""
    rates = _take_rates(summary, view)
    return compute_summary(summary, rates, view.rows, min_rows, tested=False)


def compute_summary(
    summary: Disparity,
    rates: Sequence[Values],
    rows: IntArray,
    min_rows: int,
    *,
    tested: bool = True,
) -> DisparityResult:
    """Return one summary of its rates by group; see `compute_disparities`. rows: of the groups."""
    judged = [_keep(rate, min_rows) for rate in rates]
    kept = np.any([~np.isnan(rate.value) for rate in judged], axis=0)
    n = int(rows[kept].sum())
    left_out = tuple(int(place) for place in np.flatnonzero(~kept))
    spreads = np.array([_spread(summary.kind, rate.value) for rate in judged])
    # Undefined in one rate is undefined altogether: half of equalized odds is not equalized odds.
    if np.isnan(spreads).any():
        return DisparityResult(np.nan, np.nan, np.nan, np.nan, -1, -1, n, left_out)
    difference = summary.kind == "difference"
    value = float(spreads.max() if difference else spreads.min())
    low, high = compute_worst_pair_interval(judged, summary.kind)
    share = judged[int(np.argmax(spreads) if difference else np.argmin(spreads))].value
    p_value = compute_worst_pair_p(judged) if tested else np.nan
    if p_value >= ALPHA:  # the pairs' own tests may be less sure than their intervals
        low, high = (0.0, high) if difference else (low, 1.0)
    return DisparityResult(
        value=value,
        low=min(low, value),
        high=max(high, value),
        p_value=p_value,
        group=int(np.nanargmin(share)),
        reference=int(np.nanargmax(share)),
        n=n,
        left_out=left_out,
    )


def _keep(rate: Values, min_rows: int) -> Values:
    """Return a rate without the groups that rest on too few rows."""
    few = rate.n < min_rows
    return replace(rate, value=np.where(few, np.nan, rate.value))
