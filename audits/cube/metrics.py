"""The table of metrics. Adding one is one entry here and one test.

The catalogue (`assay checks`), the dashboard's explanations and the measurements all read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from audits.core.measurement import Direction, Unit
from audits.core.spec import Task
from audits.cube.classes import (
    compute_class_accuracy,
    compute_class_log_loss,
    compute_composite,
)
from audits.cube.probability import (
    compute_brier,
    compute_calibration_error,
    compute_log_loss,
    compute_mean_score,
)
from audits.cube.ranking import compute_ranking_metric
from audits.cube.rates import RATES
from audits.cube.regression import (
    compute_mean_absolute_error,
    compute_mean_residual,
    compute_r2,
    compute_root_mean_squared_error,
)
from audits.cube.values import Values
from audits.cube.view import View

Compute = Callable[[View, np.random.Generator], Values]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number that can be taken of any group. Its title and meaning are in `core.words`.

    undefined says when there is no number; needs lists what the rows must have ("y_true",
    "y_score"); compare lists which comparisons between two groups make sense ("difference",
    "ratio"); tested: whether two groups can be compared by an exact or z test of shares.
    """

    name: str
    unit: Unit
    direction: Direction
    needs: tuple[str, ...]
    undefined: str
    source: str
    compute: Compute
    compare: tuple[str, ...] = ("difference",)
    tested: bool = False


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
        needs=needs,
        undefined=undefined,
        source="Fawcett 2006, Pattern Recognition Letters 27:861; interval: Wilson 1927",
        compute=lambda view, _: RATES[name].compute(view),
        compare=("difference", "ratio"),
        tested=True,
    )


_NO_ROWS = "no rows with a known outcome"
_NO_POSITIVE = "no rows whose true outcome is positive"
_NO_NEGATIVE = "no rows whose true outcome is negative"
_NONE_SELECTED = "nobody was selected"
_ALL_SELECTED = "everybody was selected"
_ONE_CLASS = "needs rows of both true outcomes"
_UP: Direction = "higher_is_better"
_DOWN: Direction = "lower_is_better"
_TRUE, _BOTH = ("y_true",), ("y_true", "y_score")

_COMPOSITES = (
    Metric("balanced_accuracy", "score", _UP, _TRUE, _ONE_CLASS, "Brodersen et al. 2010, ICPR",
           partial(compute_composite, name="balanced_accuracy")),
    Metric("f1", "score", _UP, _TRUE, "no positives, true or predicted", "van Rijsbergen 1979",
           partial(compute_composite, name="f1")),
)  # fmt: skip

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
    *_COMPOSITES,
    Metric("roc_auc", "score", _UP, _BOTH, _ONE_CLASS, "DeLong et al. 1988, Biometrics 44:837",
           lambda view, _: compute_ranking_metric(view, "roc_auc")),
    Metric("average_precision", "score", _UP, _BOTH, _ONE_CLASS,
           "Boyd, Eng and Page 2013, ECML PKDD",
           lambda view, _: compute_ranking_metric(view, "average_precision")),
    Metric("log_loss", "nats", _DOWN, _BOTH, _NO_ROWS, "Good 1952, JRSS B 14:107",
           lambda view, _: compute_log_loss(view)),
    Metric("brier_score", "score", _DOWN, _BOTH, _NO_ROWS, "Brier 1950, Monthly Weather Review",
           lambda view, _: compute_brier(view)),
    Metric("expected_calibration_error", "score", _DOWN, _BOTH, _NO_ROWS,
           "Naeini et al. 2015, AAAI", compute_calibration_error),
    Metric("mean_score", "score", "none", ("y_score",), "no rows", "arithmetic mean",
           lambda view, _: compute_mean_score(view)),
)  # fmt: skip

MULTICLASS = (
    Metric("accuracy", "share", _UP, _TRUE, _NO_ROWS, "interval: Wilson 1927, Lancaster 1961",
           lambda view, _: compute_class_accuracy(view), ("difference", "ratio"), tested=True),
    *_COMPOSITES,
    Metric("log_loss", "nats", _DOWN, _TRUE, _NO_ROWS, "Good 1952, JRSS B 14:107",
           lambda view, _: compute_class_log_loss(view)),
)  # fmt: skip

REGRESSION = (
    Metric("mean_absolute_error", "target", _DOWN, _TRUE, "no rows", "arithmetic mean",
           lambda view, _: compute_mean_absolute_error(view)),
    Metric("root_mean_squared_error", "target", _DOWN, _TRUE, "no rows",
           "root of the mean square", lambda view, _: compute_root_mean_squared_error(view)),
    Metric("r2", "score", _UP, _TRUE, "the true values do not vary",
           "coefficient of determination", lambda view, _: compute_r2(view)),
    Metric("mean_residual", "target", "closer_to_zero", _TRUE, "no rows", "arithmetic mean",
           lambda view, _: compute_mean_residual(view)),
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
    if task != "binary":
        return METRICS[task]
    present = {"y_true": view.has_truth, "y_score": view.has_scores}
    return tuple(m for m in BINARY if all(present[need] for need in m.needs))
