"""What attributions say about columns over many rows: means of parts of the rows, and how far the
parts differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.attribution import FloatArray
from audits.cube.intervals import (
    compute_difference,
    compute_holm,
    compute_mean_interval,
    compute_welch_p,
)

IntArray = NDArray[np.integer]
METHOD = "student_t"
DIFFERENCE_METHOD = "mover_student_t"


@dataclass(frozen=True, slots=True)
class PartMeans:
    """Mean attributions of each part of the rows, float64 `[n_parts, n_features]` each.

    low, high: Student's t intervals over rows; NaN for a part of one row. mean is NaN for a part
    without rows. rows: `[n_parts]`.
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    rows: FloatArray


@dataclass(frozen=True, slots=True)
class PartDifferences:
    """Every part's mean less that of a reference part, `[n_parts, n_features]` each.

    low, high: by MOVER from the parts' own intervals. p_values: Welch's, two-sided, of no
    difference; NaN for the reference itself and where either part has fewer than two rows.
    """

    difference: FloatArray
    low: FloatArray
    high: FloatArray
    p_values: FloatArray


class PartSums:
    """Running sums of attributions over parts of the rows, so that memory does not grow with rows.

    signed: sums of the attributions themselves; else of their sizes.
    """

    def __init__(self, n_parts: int, n_features: int, *, signed: bool) -> None:
        self._signed = signed
        self._shift: FloatArray | None = None
        self._rows = np.zeros(n_parts)
        self._total = np.zeros((n_parts, n_features))
        self._square = np.zeros((n_parts, n_features))

    def add(self, values: FloatArray, parts: IntArray) -> None:
        """Add rows `[n_rows, n_features]`; parts `[n_rows]` is each row's part, -1 for none."""
        if not len(values):
            return
        own = np.asarray(values if self._signed else np.abs(values), dtype=np.float64)
        if self._shift is None:
            # Sums around a value that occurs: a column that never changes has no spread at all.
            self._shift = own[0].copy()
        inside = parts >= 0
        places, centred = parts[inside], own[inside] - self._shift
        n = len(self._rows)
        self._rows += np.bincount(places, minlength=n)
        for feature in range(centred.shape[1]):
            column = centred[:, feature]
            self._total[:, feature] += np.bincount(places, column, n)
            self._square[:, feature] += np.bincount(places, column**2, n)

    def compute_means(self) -> PartMeans:
        """Return the parts' means with their intervals."""
        rows = self._rows[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            centred = self._total / rows
            variance = np.maximum(self._square / rows - centred**2, 0.0) * rows / (rows - 1)
        shift = 0.0 if self._shift is None else self._shift
        mean = centred + shift
        low, high = compute_mean_interval(mean, variance, np.broadcast_to(rows, mean.shape))
        if not self._signed:
            low = np.maximum(low, 0.0)
        return PartMeans(mean, low, high, self._rows.copy())


def compute_part_differences(means: PartMeans, reference: int) -> PartDifferences:
    """Set every part against the one at position `reference`."""
    base = means.mean[reference], (means.low[reference], means.high[reference])
    low, high = compute_difference(means.mean, (means.low, means.high), *base)
    p_values = np.column_stack(
        [
            compute_welch_p(
                means.mean[:, feature],
                (means.low[:, feature], means.high[:, feature]),
                means.rows,
                reference,
            )
            for feature in range(means.mean.shape[1])
        ]
    ).reshape(means.mean.shape)
    p_values[reference] = np.nan
    return PartDifferences(means.mean - means.mean[reference], low, high, p_values)


def adjust_known(p_values: FloatArray) -> FloatArray:
    """Return Holm's adjustment over all p-values that are not NaN, of any shape."""
    adjusted = np.full(p_values.shape, np.nan)
    known = ~np.isnan(p_values)
    adjusted[known] = compute_holm(p_values[known])
    return adjusted


def choose_top(importance: FloatArray, most: int) -> IntArray:
    """Return the positions of the `most` largest of `[n_features]`, largest first."""
    order: IntArray = np.argsort(-importance, kind="stable")[:most]
    return order
