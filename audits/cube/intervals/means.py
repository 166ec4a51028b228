"""Means of row values by group, from sums of the values and of their squares."""

from __future__ import annotations

import numpy as np

from audits.core.arrays import FloatArray
from audits.cube.counts.cube import UNKNOWN
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.intervals.intervals import compute_mean_interval


def compute_mean(
    view: View, total: FloatArray, square_total: FloatArray, *, known_only: bool = True
) -> Values:
    """Return the weighted mean of every group with Student's t interval.

    total, square_total: sums of w·x and w·x² by cell. known_only: leave out cells without a
    true outcome. NaN for groups without weight, no interval under two effective rows.
    """
    sums = view.cube.sums
    where = None
    if known_only and "y_true" in view.cube.codes:
        where = view.cube.codes["y_true"] != UNKNOWN
    weight, squared = view.total(sums["weight"], where), view.total(sums["weight_squared"], where)
    n = np.rint(view.total(sums["count"], where)).astype(np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(weight > 0, view.total(total, where) / weight, np.nan)
        effective = np.where(squared > 0, weight**2 / squared, 0.0)
        variance = np.maximum(view.total(square_total, where) / weight - mean**2, 0.0)
        variance *= effective / (effective - 1)
    low, high = compute_mean_interval(mean, variance, effective)
    return Values(mean, low, high, n, effective, "student_t")
