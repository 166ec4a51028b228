"""LightGBM text models, with the pandas categories that the file carries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.core.errors import InputError
from audits.models.adapters.adapter import (
    Encoded,
    Format,
    ModelInfo,
    NativeModel,
    Task,
    numbered_classes,
    with_complement,
)
from audits.models.adapters.columns import Categories, compute_matrix, select_features
from audits.models.files.lightgbm_text import check_trees, read_categories, read_header

_REGRESSION = {
    "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma",
    "tweedie", "cross_entropy_lambda",
}  # fmt: skip
_BINARY = {"binary", "cross_entropy"}
_MULTICLASS = {"multiclass", "multiclassova"}


class LightGBMAdapter:
    """A LightGBM Booster. Class probabilities, or the target, as `Booster.predict` gives them."""

    def __init__(
        self, booster: NativeModel, info: ModelInfo, categories: dict[str, Categories]
    ) -> None:
        self.estimator = booster
        self.info = info
        self._categories = categories

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]`, or `[n]` values for regression."""
        return self.predict_encoded(self.encode(frame).matrix)

    def predict_encoded(self, matrix: FloatArray) -> FloatArray:
        """Return what `predict` answers for the rows behind `matrix`."""
        scores = self.estimator.predict(matrix)
        return with_complement(scores) if self.info.task == "binary" else np.asarray(scores)

    def compute_margins(self, matrix: FloatArray) -> FloatArray:
        """Return what the trees add up to, `[n]`, or `[n, k]` of several classes."""
        return np.asarray(self.estimator.predict(matrix, raw_score=True), dtype=np.float64)

    def encode_column(self, column: pd.Series) -> FloatArray:
        """Return one feature's values as `encode` does, `[n]`."""
        return compute_matrix(column.to_frame(), [str(column.name)], self._categories)[:, 0]

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return the columns as numbers, categories as the codes that the trees split on."""
        chosen = select_features(frame, self.info.features)
        matrix = compute_matrix(chosen, self.info.features, self._categories)
        return Encoded(matrix, np.arange(len(self.info.features)))


def load(path: Path, device: str) -> LightGBMAdapter:
    """Open a LightGBM text model. Raises InputError where it is damaged or not usable."""
    return open_content(path.read_bytes(), path.name)


def open_content(content: bytes, name: str) -> LightGBMAdapter:
    """Open what a LightGBM file holds; `name` is for messages. Raises as `load` does."""
    text = _read_text(content, name)
    header = read_header(text, name)
    check_trees(text, header, name)
    task, count = _task(header.objective, name)
    import lightgbm  # noqa: PLC0415

    try:
        booster = lightgbm.Booster(model_str=text)
    except (lightgbm.basic.LightGBMError, ValueError, TypeError) as error:
        raise InputError(f"{name} is damaged: {error}; write it again") from error
    info = ModelInfo("lightgbm", task, numbered_classes(count), header.features)
    return LightGBMAdapter(booster, info, read_categories(text, header, name))


def _read_text(content: bytes, name: str) -> str:
    try:
        # Line ends as the library writes them, whatever editor went over the file.
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is damaged: byte {error.start} is no text; write it again"
        ) from error


def _task(objective: str, name: str) -> tuple[Task, int]:
    kind, *options = objective.split(" ")
    if kind in _BINARY:
        return "binary", 2
    if kind in _REGRESSION:
        return "regression", 0
    if kind in _MULTICLASS:
        classes = [option.partition(":")[2] for option in options if "num_class:" in option]
        return "multiclass", int(classes[0])
    raise InputError(
        f"{name} has the LightGBM objective {kind or 'none (a custom one)'!r}, whose output is "
        "neither a probability nor a target; train with binary, multiclass or a regression "
        "objective"
    )


def _recognises(path: Path, head: bytes) -> bool:
    return head.startswith((b"tree\n", b"tree\r\n"))


FORMAT = Format("lightgbm", (".txt", ".lgb", ".lightgbm"), _recognises, load)
