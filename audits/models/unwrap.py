"""What of a fitted model predicts: without searches, samplers, scorers and splits, and with its
boosters taken out in their libraries' own formats.

The model is copied by pickling it in memory, for that walks every attribute of every library's
objects once; what need not stay is replaced on the way. Only `assay convert` does this, with a
model that its owner opened.
"""

from __future__ import annotations

import io
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from audits.core.errors import InputError
from audits.models.adapter import NativeModel
from audits.models.composite_file import Part
from audits.models.skops_types import ALLOWED

BOOSTERS = ("xgboost", "lightgbm", "catboost")
_SCIKIT_LEARN_CLASSES = {
    "xgboost": ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"),
    "lightgbm": ("LGBMClassifier", "LGBMRegressor"),
    "catboost": ("CatBoostClassifier", "CatBoostRegressor", "CatBoost"),
}
_NATIVE_CLASSES = ("xgboost.Booster", "lightgbm.Booster")

Reduced = tuple[Callable[..., Any], tuple[Any, ...]]


def unwrap(model: NativeModel, parts: list[Part] | None) -> NativeModel:
    """Return a copy of what predicts. parts: takes the boosters; None leaves them where they are.

    Raises InputError where something in the model cannot be copied, or predicts nothing.
    """
    stream = io.BytesIO()
    buffers: list[pickle.PickleBuffer] = []
    pickler = _Unwrapper(stream, parts, buffers.append)
    try:
        pickler.dump(model)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InputError(
            f"this {type(model).__name__} holds something that cannot be copied ({error}); run "
            "`assay host` on it instead"
        ) from error
    return pickle.loads(stream.getvalue(), buffers=buffers)  # noqa: S301 - made a line ago


def library_of(model: object) -> str:
    """Return the name of the library that an object's class comes from."""
    return type(model).__module__.partition(".")[0]


class _Unwrapper(pickle.Pickler):
    def __init__(
        self,
        stream: io.BytesIO,
        parts: list[Part] | None,
        keep: Callable[[pickle.PickleBuffer], Any],
    ) -> None:
        super().__init__(stream, protocol=5, buffer_callback=keep)
        self._parts = parts
        self._places: dict[int, int] = {}

    def reducer_override(self, obj: Any) -> Any:
        """Return what takes the place of an object; NotImplemented keeps it."""
        if library_of(obj) in BOOSTERS and self._parts is not None and _is_booster(obj):
            return self._reduce_booster(obj, self._parts)
        if library_of(obj) in ("sklearn", "imblearn", "joblib", "pandas"):
            return _reduce_around(obj)
        return NotImplemented

    def _reduce_booster(self, obj: NativeModel, parts: list[Part]) -> Reduced:
        from audits.models.booster_part import PartState, make_part  # noqa: PLC0415

        missing = getattr(obj, "missing", None)
        content = _save_booster(obj)
        number = None
        if content is not None:
            # One booster may stand in several places, under one number.
            number = self._places.setdefault(id(obj), len(parts))
            if number == len(parts):
                parts.append(Part(library_of(obj), content))
        state = PartState(
            number=number,
            missing=float("nan") if missing is None else float(missing),
            classes=_read_classes(obj, fitted=content is not None),
            has_margins=hasattr(obj, "decision_function"),
        )
        return make_part, (state,)


