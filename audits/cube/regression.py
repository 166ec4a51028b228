"""Errors of a regression by group, from moments of the residuals (predicted minus true)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from audits.core.arrays import FloatArray
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.intervals.intervals import CONFIDENCE, Interval
from audits.cube.intervals.means import compute_mean


def compute_mean_outcome(view: View) -> Values:
    """Return the mean true value of every group, in the target's unit: what the base rate is for
    yes or no."""
    sums = view.cube.sums
    return compute_mean(view, sums["y_sum"], sums["y_square_sum"])


def compute_mean_prediction(view: View) -> Values:
    """Return the mean prediction of every group, in the target's unit: whether it is the same in
    all groups is statistical parity of a regression (Agarwal, Dudík and Wu 2019, ICML)."""
    sums = view.cube.sums
    total = sums["y_sum"] + sums["residual_sum"]
    return compute_mean(view, total, sums["prediction_square_sum"])


def compute_mean_residual(view: View) -> Values:
    """Return the mean of predicted minus true, in the target's unit; above 0: too high."""
    sums = view.cube.sums
    return compute_mean(view, sums["residual_sum"], sums["residual_square_sum"])


def compute_mean_absolute_error(view: View) -> Values:
    """Return the mean distance of predicted and true, in the target's unit."""
    sums = view.cube.sums
    return compute_mean(view, sums["residual_absolute_sum"], sums["residual_square_sum"])


def compute_standardized_mean_residual(view: View) -> Values:
    """Return the mean residual in standard deviations of the true values of all rows, which are
    taken as known. NaN where the true values do not vary."""
    sums = view.cube.sums
    weight = sums["weight"].sum()
    mean = sums["y_sum"].sum() / weight if weight > 0 else np.nan
    spread = sums["y_square_sum"].sum() / weight - mean**2 if weight > 0 else np.nan
    varies = spread > 1e-12 * max(mean**2, 1e-300)
    return _divide(compute_mean_residual(view), float(np.sqrt(spread)) if varies else np.nan)


def compute_relative_mean_absolute_error(view: View) -> Values:
    """Return the mean absolute error over that of all rows, which is taken as known. NaN where
    there is no error at all."""
    sums = view.cube.sums
    weight, total = sums["weight"].sum(), sums["residual_absolute_sum"].sum()
    scale = total / weight if weight > 0 and total > 0 else np.nan
    return _divide(compute_mean_absolute_error(view), float(scale))


def _divide(values: Values, scale: float) -> Values:
    return replace(
        values,
        value=values.value / scale,
        low=values.low / scale,
        high=values.high / scale,
    )


def compute_root_mean_squared_error(view: View) -> Values:
    """Return the root of the mean squared error; the interval is the mean square's on the log
    scale, rooted: squares are skewed to the right."""
    square = _compute_mean_square(view)
    spread = _vary(view, square.value)
    low, high = _grow(square, square.value, spread)
    return replace(square, value=np.sqrt(square.value), low=np.sqrt(low), high=np.sqrt(high))


def compute_r2(view: View) -> Values:
    """Return 1 - squared error / squared spread of the true values (at most 1, may be negative).

    The interval is that of the ratio on the log scale, of which both parts vary from sample to
    sample, and together (delta method). NaN where the true values do not vary.
    """
    sums = view.cube.sums
    weight = view.total(sums["weight"])
    square = _compute_mean_square(view)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = view.total(sums["y_sum"]) / weight
        spread = view.total(sums["y_square_sum"]) / weight - mean**2
        spread = np.where(spread > 1e-12 * np.maximum(mean**2, 1e-300), spread, np.nan)
        ratio = square.value / spread
    low, high = _grow(square, ratio, _vary(view, square.value, (mean, spread)))
    return replace(square, value=1 - ratio, low=1 - high, high=1 - low)


def _compute_mean_square(view: View) -> Values:
    sums = view.cube.sums
    return compute_mean(view, sums["residual_square_sum"], sums["residual_fourth_sum"])


def _vary(
    view: View, square: FloatArray, outcome: tuple[FloatArray, FloatArray] | None = None
) -> FloatArray:
    """Return the variance over rows of what moves the log of the mean square, or of its ratio to
    the outcome's variance where its mean and variance are given.

    Without the sums of the outcome's higher powers (cubes of older runs) the outcome is taken as
    normal and apart from the errors.
    """
    sums = view.cube.sums
    weight = view.total(sums["weight"])

    def average(name: str) -> FloatArray:
        return view.total(sums[name]) / weight

    with np.errstate(divide="ignore", invalid="ignore"):
        own = average("residual_fourth_sum") / square**2
        if outcome is None:
            return np.maximum(own - 1, 0.0)
        mean, spread = outcome
        fourth = average("y_fourth_sum") - 4 * mean * average("y_cube_sum")
        fourth += 6 * mean**2 * average("y_square_sum") - 3 * mean**4
        both = average("residual_square_y_square_sum")
        both += mean**2 * square - 2 * mean * average("residual_square_y_sum")
        found = own + fourth / spread**2 - 2 * both / (square * spread)
        return np.maximum(np.where(np.isnan(found), own - 1 + 2, found), 0.0)


def _grow(square: Values, value: FloatArray, variance: FloatArray) -> Interval:
    """Return the interval of a positive number whose log varies so; itself where it is 0."""
    n = square.effective
    with np.errstate(divide="ignore", invalid="ignore"):
        quantile = special.stdtrit(np.where(n > 1, n - 1, np.nan), 0.5 + CONFIDENCE / 2)
        factor = np.exp(quantile * np.sqrt(variance / (n - 1)))
    some = square.value > 0
    return np.where(some, value / factor, square.low), np.where(some, value * factor, square.high)
