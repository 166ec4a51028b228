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
from audits.models.adapters.adapter import NativeModel
from audits.models.composite.file import Part
from audits.models.files.skops_types import ALLOWED

BOOSTERS = ("xgboost", "lightgbm", "catboost")
_SCIKIT_LEARN_CLASSES = {
    "xgboost": ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"),
    "lightgbm": ("LGBMClassifier", "LGBMRegressor"),
    "catboost": ("CatBoostClassifier", "CatBoostRegressor", "CatBoost"),
}
_NATIVE_CLASSES = ("xgboost.Booster", "lightgbm.Booster")
_AROUND = ("sklearn", "imblearn", "joblib", "pandas")

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
    return pickle.loads(stream.getvalue(), buffers=buffers)


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

    def reducer_override(self, obj: NativeModel) -> NativeModel:
        """Return what takes the place of an object; NotImplemented keeps it."""
        if library_of(obj) in BOOSTERS and self._parts is not None and is_booster(obj):
            return self._reduce_booster(obj, self._parts)
        found = _reduce_around(obj) if library_of(obj) in _AROUND else None
        return NotImplemented if found is None else found

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


def _reduce_around(obj: NativeModel) -> Reduced | None:
    """Return what takes the place of what scikit-learn and its kin keep around what predicts."""
    for applies, replaced in _RULES:
        if applies(obj):
            return replaced(obj)
    return None


def _is_search(obj: NativeModel) -> bool:
    from sklearn.model_selection._search import BaseSearchCV  # noqa: PLC0415

    return isinstance(obj, BaseSearchCV) and hasattr(obj, "cv_results_")


def _take_best(obj: NativeModel) -> Reduced:
    check_refit(obj)
    return _itself, (obj.best_estimator_,)


def check_refit(obj: NativeModel) -> None:
    """Raise InputError where a search was run without fitting its best model."""
    if hasattr(obj, "cv_results_") and not (
        hasattr(obj, "best_estimator_") or hasattr(obj, "support_")
    ):
        raise InputError(
            f"this {type(obj).__name__} was run with refit=False, so that it has no model: fit one "
            "with its best_params_, and save that"
        )


def _is_tuned(obj: NativeModel) -> bool:
    from sklearn.model_selection import TunedThresholdClassifierCV  # noqa: PLC0415

    return isinstance(obj, TunedThresholdClassifierCV) and hasattr(obj, "best_threshold_")


def _take_tuned(obj: NativeModel) -> Reduced:
    positive = obj._curve_scorer._get_pos_label()
    names = ("feature_names_in_", "n_features_in_")
    inputs = {name: getattr(obj, name) for name in names if hasattr(obj, name)}
    fixed = (obj.estimator_, obj.best_threshold_, obj.response_method, positive, inputs)
    return _fix_threshold, fixed


def _take_steps(obj: NativeModel) -> Reduced:
    return _make_pipeline, ([step for step in obj.steps if not hasattr(step[1], "fit_resample")],)


def _is_of_training(obj: NativeModel) -> bool:
    """Scorers, splits and caches: nothing of them is asked when a model predicts."""
    from sklearn.metrics._scorer import _BaseScorer  # noqa: PLC0415
    from sklearn.model_selection import BaseCrossValidator  # noqa: PLC0415
    from sklearn.model_selection._split import _RepeatedSplits  # noqa: PLC0415

    if isinstance(obj, (BaseCrossValidator, _RepeatedSplits)):
        return f"{type(obj).__module__}.{type(obj).__qualname__}" not in ALLOWED
    is_cache = library_of(obj) == "joblib" and type(obj).__name__ == "Memory"
    return isinstance(obj, _BaseScorer) or is_cache


_RULES: tuple[tuple[Callable[[NativeModel], bool], Callable[[NativeModel], Reduced]], ...] = (
    (_is_search, _take_best),
    (_is_tuned, _take_tuned),
    (lambda obj: library_of(obj) == "imblearn" and hasattr(obj, "steps"), _take_steps),
    # How columns are named where they were chosen from a frame.
    (lambda obj: isinstance(obj, pd.Index), lambda obj: (list, (obj.tolist(),))),
    (_is_of_training, lambda _: (_nothing, ())),
)


def _itself(model: NativeModel) -> NativeModel:
    return model


def _nothing() -> None:
    return None


def _make_pipeline(steps: list[tuple[str, NativeModel]]) -> NativeModel:
    from sklearn.pipeline import Pipeline  # noqa: PLC0415

    return Pipeline(steps)


def _fix_threshold(
    estimator: NativeModel,
    threshold: float,
    response_method: str,
    positive: object,
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


def is_booster(obj: NativeModel) -> bool:
    """Whether an object of XGBoost, LightGBM or CatBoost is a model that can be taken out."""
    return is_native(obj) or type(obj).__name__ in _SCIKIT_LEARN_CLASSES[library_of(obj)]


def _save_booster(obj: NativeModel) -> bytes | None:
    """Return a booster as a file of its library's own format holds it, None where not fitted."""
    library = library_of(obj)
    if library == "catboost":
        return _save_catboost(obj) if obj.is_fitted() else None
    if not is_native(obj) and not obj.__sklearn_is_fitted__():
        return None
    if library == "lightgbm":
        return str(take_native(obj).model_to_string()).encode()
    return bytes(take_native(obj).save_raw("ubj"))


def is_native(obj: NativeModel) -> bool:
    """Whether it is a library's own Booster, not its class for scikit-learn."""
    return f"{library_of(obj)}.{type(obj).__name__}" in _NATIVE_CLASSES


def take_native(obj: NativeModel) -> NativeModel:
    """Return the Booster of XGBoost or LightGBM inside a fitted class for scikit-learn."""
    if is_native(obj):
        return obj
    return obj.booster_ if library_of(obj) == "lightgbm" else obj.get_booster()


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
