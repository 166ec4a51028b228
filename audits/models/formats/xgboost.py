"""XGBoost models as JSON or UBJ."""

from __future__ import annotations

import json
import warnings
from collections.abc import Hashable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

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
from audits.models.adapters.readout import softmax
from audits.models.files import xgboost_file


class XGBoostAdapter:
    """An XGBoost Booster, cut at its best iteration where training stopped early."""

    def __init__(
        self,
        booster: NativeModel,
        info: ModelInfo,
        header: xgboost_file.Header,
        categories: Mapping[str, Categories],
    ) -> None:
        self.estimator = booster
        self.info = info
        self.missing = np.nan
        """A number that means "no value", which scikit-learn's class knows and a file does not."""
        self._header = header
        self._categories = categories

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]`, or `[n]` values for regression."""
        return self.predict_encoded(self.encode(frame).matrix)

    def predict_encoded(self, matrix: FloatArray) -> FloatArray:
        """Return what `predict` answers for the rows behind `matrix`."""
        as_margin = self._header.objective in ("binary:logitraw", "multi:softmax")
        scores = self._run(matrix, as_margin)
        if self.info.task == "regression":
            return scores.reshape(len(matrix))
        if self.info.task == "multiclass":
            return softmax(scores) if as_margin else scores
        return with_complement(1.0 / (1.0 + np.exp(-scores)) if as_margin else scores)

    def _run(self, matrix: FloatArray, as_margin: bool) -> FloatArray:
        if self._header.booster == "gblinear":  # which cannot predict without a DMatrix
            import xgboost  # noqa: PLC0415

            data = xgboost.DMatrix(matrix, feature_names=self.estimator.feature_names)
            return np.asarray(self.estimator.predict(data, output_margin=as_margin), np.float64)
        kind = "margin" if as_margin else "value"
        return np.asarray(self.estimator.inplace_predict(matrix, predict_type=kind), np.float64)

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return the columns as numbers, categories as the codes that the trees split on.

        Raises InputError on a category that the model never saw, as XGBoost itself does.
        """
        chosen = select_features(frame, self.info.features)
        columns = [self.encode_column(chosen[name]) for name in self.info.features]
        return Encoded(np.column_stack(columns), np.arange(len(self.info.features)))

    def encode_column(self, column: pd.Series) -> FloatArray:
        """Return one feature's values as `encode` does, `[n]`; raises InputError as it does."""
        name = str(column.name)
        values = compute_matrix(column.to_frame(), [name], self._categories)[:, 0]
        unseen = np.isnan(values) & column.notna().to_numpy()
        if name in self._categories and unseen.any():
            raise InputError(
                f"column {name!r} holds {str(column[unseen].iloc[0])!r}, a category that "
                "this XGBoost model never saw and refuses; merge it into a known one or leave "
                "these rows out"
            )
        return np.where(values == self.missing, np.nan, values)


def load(path: Path, device: str) -> XGBoostAdapter:
    """Open an XGBoost model. Raises InputError where it is damaged or not usable."""
    return open_content(path.read_bytes(), path.name, device)


def open_content(content: bytes, name: str, device: str) -> XGBoostAdapter:
    """Open what an XGBoost file holds; `name` is for messages. Raises as `load` does."""
    header = xgboost_file.read_header(xgboost_file.read_document(content, name), name)
    task, classes = _task(header, name)
    import xgboost  # noqa: PLC0415

    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(content))
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise xgboost_file.damaged(name, str(error).splitlines()[0]) from error
    categories = _read_categories(booster, header, name)
    if header.best_iteration is not None:
        booster = booster[: header.best_iteration + 1]
    if device == "cuda":
        with warnings.catch_warnings():  # without a GPU the library stays on the CPU
            warnings.filterwarnings("ignore", message="(?s).*GPU")
            booster.set_param({"device": "cuda"})
            device = find_device(booster)
    else:
        device = "cpu"
    info = ModelInfo("xgboost", task, numbered_classes(classes), header.features, device)
    return XGBoostAdapter(booster, info, header, categories)


def find_device(booster: NativeModel) -> str:
    """Return where a booster runs: "cpu" or "cuda:0"."""
    settings = json.loads(booster.save_config())
    return str(settings["learner"]["generic_param"]["device"])


def _task(header: xgboost_file.Header, name: str) -> tuple[Task, int]:
    if header.n_targets > 1:
        raise InputError(f"{name} predicts {header.n_targets} targets; give a model of one")
    if header.objective.startswith("binary:"):
        return "binary", 2
    if header.objective.startswith("multi:"):
        return "multiclass", header.n_classes
    if header.objective.startswith(("reg:", "count:")):
        return "regression", 0
    raise InputError(
        f"{name} has the XGBoost objective {header.objective!r}, whose output is neither a "
        "probability nor a target; train with binary:, multi:, reg: or count: objectives"
    )


def _read_categories(
    booster: NativeModel, header: xgboost_file.Header, name: str
) -> dict[str, Categories]:
    if "c" not in header.feature_types:
        return {}
    try:
        columns = booster.get_categories(export_to_arrow=True).to_arrow()
        levels = {
            feature: _read_values(values)
            for feature, (_, values) in zip(header.features, columns, strict=True)
            if values is not None
        }
    except (pa.ArrowException, ValueError) as error:
        raise xgboost_file.damaged(name, f"its categories: {error}") from error
    for feature, values in levels.items():
        if not all(value.isascii() for value in values if isinstance(value, str)):
            raise InputError(
                f"{name} holds categories of column {feature!r} with letters beyond ASCII, which "
                "XGBoost cuts at the wrong places when it saves them; train on ASCII names or codes"
            )
    return {feature: Categories(values) for feature, values in levels.items()}


def _read_values(values: pa.Array) -> list[Hashable]:
    if not pa.types.is_string(values.type):
        return list(values.to_pylist())
    as_bytes = values.view(pa.binary()).to_pylist()
    return [item.decode("utf-8", "surrogateescape") for item in as_bytes]


def _recognises(path: Path, head: bytes) -> bool:
    is_json = head.lstrip()[:1] == b"{" and b'"learner"' in head
    is_ubj = head.startswith(xgboost_file.UBJ_STARTS) and b"learner" in head[:64]
    return is_json or is_ubj


FORMAT = Format("xgboost", (".ubj", ".xgb", ".json"), _recognises, load)
