"""What a person's own fitted object answers, asked as its library wants to be asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.core.errors import InputError
from audits.models.adapters.adapter import NativeModel, with_complement
from audits.models.conversion.unwrap import BOOSTERS, is_native, library_of, take_native
from audits.models.formats.skops import compute_answers


def find_inputs(model: NativeModel) -> tuple[list[str] | None, int]:
    """Return the names of a fitted model's columns (None where it has none), and how many.

    Raises InputError where it is not fitted.
    """
    names = _find_names(model)
    if names is not None:
        return names, len(names)
    for attribute in ("n_features_in_", "n_features_"):
        try:
            return None, int(getattr(model, attribute))
        except (AttributeError, TypeError):
            continue
    if hasattr(model, "num_feature") or hasattr(model, "num_features"):
        return None, int((getattr(model, "num_feature", None) or model.num_features)())
    raise InputError(f"the {type(model).__name__} is not fitted; fit it, then save it again")


def _find_names(model: NativeModel) -> list[str] | None:
    found = getattr(model, "feature_names_in_", None)
    if library_of(model) in BOOSTERS:
        found = _ask_booster(model)
    return None if found is None else [str(name) for name in found]


def _ask_booster(model: NativeModel) -> list[str] | None:
    """Return a booster's own names, which stand in its own format; None where there are none."""
    if library_of(model) == "catboost":
        return list(model.feature_names_ or ()) or None
    if not is_native(model) and not model.__sklearn_is_fitted__():
        return None
    booster = take_native(model)
    names = booster.feature_names if hasattr(booster, "save_raw") else booster.feature_name()
    return list(names or ()) or None


def answer(model: NativeModel, frame: pd.DataFrame) -> FloatArray:
    """Return `[n, k]` probabilities or scores of classes, `[n]` of a regressor, `frame` in the
    columns' order."""
    if library_of(model) not in BOOSTERS:
        return _try_types(lambda rows: compute_answers(model, rows), _as_fitted(model, frame))
    if is_native(model):
        return _try_types(lambda rows: _ask_native(model, rows), frame)
    return _try_types(lambda rows: compute_answers(model, rows), frame)


def _as_fitted(model: NativeModel, frame: pd.DataFrame) -> NativeModel:
    return frame if hasattr(model, "feature_names_in_") else frame.to_numpy()


def _try_types(ask: Callable[[NativeModel], FloatArray], rows: NativeModel) -> FloatArray:
    """Ask with texts as they are, and where that is refused with pandas' categories, as LightGBM
    and XGBoost were trained on."""
    try:
        return ask(rows)
    except (ValueError, TypeError):
        if not isinstance(rows, pd.DataFrame):
            raise
        texts = [name for name in rows.columns if rows[name].dtype.kind not in "fiub"]
        if not texts:
            raise
        return ask(rows.astype(dict.fromkeys(texts, "category")))


def _ask_native(model: NativeModel, rows: pd.DataFrame) -> FloatArray:
    """Return the answers of a library's own Booster, which has no classes."""
    if library_of(model) == "xgboost":
        import xgboost  # noqa: PLC0415

        data = xgboost.DMatrix(rows, enable_categorical=True)
        data.feature_names = model.feature_names
        best = model.attributes().get("best_iteration")
        until = (0, 0) if best is None else (0, int(best) + 1)
        scores = np.asarray(model.predict(data, iteration_range=until), dtype=np.float64)
        is_binary = '"binary:' in model.save_config()
    else:
        scores = np.asarray(model.predict(rows), dtype=np.float64)
        is_binary = "objective=binary" in model.model_to_string(num_iteration=1)
    return with_complement(scores) if is_binary and scores.ndim == 1 else scores
