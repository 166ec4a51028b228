"""What attributions say about columns over many rows: means of parts of the rows, and how far the
parts differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from audits.core.arrays import AnyIntArray, FloatArray
from audits.cube import (
    CONFIDENCE,
    compute_difference,
    compute_holm,
    compute_mean_interval,
    compute_welch_p,
    reconcile,
)

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

    def add(self, values: FloatArray, parts: AnyIntArray) -> None:
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
    difference = means.mean - means.mean[reference]
    (low, high), p_values = reconcile(difference, (low, high), p_values)
    return PartDifferences(difference, low, high, p_values)


def compute_zero_p(means: PartMeans) -> FloatArray:
    """Return Student's two-sided p-values of means of 0, `[n_parts, n_features]`; NaN for a part
    of fewer than two rows, 1.0 for a column that is 0 in every row."""
    freedom = np.where(means.rows > 1, means.rows - 1, np.nan)[:, None]
    error = (means.high - means.mean) / scipy.stats.t.ppf(0.5 + CONFIDENCE / 2, freedom)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * scipy.stats.t.sf(np.abs(means.mean) / error, freedom)
    certain = np.where(means.mean == 0, 1.0, 0.0)
    return np.where(error > 0, p_values, np.where(np.isnan(error), np.nan, certain))


def adjust_known(p_values: FloatArray) -> FloatArray:
    """Return Holm's adjustment over all p-values that are not NaN, of any shape."""
    adjusted = np.full(p_values.shape, np.nan)
    known = ~np.isnan(p_values)
    adjusted[known] = compute_holm(p_values[known])
    return adjusted


def choose_important(importance: FloatArray, most: int) -> AnyIntArray:
    """Return the positions of the `most` largest of `[n_features]`, largest first."""
    order: AnyIntArray = np.argsort(-importance, kind="stable")[:most]
    return order


@dataclass(frozen=True, slots=True)
class CohortShare:
    """How a column moves the rows of a cohort, beside all other rows.

    inside, outside: mean attributions. low, high: 95% interval of inside less outside. p_value:
    Welch's, adjusted by Holm over the columns; NaN where a side has fewer than two rows.
    """

    feature: str
    inside: float
    outside: float
    low: float
    high: float
    p_value: float

    @property
    def difference(self) -> float:
        """Inside less outside."""
        return self.inside - self.outside


@dataclass(frozen=True, slots=True)
class CohortImportance:
    """What drives a part of the rows: columns, the largest difference from the rest first."""

    rows: int
    rest: int
    shares: tuple[CohortShare, ...]


def compute_cohort_importance(
    chunks: Iterable[FloatArray], inside: NDArray[np.bool_], features: Sequence[str]
) -> CohortImportance:
    """Set the attributions of a part of the rows against those of all other rows.

    chunks: attributions `[n, n_features]` of the explained rows, in order. inside: `[n_explained]`,
    which of them are in the cohort. Raises ValueError where the two do not belong together.
    """
    sums, done = PartSums(2, len(features), signed=True), 0
    for values in chunks:
        part = inside[done : done + len(values)]
        if len(part) != len(values):
            raise ValueError(f"attributions of more than the {len(inside)} rows of the cohort")
        sums.add(values, np.where(part, 0, 1))
        done += len(values)
    if done != len(inside):
        raise ValueError(f"attributions of {done} rows for a cohort among {len(inside)}")
    means = sums.compute_means()
    gaps = compute_part_differences(means, 1)
    p_values = adjust_known(gaps.p_values[0])
    shares = [
        CohortShare(
            feature, float(means.mean[0, k]), float(means.mean[1, k]), float(gaps.low[0, k]),
            float(gaps.high[0, k]), float(p_values[k]),
        )
        for k, feature in enumerate(features)
    ]  # fmt: skip
    shares.sort(key=lambda share: -abs(share.difference))
    return CohortImportance(int(means.rows[0]), int(means.rows[1]), tuple(shares))
