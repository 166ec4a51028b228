"""Errors of a regression by group, from moments of the residuals (predicted minus true)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audits.cube.means import compute_mean
from audits.cube.values import Values
from audits.cube.view import View


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
    """Return the root of the mean squared error; the interval is the mean square's, rooted."""
    sums = view.cube.sums
    square = compute_mean(view, sums["residual_square_sum"], sums["residual_fourth_sum"])
    return replace(
        square,
        value=np.sqrt(square.value),
        low=np.sqrt(np.maximum(square.low, 0.0)),
        high=np.sqrt(square.high),
    )


def compute_r2(view: View) -> Values:
    """Return 1 - squared error / squared spread of the true values (at most 1, may be negative).

    The interval carries over the mean squared error's, taking the spread of the true values as
    known. NaN where the true values do not vary.
    """
    sums = view.cube.sums
    weight = view.total(sums["weight"])
    square = compute_mean(view, sums["residual_square_sum"], sums["residual_fourth_sum"])
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = view.total(sums["y_sum"]) / weight
        spread = view.total(sums["y_square_sum"]) / weight - mean**2
        spread = np.where(spread > 1e-12 * np.maximum(mean**2, 1e-300), spread, np.nan)
    return replace(
        square,
        value=1 - square.value / spread,
        low=1 - square.high / spread,
        high=1 - np.maximum(square.low, 0.0) / spread,
    )
