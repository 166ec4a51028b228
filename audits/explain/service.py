"""What explains inside the model's worker, beside the model: `HANDLERS` for the wire."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.attribution import FloatArray
from audits.core.errors import CheckNotApplicableError, InputError
from audits.explain.columns import (
    TOLERANCE,
    ColumnAttribution,
    Native,
    Request,
    kind_of,
    sum_by_owner,
)
from audits.models.adapter import Adapter

_TREE = "audits.explain.tree"
_LINEAR = "audits.explain.linear"
_GRADIENT = "audits.explain.gradient"

ENGINES: Mapping[str, str] = {
    "lightgbm.Booster": _TREE,
    "lightgbm.LGBMClassifier": _TREE,
    "lightgbm.LGBMRegressor": _TREE,
    "xgboost.Booster": _TREE,
    "xgboost.XGBClassifier": _TREE,
    "xgboost.XGBRegressor": _TREE,
    "sklearn.DecisionTreeClassifier": _TREE,
    "sklearn.DecisionTreeRegressor": _TREE,
    "sklearn.RandomForestClassifier": _TREE,
    "sklearn.RandomForestRegressor": _TREE,
    "sklearn.ExtraTreesClassifier": _TREE,
    "sklearn.ExtraTreesRegressor": _TREE,
    "sklearn.GradientBoostingClassifier": _TREE,
    "sklearn.GradientBoostingRegressor": _TREE,
    "sklearn.HistGradientBoostingClassifier": _TREE,
    "sklearn.HistGradientBoostingRegressor": _TREE,
    "sklearn.LogisticRegression": _LINEAR,
    "sklearn.LogisticRegressionCV": _LINEAR,
    "sklearn.SGDClassifier": _LINEAR,
    "sklearn.LinearDiscriminantAnalysis": _LINEAR,
    "sklearn.LinearRegression": _LINEAR,
    "sklearn.Ridge": _LINEAR,
    "sklearn.RidgeCV": _LINEAR,
    "sklearn.Lasso": _LINEAR,
    "sklearn.LassoCV": _LINEAR,
    "sklearn.ElasticNet": _LINEAR,
    "sklearn.ElasticNetCV": _LINEAR,
    "sklearn.SGDRegressor": _LINEAR,
    "sklearn.HuberRegressor": _LINEAR,
    "sklearn.PoissonRegressor": _LINEAR,
    "sklearn.GammaRegressor": _LINEAR,
    "sklearn.TweedieRegressor": _LINEAR,
    "audits.TabularNetwork": _GRADIENT,
}
"""Which engine explains which estimator. Adding an engine: its file, and its lines here. An
engine is imported only where its model is, for the libraries behind them take seconds."""

SUPPORTED = (
    "XGBoost, LightGBM, scikit-learn trees, forests, boosting and linear models, and our torch "
    "networks"
)


class Engine(Protocol):
    """A module that explains encoded columns."""

    USES_BASELINE: bool

    def explain(self, estimator: Native, matrix: FloatArray, request: Request) -> ColumnAttribution:
        """Explain each row of `matrix` `[n_rows, n_columns]`."""
        ...


def find_engine(estimator: Native) -> Engine:
    """Return the engine of an estimator. Raises CheckNotApplicableError where there is none."""
    path = ENGINES.get(kind_of(estimator))
    if path is None:
        raise CheckNotApplicableError(
            f"a model of kind {kind_of(estimator)} is not explained; explained are {SUPPORTED}"
        )
    return cast(Engine, importlib.import_module(path))


def compute_baseline(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `baseline`: the mean of the reference rows, as the estimator sees them.

    Returns an empty table and `{"baseline": [n_columns] or None}`; None where the model's
    engine compares with no reference point.
    """
    del params
    if not len(frame) or not find_engine(adapter.estimator).USES_BASELINE:
        return pa.table({}), {"baseline": None}
    return pa.table({}), {"baseline": adapter.encode(frame).matrix.mean(axis=0).tolist()}


def compute_attribution(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `attribute`: attributions of the raw columns of `frame`.

    params: `target_class` (index, default 1; ignored for regression), `baseline` (what
    `compute_baseline` answered), `tolerance` (see `Request`).
    Returns a table of float64 columns "0", "1", ... (one a raw feature, in the order of
    `adapter.info.features`; names by position, for a feature may be called "base"), "base" and
    "output", and a dict with `method`, `space`, `exact`, `additivity_error`, `budget`, `device`.
    Raises CheckNotApplicableError where no engine explains the model, InputError for a class
    that the model does not have.
    """
    engine = find_engine(adapter.estimator)
    request = _read_request(adapter, params)
    encoded = adapter.encode(frame)
    found = engine.explain(adapter.estimator, encoded.matrix, request)
    if adapter.info.task == "binary" and params.get("target_class") == 0:
        found = found.for_the_other_class()
    n_features = len(adapter.info.features)
    values = sum_by_owner(found.values, np.asarray(encoded.owner, dtype=np.intp), n_features)
    arrays = [*values.T, found.base, found.output]
    names = [*(str(index) for index in range(n_features)), "base", "output"]
    table = pa.table([pa.array(np.ascontiguousarray(array)) for array in arrays], names=names)
    return table, {
        "method": found.method,
        "space": found.space,
        "exact": found.exact,
        "additivity_error": found.additivity_error,
        "budget": found.budget,
        "device": found.device,
    }


def _read_request(adapter: Adapter, params: dict[str, Any]) -> Request:
    info = adapter.info
    target_class = int(params.get("target_class", 1))
    if info.task != "regression" and not 0 <= target_class < len(info.classes):
        raise InputError(
            f"class {target_class} cannot be explained: the model has the classes 0 to "
            f"{len(info.classes) - 1}"
        )
    baseline = params.get("baseline")
    return Request(
        task=info.task,
        target_class=target_class if info.task == "multiclass" else 1,
        baseline=None if baseline is None else np.asarray(baseline, dtype=np.float64),
        tolerance=float(params.get("tolerance", TOLERANCE)),
    )


HANDLERS: Mapping[
    str, Callable[[Adapter, pd.DataFrame, dict[str, Any]], tuple[pa.Table, dict[str, Any]]]
] = {"attribute": compute_attribution, "baseline": compute_baseline}
