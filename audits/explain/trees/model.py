"""What a fitted tree ensemble answers itself, and which columns its trees split on."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import numpy as np

from audits.core.arrays import FloatArray, IndexArray
from audits.explain.columns import (
    MARGIN,
    PROBABILITY,
    TARGET,
    ColumnAttribution,
    Request,
    choose_column,
)
from audits.models import NativeModel, kind_of
from audits.trees import (
    FORESTS,
    GRADIENT_BOOSTING,
    HISTOGRAM_BOOSTING,
    LIGHTGBM,
    SINGLE_TREES,
    XGBOOST,
)


def find_native(model: NativeModel) -> NativeModel:
    """Return the booster inside LightGBM's and XGBoost's scikit-learn classes."""
    kind = kind_of(model)
    if kind.startswith("lightgbm.LGBM"):
        return model.booster_
    if kind.startswith("xgboost.XGB"):
        return model.get_booster()
    return model


def compute_numeric(model: NativeModel, matrix: FloatArray) -> tuple[FloatArray, IndexArray]:
    """Return the matrix that the trees split on, and where each of its columns ended up.

    scikit-learn's histogram boosting encodes categories itself and moves them to the front.
    """
    if kind_of(model) not in HISTOGRAM_BOOSTING or model._preprocessor is None:
        return matrix, np.arange(matrix.shape[1])
    categorical = model.is_categorical_
    moved = np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)])
    with without_name_warnings():
        return model._preprocess_X(matrix, reset=False), np.argsort(moved)


def predict_output(
    model: NativeModel, matrix: FloatArray, request: Request
) -> tuple[FloatArray, str]:
    """Return the model's own output `[n_rows]` in the space that its trees add up in.

    That is the margin (log-odds; for several classes the unnormalised log-probability) for
    boosting, probability for forests and trees, and the target's own unit for regression, unless
    it has a link (Poisson, gamma): it adds up before the link, not after it.
    """
    with without_name_warnings():
        answer, final = _predict_raw(model, matrix, request.task)
    if final is None:
        return choose_column(answer, request.target_class), PROBABILITY
    on_target = request.task == "regression" and np.allclose(answer, final)
    return choose_column(answer, request.target_class), TARGET if on_target else MARGIN


def _predict_raw(
    model: NativeModel, matrix: FloatArray, task: str
) -> tuple[FloatArray, FloatArray | None]:
    """Return the sum of the trees, and the prediction; None where the sum is a probability."""
    kind = kind_of(model)
    if kind == LIGHTGBM:
        return model.predict(matrix, raw_score=True), model.predict(matrix)
    if kind == XGBOOST:
        data = build_dmatrix(model, matrix)
        return model.predict(data, output_margin=True), model.predict(data)
    if task == "regression":
        final = model.predict(matrix)
        return model._loss.link.link(final) if kind in HISTOGRAM_BOOSTING else final, final
    if kind in (*SINGLE_TREES, *FORESTS):
        return model.predict_proba(matrix), None
    return model.decision_function(matrix), model.predict_proba(matrix)


def build_dmatrix(booster: NativeModel, matrix: FloatArray) -> NativeModel:
    """Return rows in XGBoost's own form, with the columns' names and types of the booster."""
    import xgboost  # noqa: PLC0415 - a second that no other model needs to wait for

    return xgboost.DMatrix(
        matrix,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        enable_categorical=True,
    )


def shap_reads(model: NativeModel) -> bool:
    """Whether shap reads the model's trees rightly: no categories, and one output of boosting."""
    kind = kind_of(model)
    if kind in HISTOGRAM_BOOSTING:
        return model.is_categorical_ is None
    return kind not in GRADIENT_BOOSTING or model.estimators_.shape[1] == 1


def adds_up(found: ColumnAttribution) -> bool:
    """Whether the parts miss the model's output by no more than float32 sums of leaves do.

    A wrong path or a lost tree misses far more.
    """
    spread = float(np.abs(found.output - found.base).max(initial=0.0))
    allowed = 1e-4 * spread + 1e-6 * float(np.abs(found.output).max(initial=1.0))
    return found.additivity_error <= allowed


@contextlib.contextmanager
def without_name_warnings() -> Iterator[None]:
    """Let scikit-learn take matrices without a warning that its columns had names."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        yield
