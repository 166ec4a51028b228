"""The engine of torch networks: one method each in `gradient`, `gradient_shap` and `deeplift`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from audits.core.arrays import FloatArray
from audits.explain.columns import ColumnAttribution, Request
from audits.explain.methods import DEEPLIFT, GRADIENT_SHAP, INTEGRATED_GRADIENTS
from audits.explain.networks import deeplift, gradient, gradient_shap
from audits.models import NativeModel

METHODS = (INTEGRATED_GRADIENTS, GRADIENT_SHAP, DEEPLIFT)

_EXPLAIN: Mapping[str, Callable[[NativeModel, FloatArray, Request], ColumnAttribution]] = {
    INTEGRATED_GRADIENTS: gradient.explain,
    GRADIENT_SHAP: gradient_shap.explain,
    DEEPLIFT: deeplift.explain,
}


def explain(estimator: NativeModel, matrix: FloatArray, request: Request) -> ColumnAttribution:
    """Explain a network's logit of one class, or its regression output, by `request.method`."""
    return _EXPLAIN[request.method or METHODS[0]](estimator, matrix, request)
