"""Exact Shapley values of tree ensembles: path-dependent, where the splits of absent columns are
followed both ways in proportion to the training rows (Lundberg et al. 2020, "From local
explanations to global understanding with explainable AI for trees", algorithm 2), here;
against reference rows in `tree_interventional`."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable

import numpy as np
import treelite

from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import ColumnAttribution, Request
from audits.explain.methods import INTERVENTIONAL_SHAP, TREE_SHAP
from audits.explain.trees.interventional import explain_against_reference
from audits.explain.trees.model import (
    adds_up,
    build_dmatrix,
    compute_numeric,
    find_native,
    predict_output,
    shap_reads,
    without_name_warnings,
)
from audits.explain.trees.path_dependent import compute_path_shap
from audits.models import NativeModel, find_device, kind_of
from audits.trees import (
    GRADIENT_BOOSTING,
    LIGHTGBM,
    XGBOOST,
    FlatForest,
    flatten_forest,
    load_forest,
)

METHODS = (TREE_SHAP, INTERVENTIONAL_SHAP)

COMPILE_COST = 4e7
"""Rows times nodes below which LightGBM and XGBoost answer by themselves before our own walk is
compiled, which takes about 3 s; they need about 1e-7 s for a row and node."""

Shares = tuple[FloatArray, FloatArray]
"""Values `[n_rows, n_columns]` and base `[n_rows]`."""
Engine = Callable[[NativeModel, FloatArray, int], Shares]


def explain(estimator: NativeModel, matrix: FloatArray, request: Request) -> ColumnAttribution:
    """Explain a fitted tree ensemble's output for one class, exactly.

    matrix: float64 `[n_rows, n_columns]` as the model takes it, NaN where missing, the codes of
    categories where it splits by category. For the space see `tree_model.predict_output`.

    An answer counts only if it adds up to what the model itself answers, row by row; `method`
    names the engine that gave it.
    Raises CheckNotApplicableError where none does.
    """
    model = find_native(estimator)
    matrix = np.asarray(matrix, dtype=np.float64)
    if request.method == INTERVENTIONAL_SHAP:
        return explain_against_reference(model, matrix, request)
    numeric, order = compute_numeric(model, matrix)
    output, space = predict_output(model, matrix, request)
    gaps = []
    for name, engine in _engines(model, len(matrix)):
        try:
            values, base = engine(model, numeric, request.target_class)
        except (ValueError, NotImplementedError, treelite.TreeliteError):
            continue
        found = ColumnAttribution(
            values[:, order],
            base,
            output,
            space,
            method=f"{TREE_SHAP}:{name}",
            exact=True,
            device=find_device(model) if name == "xgboost" else "cpu",
        )
        if adds_up(found):
            return found
        gaps.append(found.additivity_error)
    near = f": the nearest misses the model's own output by {min(gaps):.3g}" if gaps else ""
    raise CheckNotApplicableError(
        f"no engine explains this {type(model).__name__} exactly (unusual leaves or boosting){near}"
    )


def _engines(model: NativeModel, n_rows: int) -> list[tuple[str, Engine]]:
    """Return the engines that can read this model, the fastest for so many rows first."""
    engines: list[tuple[str, Engine]] = [("linear_tree_shap", _by_own_walk)]
    if kind_of(model) == LIGHTGBM:
        engines.append(("lightgbm", _by_lightgbm))
    elif kind_of(model) == XGBOOST:
        engines.append(("xgboost", _by_xgboost))
        if find_device(model) != "cpu":  # the GPU outruns every core
            return engines[::-1]
    elif shap_reads(model) and _starts_at_a_constant(model):
        return [*engines, ("shap", _by_shap)]
    return engines[::-1] if n_rows * _count_nodes(model) < COMPILE_COST else engines


def _count_nodes(model: NativeModel) -> int:
    """Return about how many nodes a booster has, without reading its trees."""
    if kind_of(model) == LIGHTGBM:
        return int(model.num_trees()) * 62  # 31 leaves unless told otherwise
    if kind_of(model) == XGBOOST:
        return int(model.num_boosted_rounds()) * 127  # depth 6 unless told otherwise
    return 0


def _starts_at_a_constant(model: NativeModel) -> bool:
    """Whether boosting's first guess is the same for all rows, which shap takes for granted."""
    return kind_of(model) not in GRADIENT_BOOSTING or type(model.init_).__name__.startswith("Dummy")


_LAST: list[tuple[NativeModel, int, FlatForest | None, float]] = []
"""The trees read last: a worker explains one model, chunk after chunk."""


def _by_own_walk(model: NativeModel, matrix: FloatArray, target_class: int) -> Shares:
    if not _LAST or _LAST[0][0] is not model or _LAST[0][1] != target_class:
        forest = load_forest(model, target_class)
        _LAST[:] = [(model, target_class, flatten_forest(forest), forest.compute_base())]
    _, _, flat, base = _LAST[0]
    return compute_path_shap(flat, matrix), np.full(len(matrix), base)


def _by_lightgbm(model: NativeModel, matrix: FloatArray, target_class: int) -> Shares:
    shares = np.asarray(model.predict(matrix, pred_contrib=True), dtype=np.float64)
    width = matrix.shape[1] + 1
    first = target_class * width if shares.shape[1] > width else 0
    return shares[:, first : first + width - 1], shares[:, first + width - 1]


def _by_xgboost(model: NativeModel, matrix: FloatArray, target_class: int) -> Shares:
    answer = model.predict(build_dmatrix(model, matrix), pred_contribs=True)
    shares = np.asarray(answer, dtype=np.float64)
    if shares.ndim == 3:
        shares = shares[:, target_class, :]
    return shares[:, :-1], shares[:, -1]


def _by_shap(model: NativeModel, matrix: FloatArray, target_class: int) -> Shares:
    import shap  # noqa: PLC0415 - seconds to import, and seldom needed

    with contextlib.redirect_stdout(io.StringIO()), without_name_warnings():
        explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
        values = np.asarray(explainer.shap_values(matrix, check_additivity=False))
    base = np.ravel(explainer.expected_value)
    if values.ndim == 3:
        values = values[:, :, target_class]
    return values, np.full(len(matrix), base[target_class if len(base) > 1 else 0])
