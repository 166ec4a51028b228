"""Rates: shares of rows, each declared by which cells of the confusion matrix count as hits and
which as rows. Intervals by `compute_share_interval`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import FloatArray
from audits.cube.counts.values import Values, average_two
from audits.cube.counts.view import View
from audits.cube.intervals.intervals import compute_share_interval

Mask = NDArray[np.bool_]


def _mask(*cells: str) -> Mask:
    """Return `[true, predicted]` with the named cells on; "u" is an unknown true outcome."""
    places = {"tn": (0, 0), "fp": (0, 1), "fn": (1, 0), "tp": (1, 1), "un": (2, 0), "up": (2, 1)}
    mask = np.zeros((3, 2), dtype=bool)
    for cell in cells:
        mask[places[cell]] = True
    return mask


@dataclass(frozen=True, slots=True)
class Rate:
    """A share: weight of the `hits` cells over weight of the `rows` cells, both `[3, 2]` masks."""

    hits: Mask
    rows: Mask

    def share(self, confusion: FloatArray) -> FloatArray:
        """Return the share for confusion arrays `[..., 3, 2]`; NaN where no row counts."""
        hits = np.einsum("...ij,ij->...", confusion, self.hits.astype(float))
        rows = np.einsum("...ij,ij->...", confusion, self.rows.astype(float))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(rows > 0, hits / rows, np.nan)

    def compute(self, view: View) -> Values:
        """Return the share of every group with its interval on the effective rows."""
        return self.compute_from(view.weight, view.weight_squared, view.count)

    def compute_from(
        self, weight: FloatArray, weight_squared: FloatArray, count: FloatArray
    ) -> Values:
        """Return the shares of confusion arrays `[n_groups, 3, 2]`, as `compute` does of a view's:
        sums of weights, of squared weights, and rows."""
        share = self.share(weight)
        total = (weight * self.rows).sum(axis=(1, 2))
        squared = (weight_squared * self.rows).sum(axis=(1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            effective = np.where(squared > 0, total**2 / squared, 0.0)
        low, high = compute_share_interval(share, effective)
        n = np.rint((count * self.rows).sum(axis=(1, 2))).astype(np.int64)
        return Values(share, low, high, n, effective, "wilson_midp")


_KNOWN = ("tn", "fp", "fn", "tp")
RATES: Mapping[str, Rate] = {
    "prevalence": Rate(_mask("tp", "fn"), _mask(*_KNOWN)),
    "selection_rate": Rate(_mask("tp", "fp", "up"), _mask(*_KNOWN, "un", "up")),
    "true_positive_rate": Rate(_mask("tp"), _mask("tp", "fn")),
    "false_positive_rate": Rate(_mask("fp"), _mask("fp", "tn")),
    "true_negative_rate": Rate(_mask("tn"), _mask("fp", "tn")),
    "false_negative_rate": Rate(_mask("fn"), _mask("tp", "fn")),
    "positive_predictive_value": Rate(_mask("tp"), _mask("tp", "fp")),
    "negative_predictive_value": Rate(_mask("tn"), _mask("tn", "fn")),
    "false_discovery_rate": Rate(_mask("fp"), _mask("tp", "fp")),
    "false_omission_rate": Rate(_mask("fn"), _mask("tn", "fn")),
    "accuracy": Rate(_mask("tn", "tp"), _mask(*_KNOWN)),
}
"""The confusion matrix's rates by name (Fawcett 2006; names as in DESIGN §5)."""


_WRONG = Rate(_mask("fn"), _mask("fn", "fp"))
_OVERLAP = Rate(_mask("tp"), _mask("tp", "fp", "fn"))


def compute_treatment_equality(view: View) -> Values:
    """Return false negatives over false positives of every group (Berk et al. 2018, Sociological
    Methods & Research 50:3): how errors fall, against people or in their favour.

    In [0, ∞), to be equal between groups; NaN without false positives. The interval is that of
    the share of false negatives among all errors, turned into odds.
    """
    share = _WRONG.compute(view)
    with np.errstate(divide="ignore", invalid="ignore"):
        value, low, high = (
            np.where(share.value < 1, part / (1 - part), np.nan)
            for part in (share.value, share.low, share.high)
        )
    return replace(share, value=value, low=low, high=high)


def compute_f1(view: View) -> Values:
    """Return the F1 of the positive class of every group, in [0, 1] (van Rijsbergen 1979).

    F1 rises with the share s of true positives among all rows that are positive or predicted so:
    F1 = 2s / (1 + s), so that the share's interval gives F1's. NaN where there are none.
    """
    share = _OVERLAP.compute(view)
    value, low, high = (2 * s / (1 + s) for s in (share.value, share.low, share.high))
    return replace(share, value=value, low=low, high=high)


def compute_balanced_accuracy(view: View) -> Values:
    """Return the mean of the true positive and the true negative rate of every group, in [0, 1]
    (Brodersen et al. 2010). NaN where either is undefined.
    """
    return average_two(
        RATES["true_positive_rate"].compute(view), RATES["true_negative_rate"].compute(view)
    )
