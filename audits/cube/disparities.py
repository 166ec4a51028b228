"""The well-known summaries of how unequally groups are treated, from their confusion counts.

Adding one is one entry in `DISPARITIES` and one test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from audits.cube.cube import FloatArray
from audits.cube.rates import RATES
from audits.cube.resample import resample_counts
from audits.cube.view import View

RESAMPLES = 2000


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
    """A summary's value, percentile interval, and p-value under equal rates; NaN if undefined.

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


def _spread(disparity: Disparity, confusion: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the summary of `[..., n_groups, 3, 2]` counts, and it for each rate `[..., rate]`.

    Groups in which a rate is undefined are left out of it; NaN with fewer than two left.
    """
    by_rate = []
    for name in disparity.rates:
        share = RATES[name].share(confusion)
        enough = (~np.isnan(share)).sum(axis=-1) > 1
        top = np.where(np.isnan(share), -np.inf, share).max(axis=-1)
        bottom = np.where(np.isnan(share), np.inf, share).min(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = top - bottom if disparity.kind == "difference" else bottom / top
        by_rate.append(np.where(enough & np.isfinite(gap), gap, np.nan))
    stacked = np.stack(by_rate, axis=-1)
    worst = np.max if disparity.kind == "difference" else np.min
    # Undefined in one rate is undefined altogether: half of equalized odds is not equalized odds.
    return worst(stacked, axis=-1), stacked


def _equal_rates(disparity: Disparity, counts: FloatArray) -> FloatArray:
    """Return the counts as they would be if every rate were the same in all groups."""
    equal = counts.copy()
    for name in disparity.rates:
        rate = RATES[name]
        hits, misses = rate.hits, rate.rows & ~rate.hits
        pooled_hits, pooled_rows = counts[:, hits].sum(), counts[:, rate.rows].sum()
        share = pooled_hits / pooled_rows if pooled_rows > 0 else 0.0
        within = counts[:, rate.rows].sum(axis=1, keepdims=True)
        for mask, part in ((hits, share), (misses, 1 - share)):
            total = counts[:, mask].sum()
            mix = counts[:, mask].sum(axis=0) / total if total > 0 else 1.0 / mask.sum()
            equal[:, mask] = within * part * mix
    return equal


def compute_disparity(
    disparity: Disparity, view: View, generator: np.random.Generator
) -> DisparityResult:
    """Return one summary of a view by groups.

    Interval: multinomial bootstrap of each group's counts, percentiles, widened to include the
    value. P-value: share of resamples under equal rates whose summary is at least as unequal
    (a largest-minus-smallest gap over many groups is positive by chance alone).
    """
    counts = view.weight
    squared = view.weight_squared.sum(axis=(1, 2))
    total = counts.sum(axis=(1, 2))
    effective = np.where(squared > 0, total**2 / np.where(squared > 0, squared, 1.0), 0.0)
    value, by_rate = _spread(disparity, counts)
    n = int(view.rows.sum())
    if np.isnan(value):
        return DisparityResult(np.nan, np.nan, np.nan, np.nan, -1, -1, n)
    drawn, _ = _spread(disparity, resample_counts(counts, effective, RESAMPLES, generator))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    null = resample_counts(_equal_rates(disparity, counts), effective, RESAMPLES, generator)
    chance, _ = _spread(disparity, null)
    difference = disparity.kind == "difference"
    extreme = chance >= value - 1e-12 if difference else chance <= value + 1e-12
    p_value = (1 + np.count_nonzero(extreme)) / (1 + np.count_nonzero(~np.isnan(chance)))
    pick: Callable[[FloatArray], np.intp] = np.argmax if difference else np.argmin
    share = RATES[disparity.rates[int(pick(by_rate))]].share(counts)
    return DisparityResult(
        value=float(value),
        low=float(min(low, value)),
        high=float(max(high, value)),
        p_value=float(p_value),
        group=int(np.nanargmin(share)),
        reference=int(np.nanargmax(share)),
        n=n,
    )
