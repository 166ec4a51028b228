"""Rates: shares of rows, each declared by which cells of the confusion matrix count as hits and
which as rows. Intervals by `compute_share_interval`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.cube.cube import FloatArray
from audits.cube.intervals import compute_share_interval
from audits.cube.values import Values
from audits.cube.view import View

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
        share = self.share(view.weight)
        weight = (view.weight * self.rows).sum(axis=(1, 2))
        squared = (view.weight_squared * self.rows).sum(axis=(1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            effective = np.where(squared > 0, weight**2 / squared, 0.0)
        low, high = compute_share_interval(share, effective)
        n = np.rint((view.count * self.rows).sum(axis=(1, 2))).astype(np.int64)
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
