"""The well-known summaries of how unequally groups are treated, from their confusion counts.

Adding one is one entry in `DISPARITIES` and one test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from audits.cube.cube import FloatArray
from audits.cube.intervals import Interval
from audits.cube.pairs import compute_worst_pair_interval
from audits.cube.rates import RATES
from audits.cube.resample import resample_extremes
from audits.cube.values import Values
from audits.cube.view import View

RESAMPLES = 10_000


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
    rate and the one with the higher. n: rows of the groups compared.
    """

    value: float
    low: float
    high: float
    p_value: float
    group: int
    reference: int
    n: int


def _spread(kind: str, share: FloatArray) -> float:
    """Return the gap or ratio of `[n_groups]` shares; NaN with fewer than two that are defined."""
    known = share[~np.isnan(share)]
    if len(known) < 2:
        return np.nan
    if kind == "difference":
        return float(known.max() - known.min())
    return float(known.min() / known.max()) if known.max() > 0 else np.nan


def compute_disparities(
    view: View, generator: np.random.Generator, summaries: Sequence[Disparity] = DISPARITIES
) -> list[tuple[Disparity, DisparityResult]]:
    """Return the summaries of a view by groups; those that need outcomes only where there are any.

    Groups in which a rate is undefined are left out of it. Interval: see `pairs`. P-value: the
    share of resamples with equal rates in all groups whose summary is at least as unequal (a
    largest-minus-smallest gap over many groups is positive by chance alone).
    """
    wanted = [item for item in summaries if view.has_truth or not item.needs_truth]
    names = dict.fromkeys(name for item in wanted for name in item.rates)
    rates = {name: RATES[name].compute(view) for name in names}
    equal = {name: _draw_equal(rate, generator) for name, rate in rates.items()}
    n = int(view.rows.sum())
    return [
        (
            item,
            _compute(
                item.kind,
                [rates[name] for name in item.rates],
                [equal[name] for name in item.rates],
                n,
            ),
        )
        for item in wanted
    ]


def compute_spread(summary: Disparity, view: View) -> DisparityResult:
    """Return one summary of a view by groups as `compute_disparities` does, but untested: its
    p-value, for which thousands of resamples are drawn, is NaN."""
    rates = [RATES[name].compute(view) for name in summary.rates]
    return _compute(summary.kind, rates, None, int(view.rows.sum()))


def _draw_equal(rate: Values, generator: np.random.Generator) -> Interval:
    """Return the smallest and the largest share of resamples in which all groups are equal."""
    known = ~np.isnan(rate.value)
    rows = rate.effective[known]
    if not len(rows):
        return np.full(RESAMPLES, np.nan), np.full(RESAMPLES, np.nan)
    pooled = float((rate.value[known] * rows).sum() / rows.sum())
    return resample_extremes(pooled, rows, RESAMPLES, generator)


def _compute(
    kind: str, rates: list[Values], equal: list[Interval] | None, n: int
) -> DisparityResult:
    spreads = np.array([_spread(kind, rate.value) for rate in rates])
    # Undefined in one rate is undefined altogether: half of equalized odds is not equalized odds.
    if np.isnan(spreads).any():
        return DisparityResult(np.nan, np.nan, np.nan, np.nan, -1, -1, n)
    difference = kind == "difference"
    value = float(spreads.max() if difference else spreads.min())
    low, high = compute_worst_pair_interval(rates, kind)
    share = rates[int(np.argmax(spreads) if difference else np.argmin(spreads))].value
    return DisparityResult(
        value=value,
        low=min(low, value),
        high=max(high, value),
        p_value=np.nan if equal is None else _compute_chance(kind, equal, value),
        group=int(np.nanargmin(share)),
        reference=int(np.nanargmax(share)),
        n=n,
    )


def _compute_chance(kind: str, equal: list[Interval], value: float) -> float:
    """Return the p-value of a summary: how often equal rates look at least as unequal.

    The rates of one summary rest on different rows, so that they were drawn independently.
    """
    if kind == "difference":
        worst = np.max([high - low for low, high in equal], axis=0)
        extreme = worst >= value - 1e-12
    else:
        # Nobody selected anywhere is no inequality.
        ratios = [
            np.divide(low, high, out=np.ones_like(low), where=high > 0) for low, high in equal
        ]
        extreme = np.min(ratios, axis=0) <= value + 1e-12
    return float((1 + np.count_nonzero(extreme)) / (1 + RESAMPLES))
