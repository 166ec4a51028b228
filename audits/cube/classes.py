"""Composites of rates: balanced accuracy, F1 and macro precision, for two classes or many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audits.core.arrays import FloatArray
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.intervals.intervals import compute_share_interval
from audits.cube.intervals.means import compute_mean
from audits.cube.intervals.resample import resample_counts

RESAMPLES = 2000

Formula = Callable[[FloatArray], FloatArray]
"""A number of confusion matrices `[..., true, predicted]`; NaN where it is undefined."""


def _known(view: View) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return `[group, true, predicted]` weights, and (rows, effective rows) with known outcome."""
    weight = view.weight[:, :-1]
    total = weight.sum(axis=(1, 2))
    squared = view.weight_squared[:, :-1].sum(axis=(1, 2))
    effective = np.where(squared > 0, total**2 / np.where(squared > 0, squared, 1.0), 0.0)
    return weight, view.count[:, :-1].sum(axis=(1, 2)), effective


def balanced_accuracy(confusion: FloatArray) -> FloatArray:
    """Mean recall over the classes that occur (scikit-learn's balanced_accuracy_score)."""
    rows = confusion.sum(axis=-1)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = np.where(rows > 0, hits / rows, np.nan)
        occurring = (rows > 0).sum(axis=-1)
        return np.where(occurring > 1, np.nansum(recall, axis=-1) / occurring, np.nan)


def _f1_by_class(confusion: FloatArray) -> FloatArray:
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    rows = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rows > 0, 2 * hits / rows, np.nan)


def macro_f1(confusion: FloatArray) -> FloatArray:
    """Mean F1 over the classes that occur or are predicted (scikit-learn's macro F1)."""
    by_class = _f1_by_class(confusion)
    used = (~np.isnan(by_class)).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(used > 0, np.nansum(by_class, axis=-1) / used, np.nan)


def macro_precision(confusion: FloatArray) -> FloatArray:
    """Return the mean precision over the classes that are predicted.

    scikit-learn's macro precision takes 0 for a class that is never predicted; a precision of
    nothing is left out here.
    """
    chosen = confusion.sum(axis=-2)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(chosen > 0, hits / chosen, np.nan)
        used = (chosen > 0).sum(axis=-1)
        return np.where(used > 0, np.nansum(precision, axis=-1) / used, np.nan)


def compute_composite(
    view: View,
    generator: np.random.Generator,
    *,
    formula: Formula,
) -> Values:
    """Return `formula` of every group's confusion matrix with bootstrap intervals.

    formula: from weights `[..., true, predicted]` to numbers `[...]`, NaN where undefined. Half a
    row is added to each cell before drawing: a cell that happens to be empty is not impossible,
    and a group without a mistake has an interval all the same.
    """
    weight, rows, effective = _known(view)
    value = formula(weight)
    scale = effective / np.maximum(weight.sum(axis=(1, 2)), 1e-300)
    smoothed = np.where(effective > 0, scale, 0.0)[:, None, None] * weight + 0.5
    smoothed[effective == 0] = 0.0
    drawn = formula(resample_counts(smoothed, effective, RESAMPLES, generator))
    with np.errstate(invalid="ignore"):
        drawn = np.where(np.isnan(drawn), value, drawn)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    low, high = np.minimum(low, value), np.maximum(high, value)
    return Values(value, low, high, rows.astype(np.int64), effective, "bootstrap")


def compute_class_accuracy(view: View) -> Values:
    """Return the share of right predictions of every group, any number of classes."""
    weight, rows, effective = _known(view)
    hits = np.trace(weight, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / weight.sum(axis=(1, 2))
    low, high = compute_share_interval(share, effective)
    return Values(share, low, high, rows.astype(np.int64), effective, "wilson_midp")


def compute_class_log_loss(view: View) -> Values:
    """Return the multiclass mean negative log likelihood in nats."""
    sums = view.cube.sums
    return compute_mean(view, sums["log_loss_sum"], sums["log_loss_square_sum"])
