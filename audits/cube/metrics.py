"""The table of metrics. Adding one is one entry here and one test.

The catalogue (`assay checks`), the dashboard's explanations and the measurements all read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from audits.core.arrays import FloatArray
from audits.core.report.measurement import Direction, Unit
from audits.core.settings.spec import Task
from audits.cube.classes import (
    Formula,
    balanced_accuracy,
    compute_class_accuracy,
    compute_class_log_loss,
    compute_composite,
    macro_f1,
    macro_precision,
)
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.intervals.probability import (
    compute_brier,
    compute_calibration_error,
    compute_log_loss,
    compute_mean_score,
)
from audits.cube.ranking import compute_auc_bounds, compute_ranking_metric
from audits.cube.rates import (
    RATES,
    compute_balanced_accuracy,
    compute_f1,
    compute_treatment_equality,
)
from audits.cube.regression import (
    compute_mean_absolute_error,
    compute_mean_outcome,
    compute_mean_prediction,
    compute_mean_residual,
    compute_r2,
    compute_relative_mean_absolute_error,
    compute_root_mean_squared_error,
    compute_standardized_mean_residual,
)

_BENEFITS = np.array([[1.0, 2.0], [0.0, 1.0]])
"""By `[true, predicted]`."""


def _relative(confusion: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the share of rows by cell, and each cell's benefit over the mean; NaN if it is 0."""
    rows = confusion.sum(axis=(-2, -1), keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = confusion / rows
        mean = (share * _BENEFITS).sum(axis=(-2, -1), keepdims=True)
        return share, np.where(mean > 0, _BENEFITS / mean, np.nan)


def generalized_entropy(confusion: FloatArray) -> FloatArray:
    """Return the generalized entropy index with alpha = 2: half the squared variation of benefit.

    confusion: weights `[..., 2, 2]`. NaN without rows, or where nobody has any benefit.
    """
    share, relative = _relative(confusion)
    return np.asarray((share * (relative**2 - 1)).sum(axis=(-2, -1)) / 2)


def theil(confusion: FloatArray) -> FloatArray:
    """Return the Theil index (alpha = 1): the mean of r ln r, r being benefit over its mean."""
    share, relative = _relative(confusion)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(relative == 0, 0.0, relative * np.log(relative))
    return np.asarray((share * spread).sum(axis=(-2, -1)))


Compute = Callable[[View, np.random.Generator], Values]


Test = Literal["share", "mean", "logit", "none"]
"""How two groups are tested: exact or z test of shares, Welch's t test of means, z test on the
logit scale; "none" where the metric has no test of its own."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One number that can be taken of any group. Its title and meaning are in `core.words`.

    domain: the values it can have. undefined says when there is no number; needs lists what the
    rows must have ("y_true", "y_score", "probability": scores that are more than ranks, "bins":
    scores that were binned, "groups": it is of groups beside the whole data); compare lists which
    comparisons between two groups make sense ("difference", "ratio").
    """

    name: str
    unit: Unit
    direction: Direction
    domain: str
    needs: tuple[str, ...]
    undefined: str
    source: str
    compute: Compute
    compare: tuple[str, ...] = ("difference",)
    test: Test = "none"


_NO_ROWS = "no rows with a known outcome"
_NO_POSITIVE = "no rows whose true outcome is positive"
_NO_NEGATIVE = "no rows whose true outcome is negative"
_NONE_SELECTED = "nobody was selected"
_ALL_SELECTED = "everybody was selected"
_ONE_CLASS = "needs rows of both true outcomes"
_NO_BENEFIT = "nobody gets anything out of the decisions"
_SHARE, _POSITIVE, _ANY, _UPTO_ONE = "[0, 1]", "[0, ∞)", "(−∞, ∞)", "(−∞, 1]"
_UP: Direction = "higher_is_better"
_DOWN: Direction = "lower_is_better"
_TRUE, _BOTH = ("y_true",), ("y_true", "y_score")
_LIKELY = (*_BOTH, "probability")
_SPEICHER = "Speicher et al. 2018, KDD"


def _rate(
    name: str,
    direction: Direction,
    undefined: str,
    *,
    needs: tuple[str, ...] = ("y_true",),
) -> Metric:
    return Metric(
        name=name,
        unit="share",
        direction=direction,
        domain=_SHARE,
        needs=needs,
        undefined=undefined,
        source="Fawcett 2006, Pattern Recognition Letters 27:861; interval: Wilson 1927",
        compute=lambda view, _: RATES[name].compute(view),
        compare=("difference", "ratio"),
        test="share",
    )


def _composite(
    name: str, direction: Direction, domain: str, undefined: str, source: str, formula: Formula
) -> Metric:
    compute = partial(compute_composite, formula=formula)
    return Metric(name, "score", direction, domain, _TRUE, undefined, source, compute)


def _plain(compute: Callable[[View], Values]) -> Compute:
    """Return a metric's computation that needs no randomness."""
    return lambda view, _: compute(view)


BINARY = (
    _rate("prevalence", "none", _NO_ROWS),
    _rate("selection_rate", "none", "no rows", needs=()),
    _rate("true_positive_rate", _UP, _NO_POSITIVE),
    _rate("false_positive_rate", _DOWN, _NO_NEGATIVE),
    _rate("true_negative_rate", _UP, _NO_NEGATIVE),
    _rate("false_negative_rate", _DOWN, _NO_POSITIVE),
    _rate("positive_predictive_value", _UP, _NONE_SELECTED),
    _rate("negative_predictive_value", _UP, _ALL_SELECTED),
    _rate("false_discovery_rate", _DOWN, _NONE_SELECTED),
    _rate("false_omission_rate", _DOWN, _ALL_SELECTED),
    _rate("accuracy", _UP, _NO_ROWS),
    Metric("balanced_accuracy", "score", _UP, _SHARE, _TRUE, _ONE_CLASS,
           "Brodersen et al. 2010, ICPR", _plain(compute_balanced_accuracy)),
    Metric("f1", "score", _UP, _SHARE, _TRUE, "no positives, true or predicted",
           "van Rijsbergen 1979", _plain(compute_f1)),
    Metric("treatment_equality", "ratio", "none", _POSITIVE, _TRUE, "no false positives",
           "Berk et al. 2018, Sociological Methods & Research",
           _plain(compute_treatment_equality)),
    _composite("generalized_entropy_index", _DOWN, _POSITIVE, _NO_BENEFIT, _SPEICHER,
               generalized_entropy),
    _composite("theil_index", _DOWN, _POSITIVE, _NO_BENEFIT, _SPEICHER, theil),
    Metric("roc_auc", "score", _UP, _SHARE, _BOTH, _ONE_CLASS,
           "DeLong et al. 1988, Biometrics 44:837",
           lambda view, _: compute_ranking_metric(view, "roc_auc"), test="logit"),
    Metric("roc_auc_binning_error", "score", _DOWN, "[0, 0.5]", (*_BOTH, "bins"), _ONE_CLASS,
           "half the share of pairs that stand in one bin", _plain(compute_auc_bounds),
           compare=()),
    Metric("average_precision", "score", _UP, _SHARE, _BOTH, _ONE_CLASS,
           "Boyd, Eng and Page 2013, ECML PKDD",
           lambda view, _: compute_ranking_metric(view, "average_precision")),
    Metric("log_loss", "nats", _DOWN, _POSITIVE, _LIKELY, _NO_ROWS, "Good 1952, JRSS B 14:107",
           _plain(compute_log_loss), test="mean"),
    Metric("brier_score", "score", _DOWN, _SHARE, _LIKELY, _NO_ROWS,
           "Brier 1950, Monthly Weather Review", _plain(compute_brier), test="mean"),
    Metric("expected_calibration_error", "score", _DOWN, _SHARE, _LIKELY, _NO_ROWS,
           "Naeini et al. 2015, AAAI", compute_calibration_error),
    Metric("mean_score", "score", "none", _SHARE, ("y_score", "probability"), "no rows",
           "arithmetic mean", _plain(compute_mean_score), test="mean"),
)  # fmt: skip

MULTICLASS = (
    Metric("accuracy", "share", _UP, _SHARE, _TRUE, _NO_ROWS, "interval: Wilson 1927",
           _plain(compute_class_accuracy), ("difference", "ratio"), test="share"),
    _composite("balanced_accuracy", _UP, _SHARE, _ONE_CLASS, "Brodersen et al. 2010, ICPR",
               balanced_accuracy),
    _composite("macro_precision", _UP, _SHARE, "no rows", "Sokolova and Lapalme 2009, IP&M",
               macro_precision),
    _composite("f1", _UP, _SHARE, "no rows", "van Rijsbergen 1979, macro mean", macro_f1),
    Metric("log_loss", "nats", _DOWN, _POSITIVE, (*_TRUE, "probability"), _NO_ROWS,
           "Good 1952, JRSS B 14:107", _plain(compute_class_log_loss), test="mean"),
)  # fmt: skip

REGRESSION = (
    Metric("mean_absolute_error", "target", _DOWN, _POSITIVE, _TRUE, "no rows",
           "arithmetic mean", _plain(compute_mean_absolute_error), test="mean"),
    Metric("root_mean_squared_error", "target", _DOWN, _POSITIVE, _TRUE, "no rows",
           "root of the mean square", _plain(compute_root_mean_squared_error)),
    Metric("r2", "score", _UP, _UPTO_ONE, _TRUE, "the true values do not vary",
           "coefficient of determination", _plain(compute_r2)),
    Metric("mean_residual", "target", "closer_to_zero", _ANY, _TRUE, "no rows",
           "arithmetic mean", _plain(compute_mean_residual), test="mean"),
    Metric("standardized_mean_residual", "score", "closer_to_zero", _ANY, _TRUE,
           "the true values do not vary",
           "Cleary 1968, Journal of Educational Measurement 5:115; Cohen 1988",
           _plain(compute_standardized_mean_residual), test="mean"),
    Metric("relative_mean_absolute_error", "score", _DOWN, _POSITIVE, (*_TRUE, "groups"),
           "no error at all", "mean absolute error over that of all rows",
           _plain(compute_relative_mean_absolute_error), test="mean"),
    Metric("mean_prediction", "target", "none", _ANY, _TRUE, "no rows",
           "Agarwal, Dudík and Wu 2019, ICML", _plain(compute_mean_prediction), test="mean"),
    Metric("mean_outcome", "target", "none", _ANY, _TRUE, "no rows",
           "arithmetic mean", _plain(compute_mean_outcome), test="mean"),
)  # fmt: skip

METRICS: dict[Task, tuple[Metric, ...]] = {
    "binary": BINARY,
    "multiclass": MULTICLASS,
    "regression": REGRESSION,
}
"""Every metric by task, in the order in which people read them."""


def available_metrics(view: View) -> tuple[Metric, ...]:
    """Return the metrics for which the cube's rows have what they need."""
    task = view.cube.task
    present = {
        "y_true": task != "binary" or view.has_truth,
        "y_score": view.has_scores,
        "probability": view.cube.has_probabilities,
        "bins": not view.cube.exact_scores,
        "groups": view.attribute is not None,
    }
    return tuple(m for m in METRICS[task] if all(present[need] for need in m.needs))
