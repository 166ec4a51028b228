"""scikit-learn models and pipelines as skops files."""

from __future__ import annotations

import copy
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import InputError, one_of
from audits.models.adapters.adapter import (
    Encoded,
    Format,
    ModelInfo,
    NativeModel,
    Output,
    Task,
    numbered_features,
)
from audits.models.adapters.class_scores import compute_class_scores
from audits.models.adapters.columns import compute_matrix, select_features
from audits.models.adapters.encoded_columns import compute_owner
from audits.models.adapters.own_rule import find_rule
from audits.models.adapters.text_codes import read_codes
from audits.models.files.skops_file import load_estimator

_NO_NUMBER = re.compile(r"could not convert string to float: (?:np\.str_\()?'(.*?)'")
_THRESHOLDS = ("FixedThresholdClassifier", "TunedThresholdClassifierCV")
_UNKNOWN = re.compile(r"Found unknown categories (\[.*?\])", re.DOTALL)


class SkopsAdapter:
    """A fitted scikit-learn model; `estimator` is the last step of its pipeline, `model` all."""

    def __init__(self, model: NativeModel, name: str, format_name: str = "skops") -> None:
        if hasattr(model, "best_estimator_"):  # a finished parameter search
            model = model.best_estimator_
        self.model = model
        self._named = hasattr(self.model, "feature_names_in_")
        self.info = _describe(self.model, name, format_name)
        self._none_columns = _find_none_columns(self.model, self.info.features)
        self._codes = read_codes(self.model, self.info.features)
        self._before, last = _take_apart(self.model)
        self._inner: NativeModel = getattr(last, "_preprocessor", None)
        self.estimator = last if self._inner is None else _without_encoder(last)

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]`, or `[n]` values for regression."""
        answers: FloatArray = self._ask(lambda data: compute_answers(self.model, data), frame)
        return answers

    def decide(self, frame: pd.DataFrame) -> IntArray:
        """Return the places of the decided classes in `info.classes`, `[n]`: the own `predict`."""
        decided = np.asarray(self._ask(self.model.predict, frame))
        places = {value: place for place, value in enumerate(self.model.classes_.tolist())}
        return np.array([places[value] for value in decided.tolist()], dtype=np.int64)

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return what the last step sees, each column owned by the raw column behind it."""
        if not self._before and self._inner is None:
            chosen = select_features(frame, self.info.features)
            identity = np.arange(len(self.info.features))
            return Encoded(compute_matrix(chosen, self.info.features, {}), identity)
        matrix = self.transform(frame)
        if hasattr(matrix, "toarray"):
            matrix = matrix.toarray()
        numbers = np.asarray(matrix, dtype=np.float64)
        return Encoded(numbers, self.compute_owner(numbers.shape[1]))

    def transform(self, frame: pd.DataFrame) -> NativeModel:
        """Return what the last step's trees or formula see, as the steps before it make it."""
        return self._ask(self._transform, frame)

    def compute_owner(self, width: int) -> IntArray:
        """Return the raw column behind each of the `width` columns that `transform` makes.

        Raises CheckNotApplicableError where one mixes several raw columns.
        """
        owner = np.arange(len(self.info.features))
        for index, step in enumerate(self._before):
            last = index == len(self._before) - 1
            made = width if last else int(self._before[index + 1].n_features_in_)
            owner = compute_owner(step, owner, made)
        if self._inner is not None:
            owner = owner[find_moved_columns(self.estimator)]
        return owner

    def _transform(self, data: NativeModel) -> NativeModel:
        for step in (*self._before, self._inner):
            if step is not None:
                data = step.transform(data)
        return data

    def predict_encoded(self, matrix: FloatArray) -> FloatArray:
        """Return what `predict` answers for the rows behind `matrix`."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="X does not have valid feature names")
            return compute_answers(self.estimator, matrix)

    def _ask(self, method: Callable[[object], NativeModel], frame: pd.DataFrame) -> NativeModel:
        chosen = select_features(frame, self.info.features)
        data: object = self._convert(chosen)
        try:
            return method(data)
        except (ValueError, TypeError) as error:
            raise InputError(_explain(str(error), chosen)) from error

    def prepare(self, frame: pd.DataFrame) -> pd.DataFrame | FloatArray:
        """Return the features of `frame` in the types that the model was fitted on."""
        return self._convert(select_features(frame, self.info.features))

    def _convert(self, chosen: pd.DataFrame) -> pd.DataFrame | FloatArray:
        if not self._named:
            return compute_matrix(chosen, self.info.features, {})
        plain = {
            name: _as_plain(
                self._codes[str(name)].match(column) if name in self._codes else column,
                None if name in self._none_columns else np.nan,
            )
            for name, column in chosen.items()
        }
        return pd.DataFrame(plain, columns=list(self.info.features))


def compute_answers(model: NativeModel, data: object) -> FloatArray:
    """Return `[n, k]` probabilities or, of a classifier without, scores; `[n]` of a regressor."""
    from sklearn.base import is_classifier  # noqa: PLC0415

    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(data), dtype=np.float64)
    if is_classifier(model):
        return compute_class_scores(model, data)
    return np.asarray(model.predict(data), dtype=np.float64)


def _take_apart(model: NativeModel) -> tuple[list[NativeModel], NativeModel]:
    """Return the steps before the last, and the last: through pipelines in pipelines, and through
    what only moves a classifier's threshold."""
    before: list[NativeModel] = []
    while True:
        if hasattr(model, "steps"):
            if len(model.steps) > 1:
                before.append(model[:-1])
            model = model.steps[-1][1]
        elif type(model).__name__ in _THRESHOLDS and hasattr(model, "estimator_"):
            model = model.estimator_
        else:
            return before, model


def _without_encoder(estimator: NativeModel) -> NativeModel:
    """Return histogram boosting that takes what its own encoder of categories makes."""
    plain = copy.copy(estimator)
    plain._preprocessor = None
    plain.__dict__.pop("feature_names_in_", None)
    return plain


def find_moved_columns(estimator: NativeModel) -> IntArray:
    """Return which input column each column of histogram boosting's own encoder comes from:
    categories stand first."""
    categorical = np.asarray(estimator.is_categorical_, dtype=np.bool_)
    return np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)])


def _as_plain(column: pd.Series, missing: float | None) -> pd.Series:
    """Return texts as Python strings with the missing value that the pipeline was fitted on."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiubmM":
        return column
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if pd.api.types.is_bool_dtype(column) and not column.hasnans:
        return column.astype(bool)
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(column.to_numpy(np.float64, na_value=np.nan), index=column.index)
    values = column.astype(object)
    return values.where(values.notna(), missing)


def _describe(model: NativeModel, name: str, format_name: str) -> ModelInfo:
    from sklearn.base import is_classifier, is_regressor  # noqa: PLC0415

    kind = type(model).__name__
    if not hasattr(model, "n_features_in_"):
        raise InputError(f"{name} holds a {kind} that is not a fitted model; fit it, then save it")
    names = getattr(model, "feature_names_in_", None)
    features = numbered_features(model.n_features_in_) if names is None else tuple(map(str, names))
    if is_regressor(model):
        return ModelInfo(format_name, "regression", (), features)
    if not is_classifier(model):
        raise InputError(f"{name} holds a {kind}, which is neither a classifier nor a regressor")
    if isinstance(model.classes_, list):
        raise InputError(f"{name} predicts {len(model.classes_)} targets; give a model of one")
    classes = tuple(str(item) for item in model.classes_)
    if len(classes) < 2:
        raise InputError(f"{name} was fitted on one class only, {one_of(classes)}")
    task: Task = "binary" if len(classes) == 2 else "multiclass"
    output: Output = "probability" if hasattr(model, "predict_proba") else "score"
    rule, stated = find_rule(model)
    return ModelInfo(format_name, task, classes, features, output=output, rule=rule, stated=stated)


def _find_none_columns(model: NativeModel, features: tuple[str, ...]) -> frozenset[str]:
    """Return the columns whose first transformer was fitted on None as the missing value."""
    first = model.steps[0][1] if hasattr(model, "steps") else model
    parts = getattr(first, "transformers_", None) or [("", first, list(features))]
    found = set()
    for _, step, columns in parts:
        encoder = step.steps[0][1] if hasattr(step, "steps") else step
        names = list(columns) if isinstance(columns, list) else []
        for index, column in enumerate(names):
            name = features[column] if isinstance(column, int) else column
            if getattr(encoder, "missing_values", np.nan) is None:
                found.add(name)
            categories = getattr(encoder, "categories_", None)
            if categories is not None and any(item is None for item in categories[index]):
                found.add(name)
    return frozenset(found)


def _explain(message: str, frame: pd.DataFrame) -> str:
    """Return a message for people from what scikit-learn says of data it cannot take."""
    text = _NO_NUMBER.search(message)
    if text is not None:
        value = text.group(1)
        for name, column in frame.items():
            if column.dtype.kind == "O" and (column.astype(str) == value).any():
                return (
                    f"column {name!r} holds the text {value!r}, but the model reads it as a "
                    "number; if it stands for a missing value, name it under [data] missing"
                )
    unknown = _UNKNOWN.search(message)
    if unknown is not None:
        return (
            f"the data holds the categories {unknown.group(1)[:200]}, which the model never saw "
            "and refuses; merge them into known ones, or fit it with handle_unknown='ignore'"
        )
    if "NaN" in message:
        empty = [str(name) for name in frame.columns[frame.isna().any()]]
        return (
            f"the data has missing values in {one_of(empty)}, and this model takes none; add a "
            "SimpleImputer to its pipeline, or leave those rows out"
        )
    return f"the model cannot read this data: {message.splitlines()[0][:300]}"


def _recognises(path: Path, head: bytes) -> bool:
    if not head.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "schema.json" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return path.suffix.lower() == ".skops"


def load(path: Path, device: str) -> SkopsAdapter:
    """Open a skops file. Raises InputError where it is damaged, refused or not a model."""
    return SkopsAdapter(load_estimator(path), path.name)


FORMAT = Format("skops", (".skops",), _recognises, load)
