"""What explains inside the model's worker, beside the model: `HANDLERS` for the wire."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError, one_of
from audits.explain.columns import TOLERANCE, ColumnAttribution, Request, sum_by_owner
from audits.explain.groups.gap_service import compute_gap_steps
from audits.explain.groups.loss_service import compute_losses
from audits.explain.methods import AUTO, PERMUTATION_SHAP
from audits.explain.sampled.any_model import check_class, choose_space, explain_by_sampling
from audits.explain.sampled.engine import ERROR
from audits.explain.trees.by_rows import compute_interaction_values
from audits.models import Adapter, HasInside, NativeModel, kind_of

_TREE = "audits.explain.trees.engine"
_LINEAR = "audits.explain.linear"
_NETWORK = "audits.explain.networks.engine"
_CATBOOST = "audits.explain.trees.catboost"

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
    "sklearn.LinearSVC": _LINEAR,
    "sklearn.PassiveAggressiveClassifier": _LINEAR,
    "sklearn.Perceptron": _LINEAR,
    "sklearn.RidgeClassifier": _LINEAR,
    "sklearn.RidgeClassifierCV": _LINEAR,
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
    "audits.TabularNetwork": _NETWORK,
    "catboost.CatBoost": _CATBOOST,
}
"""Which engine explains which estimator. Adding an engine: its file, and its lines here. An
engine is imported only where its model is, for the libraries behind them take seconds."""

SUPPORTED = (
    "XGBoost, LightGBM, CatBoost, scikit-learn trees, forests, boosting and linear models, and "
    "our torch networks"
)


_REMEMBERED: dict[str, pd.DataFrame] = {}
"""Tables that the audit sent once, to be compared with many times. A worker has one model."""
_ENCODED: dict[str, FloatArray] = {}
"""Of the remembered tables what the final estimator sees of them, once it was asked for."""
_PROBE_ROWS = 64


@runtime_checkable
class FrameEngine(Protocol):
    """A module that explains raw columns, for models that read categories as they are."""

    METHODS: tuple[str, ...]

    def explain_rows(
        self, adapter: NativeModel, frame: pd.DataFrame, request: Request
    ) -> ColumnAttribution:
        """Explain each row of `frame`: values `[n_rows, n_features]`."""
        ...


class Engine(Protocol):
    """A module that explains encoded columns. METHODS: what it can do, its own choice first."""

    METHODS: tuple[str, ...]

    def explain(
        self, estimator: NativeModel, matrix: FloatArray, request: Request
    ) -> ColumnAttribution:
        """Explain each row of `matrix` `[n_rows, n_columns]`."""
        ...


def find_engine(estimator: NativeModel) -> Engine | FrameEngine:
    """Return the engine of an estimator. Raises CheckNotApplicableError where there is none."""
    path = ENGINES.get(kind_of(estimator))
    if path is None:
        raise CheckNotApplicableError(
            f"a model of kind {kind_of(estimator)} has no engine of its own; those that have: "
            f"{SUPPORTED}"
        )
    return cast(Engine | FrameEngine, importlib.import_module(path))


def remember(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `remember`: keep a table of raw columns under `params["name"]`."""
    del adapter
    name = str(params["name"])
    _REMEMBERED[name] = frame
    _ENCODED.pop(name, None)
    return pa.table({}), {}


def recall(params: dict[str, Any], key: str = "background") -> pd.DataFrame | None:
    """Return the remembered table that `params[key]` names, None where it names none."""
    name = params.get(key)
    return None if name is None else _REMEMBERED[str(name)]


def encode_background(adapter: Adapter, params: dict[str, Any]) -> FloatArray | None:
    """Return the remembered reference rows as the final estimator sees them, None without any.

    Always the same array for the same table, by which engines know what they prepared before.
    """
    background = recall(params)
    if background is None:
        return None
    name = str(params["background"])
    if name not in _ENCODED:
        _ENCODED[name] = adapter.encode(background).matrix
    return _ENCODED[name]


