"""How good scores are as probabilities: Brier score, log loss, mean score, calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray
from audits.cube.calibration_error import Bins, compute_calibration_limits
from audits.cube.counts.cube import UNKNOWN
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.intervals.intervals import compute_share_interval
from audits.cube.intervals.means import compute_mean

CALIBRATION_BINS = 10
_EPS = float(np.finfo(np.float64).eps)


def compute_mean_score(view: View) -> Values:
    """Return the mean score of every group."""
    sums = view.cube.sums
    return compute_mean(view, sums["score_sum"], sums["score_square_sum"], known_only=False)


def compute_brier(view: View) -> Values:
    """Return the mean squared distance of score and outcome (Brier 1950)."""
    sums, positive = view.cube.sums, view.cube.codes["y_true"] == 1
    on_positive = sums["score_square_sum"] - 2 * sums["score_sum"] + sums["weight"]
    total = np.where(positive, on_positive, sums["score_square_sum"])
    # The value is exact; its spread takes each cell's mean score, exact up to 65,536 scores.
    square = sums["weight"] * (view.cell_score - positive) ** 4
    return compute_mean(view, total, square)


def compute_log_loss(view: View) -> Values:
    """Return the mean negative log likelihood in nats."""
    sums, positive = view.cube.sums, view.cube.codes["y_true"] == 1
    chance = np.where(positive, view.cell_score, 1 - view.cell_score)
    square = sums["weight"] * np.log(np.maximum(chance, _EPS)) ** 2
    return compute_mean(view, sums["log_loss_sum"], square)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores against outcomes in equal-width bins of the score, by `[group, bin]`.

    mean_score and positive_share are NaN in empty bins; low and high are the interval of
    the share; weight and positive_weight are sums of weights, count is in rows.
    """

    mean_score: FloatArray
    positive_share: FloatArray
    low: FloatArray
    high: FloatArray
    weight: FloatArray
    positive_weight: FloatArray
    count: FloatArray


def compute_calibration(view: View, bins: int = CALIBRATION_BINS) -> Calibration:
    """Return the calibration curve of every group."""
    cube = view.cube
    known = cube.codes["y_true"] != UNKNOWN
    place = np.minimum((view.cell_score * bins).astype(np.int64), bins - 1)
    index = view.cell_group * bins + place
    shape = (len(view.labels), bins)

    def add(values: FloatArray) -> FloatArray:
        added = np.bincount(index[known], weights=values[known], minlength=shape[0] * bins)
        return np.asarray(added, dtype=np.float64).reshape(shape)

    weight, squared = add(cube.sums["weight"]), add(cube.sums["weight_squared"])
    positives = add(np.where(cube.codes["y_true"] == 1, cube.sums["weight"], 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = positives / weight
        mean = add(cube.sums["score_sum"]) / weight
        effective = np.where(squared > 0, weight**2 / squared, 0.0)
    low, high = compute_share_interval(share, effective)
    count = add(cube.sums["count"])
    return Calibration(mean, share, low, high, weight, positives, count)


def compute_calibration_error(view: View, generator: np.random.Generator) -> Values:
    """Return the expected calibration error: mean gap of score and outcome over ten equal-width
    bins, weighted by rows (Naeini et al. 2015; Guo et al. 2017).

    The value is the published one, as other libraries give it, so that it can be compared: above
    zero by chance where calibration is perfect. The interval is of the error without that chance
    (`calibration_error.py`), so that most of it may lie below the value; it holds 0 where
    calibration in all bins cannot be rejected.
    """
    curve = compute_calibration(view)
    known, sums = view.cube.codes["y_true"] != UNKNOWN, view.cube.sums
    n = np.rint(view.total(sums["count"], known)).astype(np.int64)
    weight, squared = view.total(sums["weight"], known), view.total(sums["weight_squared"], known)
    effective = np.where(squared > 0, weight**2 / np.where(squared > 0, squared, 1.0), 0.0)
    scale = np.where(weight > 0, effective / np.where(weight > 0, weight, 1.0), 0.0)[:, None]
    bins = Bins(curve.positive_weight * scale, curve.weight * scale, curve.mean_score)
    found = compute_calibration_limits(bins, generator)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.abs(curve.positive_share - curve.mean_score)
        value = np.nansum(gap * curve.weight, axis=1) / weight
    low, high = np.minimum(found.low, value), np.maximum(found.high, value)
    method = "hybrid_resampling"
    return Values(value, low, high, n, effective, method, centre=found.centre)