def _reduce_around(obj: NativeModel) -> Any:
    """Replace what scikit-learn and its kin keep around what predicts."""
    from sklearn.metrics._scorer import _BaseScorer  # noqa: PLC0415
    from sklearn.model_selection import (  # noqa: PLC0415
        BaseCrossValidator,
        TunedThresholdClassifierCV,
    )
    from sklearn.model_selection._search import BaseSearchCV  # noqa: PLC0415
    from sklearn.model_selection._split import _RepeatedSplits  # noqa: PLC0415

    if isinstance(obj, BaseSearchCV) and hasattr(obj, "cv_results_"):
        if not hasattr(obj, "best_estimator_"):
            raise InputError(
                f"this {type(obj).__name__} was run with refit=False, so that it has no model: "
                "fit one with its best_params_, and save that"
            )
        return _itself, (obj.best_estimator_,)
    if isinstance(obj, TunedThresholdClassifierCV) and hasattr(obj, "best_threshold_"):
        return _fix_threshold, (obj.estimator_, obj.best_threshold_, obj.response_method,
                                obj._curve_scorer._get_pos_label(), _read_inputs(obj))  # fmt: skip
    if library_of(obj) == "imblearn" and hasattr(obj, "steps"):
        kept = [step for step in obj.steps if not hasattr(step[1], "fit_resample")]
        return _make_pipeline, (kept,)
    if isinstance(obj, pd.Index):  # how columns are named where they were chosen from a frame
        return list, (obj.tolist(),)
    is_split = isinstance(obj, (BaseCrossValidator, _RepeatedSplits))
    reviewed = f"{type(obj).__module__}.{type(obj).__qualname__}" in ALLOWED
    if isinstance(obj, _BaseScorer) or (is_split and not reviewed):
        return _nothing, ()
    if type(obj).__name__ == "Memory" and library_of(obj) == "joblib":
        return _nothing, ()
    return NotImplemented


def _itself(model: NativeModel) -> NativeModel:
    return model


def _nothing() -> None:
    return None


def _make_pipeline(steps: list[tuple[str, NativeModel]]) -> NativeModel:
    from sklearn.pipeline import Pipeline  # noqa: PLC0415

    return Pipeline(steps)


def _fix_threshold(
    estimator: NativeModel, threshold: float, response_method: str, positive: object,
    inputs: dict[str, Any],
) -> NativeModel:
    """Return what decides by a fixed threshold as a tuned one did: its tuning needs its scorer."""
    from sklearn.model_selection import FixedThresholdClassifier  # noqa: PLC0415

    fixed = FixedThresholdClassifier(
        estimator, threshold=float(threshold), pos_label=positive, response_method=response_method
    )
    fixed.estimator_ = estimator
    for name, value in inputs.items():
        setattr(fixed, name, value)
    return fixed


def _read_inputs(obj: NativeModel) -> dict[str, Any]:
    names = ("feature_names_in_", "n_features_in_")
    return {name: getattr(obj, name) for name in names if hasattr(obj, name)}


def _is_booster(obj: NativeModel) -> bool:
    kind = f"{library_of(obj)}.{type(obj).__name__}"
    named = _SCIKIT_LEARN_CLASSES[library_of(obj)]
    return kind in _NATIVE_CLASSES or type(obj).__name__ in named


def _save_booster(obj: NativeModel) -> bytes | None:
    """Return a booster as a file of its library's own format holds it, None where not fitted."""
    library = library_of(obj)
    if library == "catboost":
        return _save_catboost(obj) if obj.is_fitted() else None
    if library == "lightgbm":
        if not hasattr(obj, "model_to_string") and not obj.__sklearn_is_fitted__():
            return None
        booster = obj if hasattr(obj, "model_to_string") else obj.booster_
        return str(booster.model_to_string()).encode()
    if not hasattr(obj, "save_raw") and not obj.__sklearn_is_fitted__():
        return None
    booster = obj if hasattr(obj, "save_raw") else obj.get_booster()
    return bytes(booster.save_raw("ubj"))


def _save_catboost(obj: NativeModel) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.cbm"
        obj.save_model(str(path), format="cbm")
        return path.read_bytes()


def _read_classes(obj: NativeModel, *, fitted: bool) -> tuple[Any, ...]:
    """Return the classes as Python's own values: () of a regressor, and numbers where unknown."""
    if not fitted:
        return (0, 1) if type(obj).__name__.endswith("Classifier") else ()
    found = getattr(obj, "classes_", None)
    if found is None or not len(found):
        return ()
    return tuple(np.asarray(found).tolist())