def choose_method(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `choose`: which method explains this model, tried on the first rows of `frame`.

    params: as `compute_attribution`'s; `method` may be "auto": the model's own engine where it
    explains the model in the wanted output, else sampling, which explains any model.
    Returns `{"method": name, "space": what it explains, "why": why not the model's own}`.
    Raises CheckNotApplicableError where the wanted method does not explain this model.
    """
    wanted = str(params.get("method", AUTO))
    probe = frame.iloc[:_PROBE_ROWS]
    own, why = _find_own_methods(adapter)
    if wanted not in (AUTO, PERMUTATION_SHAP):
        if wanted not in own:
            raise CheckNotApplicableError(
                f"{wanted} does not explain this model{f' ({why})' if why else ''}; "
                f"what does: {one_of([*own, PERMUTATION_SHAP])}"
            )
        space = _try_method(adapter, probe, params | {"method": wanted})
        return pa.table({}), {"method": wanted, "space": space, "why": ""}
    if wanted == AUTO and own:
        try:
            space = _try_method(adapter, probe, params | {"method": own[0]})
            return pa.table({}), {"method": own[0], "space": space, "why": ""}
        except CheckNotApplicableError as error:
            why = str(error)
    space = choose_space(adapter, params)
    return pa.table({}), {"method": PERMUTATION_SHAP, "space": space, "why": why}


def compute_attribution(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `attribute`: attributions of the raw columns of `frame`.

    params: `method` (a name; what `choose_method` answered), `output` ("auto", "margin" or
    "probability"), `target_class` (index, default 1; ignored for regression), `background` (the
    name of a remembered table), `tolerance`, `seed`, `pairs` and `error` (see `Budget`), `baseline`
    (see `audits.explain.methods`).
    Returns a table of float64 columns "0", "1", ... (one a raw feature, in the order of
    `adapter.info.features`; names by position, for a feature may be called "base"), "base" and
    "output", for sampled values then "error 0", ..., and a dict with `method`, `space`, `exact`,
    `additivity_error`, `budget`, `device`.
    Raises CheckNotApplicableError where the method does not explain the model, InputError for a
    class that the model does not have.
    """
    found = _explain(adapter, frame, params)
    n_features = found.values.shape[1]
    arrays = [*found.values.T, found.base, found.output]
    names = [*(str(index) for index in range(n_features)), "base", "output"]
    if found.error is not None:
        arrays += [*found.error.T]
        names += [f"error {index}" for index in range(n_features)]
    table = pa.table([pa.array(np.ascontiguousarray(array)) for array in arrays], names=names)
    return table, {
        "method": found.method,
        "space": found.space,
        "exact": found.exact,
        "additivity_error": found.additivity_error,
        "budget": found.budget,
        "device": found.device,
    }


def _find_own_methods(adapter: Adapter) -> tuple[tuple[str, ...], str]:
    """Return the methods of the model's own engine, and why there are none."""
    try:
        return find_engine(adapter.estimator).METHODS, ""
    except CheckNotApplicableError as error:
        return (), str(error)


def _try_method(adapter: Adapter, probe: pd.DataFrame, params: dict[str, Any]) -> str:
    found = _explain(adapter, probe, params)
    wanted = params.get("output", AUTO)
    if wanted not in (AUTO, found.space):
        raise CheckNotApplicableError(
            f"{params['method']} explains this model's {found.space}, not its {wanted}"
        )
    return found.space


def _explain(adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]) -> ColumnAttribution:
    """Return attributions of the raw columns by the method that `params` names."""
    check_class(adapter, params)
    if params.get("method") == PERMUTATION_SHAP:
        return explain_by_sampling(adapter, frame, recall(params), params)
    engine = find_engine(adapter.estimator)
    target_class = int(params.get("target_class", 1))
    request = Request(
        task=adapter.info.task,
        target_class=target_class if adapter.info.task == "multiclass" else 1,
        method=str(params.get("method", engine.METHODS[0])),
        tolerance=float(params.get("tolerance", TOLERANCE)),
        seed=int(params.get("seed", 0)),
        compare_with=str(params.get("baseline", AUTO)),
        error=float(params.get("error", ERROR)),
    )
    if isinstance(engine, FrameEngine):
        found = _explain_frame(engine, adapter, frame, request)
    else:
        request = replace(request, background=encode_background(adapter, params))
        found = _explain_encoded(engine, adapter, frame, request)
    if adapter.info.task == "binary" and target_class == 0:
        found = found.for_the_other_class()
    return found


def _explain_frame(
    engine: FrameEngine, adapter: Adapter, frame: pd.DataFrame, request: Request
) -> ColumnAttribution:
    """Return attributions of the raw columns, through the steps before the model where it has
    some."""
    inside = adapter.look_inside(frame) if isinstance(adapter, HasInside) else None
    if inside is None:
        return engine.explain_rows(adapter, frame, request)
    found = engine.explain_rows(inside.adapter, inside.frame, request)
    return _sum_to_features(found, inside.owner, adapter)


def _explain_encoded(
    engine: Engine, adapter: Adapter, frame: pd.DataFrame, request: Request
) -> ColumnAttribution:
    """Return attributions of the raw columns, summed from those that the estimator sees."""
    encoded = adapter.encode(frame)
    found = engine.explain(adapter.estimator, encoded.matrix, request)
    return _sum_to_features(found, encoded.owner, adapter)


def _sum_to_features(
    found: ColumnAttribution, owned: NDArray[np.int64], adapter: Adapter
) -> ColumnAttribution:
    owner = np.asarray(owned, dtype=np.intp)
    n_features = len(adapter.info.features)
    values = sum_by_owner(found.values, owner, n_features)
    # Errors of columns that belong together are not independent: at the worst they add up.
    error = None if found.error is None else sum_by_owner(found.error, owner, n_features)
    return replace(found, values=values, error=error)


HANDLERS: Mapping[
    str, Callable[[Adapter, pd.DataFrame, dict[str, Any]], tuple[pa.Table, dict[str, Any]]]
] = {
    "attribute": compute_attribution,
    "choose": choose_method,
    "gap": compute_gap_steps,
    "interactions": compute_interaction_values,
    "loss": compute_losses,
    "remember": remember,
}
