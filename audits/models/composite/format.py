"""scikit-learn's pipelines and ensembles around XGBoost, LightGBM and CatBoost."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from audits.core.arrays import FloatArray
from audits.models.adapters.adapter import Adapter, Encoded, Format, Inside, NativeModel
from audits.models.composite.file import MANIFEST, load_composite
from audits.models.formats.skops import SkopsAdapter


class CompositeAdapter(SkopsAdapter):
    """A fitted scikit-learn model with boosters in it.

    Where a booster is its last step, `estimator` is the booster, and explanations read its trees.
    """

    def __init__(self, model: NativeModel, name: str) -> None:
        super().__init__(model, name, "composite")
        self._part = self.estimator if hasattr(self.estimator, "adapter") else None
        if self._part is not None:
            self.estimator = self._part.adapter.estimator

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return what the last step sees, each column owned by the raw column behind it."""
        if self._part is None:
            return super().encode(frame)
        data = self.transform(frame)
        return Encoded(self._part.to_matrix(data), self.compute_owner(data.shape[1]))

    def predict_encoded(self, matrix: FloatArray) -> FloatArray:
        """Return what `predict` answers for the rows behind `matrix`."""
        if self._part is None:
            return super().predict_encoded(matrix)
        answers: FloatArray = self._part.adapter.predict_encoded(matrix)
        return answers

    def look_inside(self, frame: pd.DataFrame) -> Inside | None:
        """Return the booster as a model of its own, None where the last step is none."""
        if self._part is None:
            return None
        data = self.transform(frame)
        owner = self.compute_owner(data.shape[1])
        return Inside(self._part.adapter, self._part.to_frame(data), owner)


def load(path: Path, device: str) -> Adapter:
    """Open a composite file. Raises InputError where it is damaged, refused or not a model."""
    model = load_composite(path, device)
    if not hasattr(model, "adapter"):
        return CompositeAdapter(model, path.name)
    # A booster alone, as its library's own scikit-learn class was saved: it knows its classes.
    alone: Adapter = model.adapter
    if hasattr(model, "classes_"):
        classes = tuple(str(item) for item in model.classes_)
        alone.info = replace(alone.info, classes=classes)  # type: ignore[misc]
    return alone


def _recognises(path: Path, head: bytes) -> bool:
    if not head.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


FORMAT = Format("composite", (".skops",), _recognises, load)
