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
from sklearn.utils.metaestimators import available_if

from audits.core.arrays import FloatArray
from audits.core.errors import InputError
from audits.models.adapters.adapter import Adapter, NativeModel
from audits.models.formats.xgboost import XGBoostAdapter

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
    of). missing: the number that means "no value" to XGBoost. classes: as they were fitted.
    has_margins: whether the library's class has a `decision_function`, which ensembles prefer."""

    number: int | None
    missing: float
    classes: tuple[Any, ...]
    has_margins: bool


class BoosterPart(BaseEstimator):  # type: ignore[misc]
    """A booster as scikit-learn's ensembles and pipelines ask it."""

    adapter: Adapter
    number: int | None
    missing: float
    has_margins: bool

    def fit(self, *_: object) -> BoosterPart:
        """Refuse: the file has the booster, not how it was trained."""
        raise InputError("a booster in a composite file cannot be fitted again")

    def __sklearn_is_fitted__(self) -> bool:
        return self.number is not None

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {"number": self.number, "missing": self.missing}
        state["has_margins"] = self.has_margins
        if hasattr(self, "classes_"):
            state["classes_"] = self.classes_
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.number, self.missing = state["number"], float(state["missing"])
        self.has_margins = bool(state["has_margins"])
        if "classes_" in state:
            self.classes_ = np.asarray(state["classes_"])
        opening = _OPENING.get()
        if opening is not None and self.number is not None:
            self.adapter = opening(int(self.number))
            if isinstance(self.adapter, XGBoostAdapter):
                self.adapter.missing = self.missing
            self.n_features_in_ = len(self.adapter.info.features)

    def answer(self, data: NativeModel) -> FloatArray:
        """Return the booster's answers to what the steps before it made, a chunk at a time."""
        return np.concatenate([self._answer(rows) for rows in _chunks(data)])

    def _answer(self, data: NativeModel) -> FloatArray:
        if self._reads_frames(data):
            return self.adapter.predict(self.to_frame(data))
        matrix = self.to_matrix(data)
        return self.adapter.predict_encoded(matrix)  # type: ignore[attr-defined, no-any-return]

    def to_matrix(self, data: NativeModel) -> FloatArray:
        """Return float64 `[n_rows, n_columns]` as the booster reads it, NaN where it has no value.

        XGBoost takes what a sparse row leaves out for missing; the others take it for zero.
        """
        if self._reads_frames(data):
            return self.adapter.encode(self.to_frame(data)).matrix
        if sparse.issparse(data):
            cells = data.tocoo()
            absent = np.nan if isinstance(self.adapter, XGBoostAdapter) else 0.0
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

    def _reads_frames(self, data: NativeModel) -> bool:
        """Whether there may be texts or categories among the columns."""
        is_plain = sparse.issparse(data) or np.asarray(data).dtype.kind in "fiub"
        has_categories = bool(getattr(self.adapter, "categorical", ()))
        return isinstance(data, pd.DataFrame) or has_categories or not is_plain


def _chunks(data: NativeModel) -> Iterator[NativeModel]:
    """Yield the rows by so many that spread out they are no more than `_CHUNK` numbers."""
    rows = data.tocsr() if sparse.issparse(data) else data
    step = max(1, _CHUNK // max(1, rows.shape[1]))
    for start in range(0, max(1, rows.shape[0]), step):
        here = slice(start, start + step)
        yield rows.iloc[here] if isinstance(rows, pd.DataFrame) else rows[here]


class BoosterClassifier(ClassifierMixin, BoosterPart):  # type: ignore[misc]
    """A booster that answers probabilities of classes."""

    def predict_proba(self, data: NativeModel) -> FloatArray:
        """Return class probabilities `[n, k]`."""
        return self.answer(data)

    def predict(self, data: NativeModel) -> NativeModel:
        """Return the most probable class of each row, the first of equal ones."""
        return self.classes_[self.answer(data).argmax(axis=1)]

    @available_if(lambda part: part.has_margins)  # type: ignore[untyped-decorator]
    def decision_function(self, data: NativeModel) -> FloatArray:
        """Return what the trees add up to, before it is made a probability."""
        margins = [self.adapter.compute_margins(self.to_matrix(rows))  # type: ignore[attr-defined]
                   for rows in _chunks(data)]  # fmt: skip
        return np.concatenate(margins)


class BoosterRegressor(RegressorMixin, BoosterPart):  # type: ignore[misc]
    """A booster that answers the target."""

    def predict(self, data: NativeModel) -> FloatArray:
        """Return the target `[n]`."""
        return self.answer(data)


def make_part(state: PartState) -> BoosterPart:
    """Return what stands for a booster; a classifier where it has classes."""
    part = (BoosterClassifier if state.classes else BoosterRegressor)()
    part.number, part.missing = state.number, state.missing
    part.has_margins = state.has_margins
    if state.classes:
        part.classes_ = np.asarray(state.classes)
    return part
