"""What stands for a booster among scikit-learn's objects in a composite file.

The booster itself lies beside them in its library's own format (`composite_format`); this holds
only its number, and what the library's scikit-learn class knew beyond the booster. It is imported
where a model is opened or converted, for it needs scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from audits.core.errors import InputError
from audits.models.adapter import Adapter, FloatArray, NativeModel

_CHUNK = 8_000_000
"""Numbers that are spread out at a time where a pipeline makes sparse rows: 64 MB."""

OpenPart = Callable[[int], Adapter]
_OPENING: ContextVar[OpenPart | None] = ContextVar("opening", default=None)


@contextmanager
def parts_from(opening: OpenPart) -> Iterator[None]:
    """While this lasts, whoever stands for a booster takes it from `opening`."""
    token = _OPENING.set(opening)
    try:
        yield
    finally:
        _OPENING.reset(token)


@dataclass(frozen=True, slots=True)
class PartState:
    """number: of the booster in the file, None where it was not fitted (what an ensemble was made
    of). missing: the number that means "no value" to XGBoost. classes: as they were fitted."""

    number: int | None
    missing: float
    classes: tuple[Any, ...]


class BoosterPart(BaseEstimator):  # type: ignore[misc]
    """A booster as scikit-learn's ensembles and pipelines ask it."""

    adapter: Adapter
    number: int | None
    missing: float

    def fit(self, *_: object) -> BoosterPart:
        """Refuse: the file has the booster, not how it was trained."""
        raise InputError("a booster in a composite file cannot be fitted again")

    def __sklearn_is_fitted__(self) -> bool:
        return self.number is not None

    def __getstate__(self) -> dict[str, Any]:
        state = {"number": self.number, "missing": self.missing}
        if hasattr(self, "classes_"):
            state["classes_"] = self.classes_
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.number, self.missing = state["number"], float(state["missing"])
        if "classes_" in state:
            self.classes_ = np.asarray(state["classes_"])
        opening = _OPENING.get()
        if opening is not None and self.number is not None:
            self.adapter = opening(int(self.number))
            self.n_features_in_ = len(self.adapter.info.features)

    def answer(self, data: NativeModel) -> FloatArray:
        """Return the booster's answers to what the steps before it made, a chunk at a time."""
        rows = data.tocsr() if sparse.issparse(data) else data
        step = max(1, _CHUNK // max(1, rows.shape[1]))
        parts = [
            self._answer(rows.iloc[start : start + step] if isinstance(rows, pd.DataFrame)
                         else rows[start : start + step])
            for start in range(0, max(1, rows.shape[0]), step)
        ]  # fmt: skip
        return np.concatenate(parts)

    def _answer(self, data: NativeModel) -> FloatArray:
        if _holds_texts(data):
            return self.adapter.predict(self.to_frame(data))
        matrix: FloatArray = self.to_matrix(data)
        return self.adapter.predict_encoded(matrix)  # type: ignore[attr-defined, no-any-return]

    def to_matrix(self, data: NativeModel) -> FloatArray:
        """Return float64 `[n_rows, n_columns]` as the booster reads it, NaN where it has no value.

        XGBoost takes what a sparse row leaves out for missing; the others take it for zero.
        """
        if _holds_texts(data):
            return self.adapter.encode(self.to_frame(data)).matrix
        absent = np.nan if self.adapter.info.format == "xgboost" else 0.0
        if sparse.issparse(data):
            cells = data.tocoo()
            matrix = np.full(cells.shape, absent)
            matrix[cells.row, cells.col] = cells.data
        else:
            matrix = np.array(data, dtype=np.float64)
        if not np.isnan(self.missing):
            matrix[matrix == self.missing] = np.nan
        return matrix

    def to_frame(self, data: NativeModel) -> pd.DataFrame:
        """Return the columns under the booster's own names for them."""
        frame = data.toarray() if sparse.issparse(data) else data
        if isinstance(frame, pd.DataFrame):
            return frame.set_axis(list(self.adapter.info.features), axis=1)
        return pd.DataFrame(frame, columns=list(self.adapter.info.features)).infer_objects()


class BoosterClassifier(ClassifierMixin, BoosterPart):  # type: ignore[misc]
    """A booster that answers probabilities of classes."""

    def predict_proba(self, data: NativeModel) -> FloatArray:
        """Return class probabilities `[n, k]`."""
        return self.answer(data)

    def predict(self, data: NativeModel) -> NativeModel:
        """Return the most probable class of each row, the first of equal ones."""
        return self.classes_[self.answer(data).argmax(axis=1)]


class BoosterRegressor(RegressorMixin, BoosterPart):  # type: ignore[misc]
    """A booster that answers the target."""

    def predict(self, data: NativeModel) -> FloatArray:
        """Return the target `[n]`."""
        return self.answer(data)


def make_part(state: PartState) -> BoosterPart:
    """Return what stands for a booster; a classifier where it has classes."""
    part = (BoosterClassifier if state.classes else BoosterRegressor)()
    part.number, part.missing = state.number, state.missing
    if state.classes:
        part.classes_ = np.asarray(state.classes)
    return part


def _holds_texts(data: NativeModel) -> bool:
    if isinstance(data, pd.DataFrame):
        return any(not isinstance(kind, np.dtype) or kind.kind not in "fiub" for kind in data.dtypes)
    return not sparse.issparse(data) and np.asarray(data).dtype.kind not in "fiub"
