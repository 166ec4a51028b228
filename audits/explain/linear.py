"""Exact Shapley values of linear models, in closed form.

With the mean of the reference rows as background, a column's share is its coefficient times its
distance from that mean (Strumbelj and Kononenko 2014, section 3), whatever the order in which
columns are revealed."""

from __future__ import annotations

import warnings

import numpy as np

from audits.core.arrays import FloatArray
from audits.explain.columns import MARGIN, TARGET, ColumnAttribution, Request, choose_column
from audits.explain.methods import LINEAR_SHAP
from audits.models import NativeModel

METHODS = (LINEAR_SHAP,)


def explain(estimator: NativeModel, matrix: FloatArray, request: Request) -> ColumnAttribution:
    """Explain a fitted scikit-learn linear model: `coef * (x - baseline)`.

    matrix: float64 `[n_rows, n_columns]` as the estimator takes it. The space is the margin
    (log-odds or score of the class; the logarithm of the target for Poisson, gamma and Tweedie
    regression), or the target's own unit for other regressions.
    """
    coefficients = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    row = request.target_class if len(coefficients) > 1 else 0
    intercept = float(np.broadcast_to(estimator.intercept_, len(coefficients))[row])
    coefficient = coefficients[row]
    baseline = request.baseline(matrix.shape[1])
    output, space = _predict_output(estimator, matrix, request)
    return ColumnAttribution(
        values=(matrix - baseline) * coefficient,
        base=np.full(len(matrix), intercept + float(baseline @ coefficient)),
        output=output,
        space=space,
        method=LINEAR_SHAP,
        exact=True,
    )


def _predict_output(
    estimator: NativeModel, matrix: FloatArray, request: Request
) -> tuple[FloatArray, str]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        if request.task != "regression":
            answer, space = estimator.decision_function(matrix), MARGIN
        elif hasattr(estimator, "_linear_predictor"):
            link = type(estimator._base_loss.link).__name__
            answer = estimator._base_loss.link.link(estimator.predict(matrix))
            space = TARGET if link == "IdentityLink" else MARGIN
        else:
            answer, space = estimator.predict(matrix), TARGET
    return choose_column(answer, request.target_class), space
