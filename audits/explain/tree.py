"""Exact Shapley values of tree ensembles, path-dependent: the absent features' splits are
followed both ways, in proportion to the training rows (Lundberg et al. 2020, "From local
explanations to global understanding with explainable AI for trees", algorithm 2)."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import treelite
from numpy.typing import NDArray

from audits.core.attribution import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import (
    MARGIN,
    PROBABILITY,
    TARGET,
    ColumnAttribution,
    Native,
    Request,
    choose_column,
    kind_of,
)
from audits.explain.forest import (
    FORESTS,
    GRADIENT_BOOSTING,
    HISTOGRAM_BOOSTING,
    LIGHTGBM,
    SINGLE_TREES,
    XGBOOST,
    load_forest,
)
from audits.explain.methods import TREE_SHAP
from audits.explain.woodelf_engine import compute_forest_shap

METHODS = (TREE_SHAP,)

FEW_ROWS = 1_000
"""Below so many rows the libraries' own engines are faster: woodelf takes seconds to set up."""

Shares = tuple[FloatArray, FloatArray]
"""Values `[n_rows, n_columns]` and base `[n_rows]`."""
Engine = Callable[[Native, FloatArray, int], Shares]


def explain(estimator: Native, matrix: FloatArray, request: Request) -> ColumnAttribution:
    """Explain a fitted tree ensemble's output for one class, exactly.

    matrix: float64 `[n_rows, n_columns]` as the model takes it, NaN where missing, the codes of
    categories where it splits by category.

    The space is the margin (log-odds; for several classes the unnormalised log-probability) for
    boosting, probability for forests and trees, and the target's own unit for regression.
    Engines are tried from the fastest; an answer counts only if it adds up to what the model
    itself answers, row by row. `method` names the engine that did.
    Raises CheckNotApplicableError where none does.
    """
    model = _native(estimator)
    matrix = np.asarray(matrix, dtype=np.float64)
    numeric, order = _numeric(model, matrix)
    output, space = _predict_output(model, matrix, request)
    gaps = []
    for name, engine in _engines(model, len(matrix)):
        try:
            values, base = engine(model, numeric, request.target_class)
        except (ValueError, NotImplementedError, treelite.TreeliteError):
            continue
        found = ColumnAttribution(
            values[:, order], base, output, space, method=f"{TREE_SHAP}:{name}", exact=True
        )
        if found.additivity_error <= _tolerance(found):
            return found
        gaps.append(found.additivity_error)
    near = f": the nearest misses the model's own output by {min(gaps):.3g}" if gaps else ""
    raise CheckNotApplicableError(
        f"no engine explains this {type(model).__name__} exactly (unusual leaves or boosting){near}"
    )


def _tolerance(found: ColumnAttribution) -> float:
    """Return what float32 sums of leaves may miss; a wrong path or a lost tree misses far more."""
    spread = float(np.abs(found.output - found.base).max(initial=0.0))
    return 1e-4 * spread + 1e-6 * float(np.abs(found.output).max(initial=1.0))


def _native(model: Native) -> Native:
    """Return the booster inside LightGBM's and XGBoost's scikit-learn classes."""
    kind = kind_of(model)
    if kind.startswith("lightgbm.LGBM"):
        return model.booster_
    if kind.startswith("xgboost.XGB"):
        return model.get_booster()
    return model


def _numeric(model: Native, matrix: FloatArray) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return the matrix that the trees split on, and where each of its columns ended up.

    scikit-learn's histogram boosting encodes categories itself and moves them to the front.
    """
    if kind_of(model) not in HISTOGRAM_BOOSTING or model._preprocessor is None:
        return matrix, np.arange(matrix.shape[1])
    categorical = model.is_categorical_
    moved = np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)])
    with _without_name_warnings():
        return model._preprocess_X(matrix, reset=False), np.argsort(moved)


def _predict_output(model: Native, matrix: FloatArray, request: Request) -> tuple[FloatArray, str]:
    """Return the model's own output `[n_rows]` in the space that its trees add up in."""
    with _without_name_warnings():
        answer, final = _predict_raw(model, matrix, request.task)
    if final is None:
        return choose_column(answer, request.target_class), PROBABILITY
    # A regression with a log link (Poisson, gamma) adds up before the link, not after it.
    on_target = request.task == "regression" and np.allclose(answer, final)
    return choose_column(answer, request.target_class), TARGET if on_target else MARGIN


def _predict_raw(
    model: Native, matrix: FloatArray, task: str
) -> tuple[FloatArray, FloatArray | None]:
    """Return the sum of the trees, and the prediction; None where the sum is a probability."""
    kind = kind_of(model)
    if kind == LIGHTGBM:
        return model.predict(matrix, raw_score=True), model.predict(matrix)
    if kind == XGBOOST:
        data = _dmatrix(model, matrix)
        return model.predict(data, output_margin=True), model.predict(data)
    if task == "regression":
        final = model.predict(matrix)
        return model._loss.link.link(final) if kind in HISTOGRAM_BOOSTING else final, final
    if kind in (*SINGLE_TREES, *FORESTS):
        return model.predict_proba(matrix), None
    return model.decision_function(matrix), model.predict_proba(matrix)


@contextlib.contextmanager
def _without_name_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        yield


def _engines(model: Native, n_rows: int) -> list[tuple[str, Engine]]:
    """Return the engines that can read this model, the fastest for so many rows first."""
    engines: list[tuple[str, Engine]] = [("woodelf", _by_woodelf)]
    if kind_of(model) == LIGHTGBM:
        engines.append(("lightgbm", _by_lightgbm))
    elif kind_of(model) == XGBOOST:
        engines.append(("xgboost", _by_xgboost))
    elif _shap_reads(model):
        engines.append(("shap", _by_shap))
    return engines[::-1] if n_rows < FEW_ROWS else engines


def _shap_reads(model: Native) -> bool:
    """Whether shap explains the model rightly: it takes no categories, and not every booster."""
    kind = kind_of(model)
    if kind in HISTOGRAM_BOOSTING:
        return model.is_categorical_ is None
    if kind in GRADIENT_BOOSTING:
        return model.estimators_.shape[1] == 1 and type(model.init_).__name__.startswith("Dummy")
    return True


def _by_woodelf(model: Native, matrix: FloatArray, target_class: int) -> Shares:
    forest = load_forest(model, target_class)
    values = compute_forest_shap(forest, matrix)
    return values, np.full(len(matrix), forest.compute_base())


def _by_lightgbm(model: Native, matrix: FloatArray, target_class: int) -> Shares:
    shares = np.asarray(model.predict(matrix, pred_contrib=True), dtype=np.float64)
    width = matrix.shape[1] + 1
    first = target_class * width if shares.shape[1] > width else 0
    return shares[:, first : first + width - 1], shares[:, first + width - 1]


def _by_xgboost(model: Native, matrix: FloatArray, target_class: int) -> Shares:
    answer = model.predict(_dmatrix(model, matrix), pred_contribs=True)
    shares = np.asarray(answer, dtype=np.float64)
    if shares.ndim == 3:
        shares = shares[:, target_class, :]
    return shares[:, :-1], shares[:, -1]


def _dmatrix(booster: Native, matrix: FloatArray) -> Native:
    import xgboost  # noqa: PLC0415 - a second that no other model needs to wait for

    return xgboost.DMatrix(
        matrix,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        enable_categorical=True,
    )


def _by_shap(model: Native, matrix: FloatArray, target_class: int) -> Shares:
    import shap  # noqa: PLC0415 - seconds to import, and seldom needed

    with contextlib.redirect_stdout(io.StringIO()), _without_name_warnings():
        explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
        values = np.asarray(explainer.shap_values(matrix, check_additivity=False))
    base = np.ravel(explainer.expected_value)
    if values.ndim == 3:
        values = values[:, :, target_class]
    return values, np.full(len(matrix), base[target_class if len(base) > 1 else 0])
