"""CatBoost models as .cbm or JSON; categories stay texts, as CatBoost hashes them itself."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError, InputError, one_of
from audits.models.adapters.adapter import (
    Encoded,
    Format,
    ModelInfo,
    NativeModel,
    Task,
    with_complement,
)
from audits.models.adapters.columns import compute_matrix, compute_numbers, select_features
from audits.models.files import catboost_file
from audits.models.files.catboost_layout import Trees

_ONE_OUTPUT = ("Logloss", "CrossEntropy", "Focal")
_OUTPUT_A_CLASS = ("MultiClass", "MultiClassOneVsAll")
_IDENTITY = (
    "RMSE", "MAE", "Quantile", "MAPE", "Lq", "Huber", "Expectile", "LogCosh",
)  # fmt: skip
_LOG_LINK = ("Poisson", "Tweedie")


class CatBoostAdapter:
    """A CatBoost model on the CPU.

    Probabilities are the library's own: those of MultiClassOneVsAll are each class's against
    the rest and need not add up to 1.
    """

    def __init__(self, model: NativeModel, info: ModelInfo, header: catboost_file.Header) -> None:
        self.estimator = model
        self.info = info
        self._header = header

    @property
    def has_log_link(self) -> bool:
        """Whether the raw output is the logarithm of the target."""
        return self._header.loss in _LOG_LINK

    @property
    def categorical(self) -> frozenset[str]:
        """The columns that are read as texts."""
        return self._header.categorical

    @property
    def trees(self) -> Trees:
        """The trees as the file tells them."""
        return self._header.trees

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]`, or `[n]` values for regression."""
        width = len(self.info.classes)
        if not len(frame):
            return np.empty((0, width) if width else 0)
        return self._score(self.pool(frame))

    def predict_encoded(self, matrix: FloatArray) -> FloatArray:
        """Return what `predict` answers for the rows behind `matrix`."""
        return self._score(matrix)

    def _score(self, rows: NativeModel) -> FloatArray:
        if self.info.task == "regression":
            kind = "Exponent" if self.has_log_link else "RawFormulaVal"
            values = self.estimator.predict(rows, prediction_type=kind)
            return np.asarray(values, dtype=np.float64).reshape(-1)
        if self._header.n_outputs > 1:
            answer = self.estimator.predict(rows, prediction_type="Probability")
            return np.asarray(answer, dtype=np.float64)
        log_odds = self.estimator.predict(rows, prediction_type="RawFormulaVal")
        return with_complement(1.0 / (1.0 + np.exp(-np.asarray(log_odds, dtype=np.float64))))

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return the columns as numbers, where all are.

        Raises CheckNotApplicableError where the model reads categories: CatBoost replaces them
        inside, by statistics of several columns at once, so there is no column for each.
        """
        if self._header.categorical:
            raise CheckNotApplicableError(
                "the CatBoost model encodes the columns "
                f"{one_of(sorted(self._header.categorical))} inside, several at a time, so its "
                "numbers belong to no single column"
            )
        chosen = select_features(frame, self.info.features)
        matrix = compute_matrix(chosen, self.info.features, {})
        return Encoded(matrix, np.arange(len(self.info.features)))

    def numbers(self, frame: pd.DataFrame) -> FloatArray:
        """Return float64 `[n_rows, n_features]`: the numeric columns, NaN in the categorical."""
        chosen = select_features(frame, self.info.features)
        matrix = np.full(chosen.shape, np.nan)
        for place, name in enumerate(self.info.features):
            if name not in self._header.categorical:
                matrix[:, place] = compute_numbers(chosen[name])
        return matrix

    def pool(self, frame: pd.DataFrame) -> NativeModel:
        """Return the rows as a `catboost.Pool`: numbers as numbers, categories as texts.

        Raises InputError on missing categories, as CatBoost itself does, unless the model's
        metadata key `assay.missing` holds the text that stood for them in training.
        """
        import catboost  # noqa: PLC0415

        chosen = select_features(frame, self.info.features)
        categorical = self._header.categorical
        if not categorical:
            return catboost.Pool(
                compute_matrix(chosen, self.info.features, {}),
                feature_names=list(self.info.features),
            )
        columns = {
            name: self._texts(chosen[name])
            if name in categorical
            else compute_numbers(chosen[name])
            for name in self.info.features
        }
        return catboost.Pool(pd.DataFrame(columns), cat_features=sorted(categorical))

    def _texts(self, column: pd.Series) -> pd.Categorical:
        codes, values = pd.factorize(column)
        texts = [_as_text(value) for value in values]
        if (codes < 0).any():
            if self._header.missing is None:
                raise InputError(
                    f"column {column.name!r} has missing values, which CatBoost refuses in a "
                    "categorical column; fill them with the text that stood for them in training "
                    "(and do not name it under [data] missing), or write that text into the "
                    f"model: model.get_metadata()[{catboost_file.MISSING_KEY!r}] = '...', and "
                    "save it again"
                )
            texts.append(self._header.missing)
            codes = np.where(codes < 0, len(texts) - 1, codes)
        names = list(dict.fromkeys(texts))
        place = {name: index for index, name in enumerate(names)}
        table = np.array([place[text] for text in texts], dtype=np.int64)
        return pd.Categorical.from_codes(table[codes], categories=pd.Index(names, dtype=object))


def _as_text(value: Hashable) -> str:
    """CatBoost reads integers and texts, and takes True for 1; 1.0 is an integer once more."""
    if isinstance(value, bool | np.bool_) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    return str(value)


def load(path: Path, device: str) -> CatBoostAdapter:
    """Open a CatBoost model. Raises InputError where it is damaged or not usable."""
    content = path.read_bytes()
    if catboost_file.is_binary(content):
        return open_content(content, path.name)
    # The library reads JSON from a file alone.
    return _open(content, path.name, lambda model: model.load_model(str(path), format="json"))


def open_content(content: bytes, name: str) -> CatBoostAdapter:
    """Open what a .cbm file holds; `name` is for messages. Raises as `load` does."""
    if not catboost_file.is_binary(content):
        raise catboost_file.damaged(name, "it is no .cbm file")
    return _open(content, name, lambda model: model.load_model(blob=content))


def _open(content: bytes, name: str, read: Callable[[NativeModel], NativeModel]) -> CatBoostAdapter:
    header = catboost_file.read_header(content, name)
    task, classes = _task(header, name)
    try:
        import catboost  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            f"{name} is a CatBoost model, and catboost is not installed; "
            "pip install catboost==1.2.10"
        ) from error
    model = catboost.CatBoost()
    try:
        read(model)
    except (catboost.CatBoostError, ValueError, TypeError) as error:
        raise catboost_file.damaged(name, str(error)) from error
    info = ModelInfo("catboost", task, classes, header.features)
    return CatBoostAdapter(model, info, header)


def _task(header: catboost_file.Header, name: str) -> tuple[Task, tuple[str, ...]]:
    fits = header.n_outputs == (len(header.classes) if header.loss in _OUTPUT_A_CLASS else 1)
    if not fits:
        raise InputError(
            f"{name} answers {header.n_outputs} numbers a row with the loss {header.loss!r}; give "
            "a model of one target"
        )
    if header.loss == "MultiClassOneVsAll" and len(header.classes) == 2:
        raise InputError(
            f"{name} has the CatBoost loss MultiClassOneVsAll with two classes, whose "
            "probabilities do not add up to 1; train with Logloss"
        )
    if header.loss in _ONE_OUTPUT or len(header.classes) == header.n_outputs == 2:
        return "binary", header.classes
    if header.loss in _OUTPUT_A_CLASS:
        return "multiclass", header.classes
    if header.loss in (*_IDENTITY, *_LOG_LINK):
        return "regression", ()
    raise InputError(
        f"{name} has the CatBoost loss {header.loss!r}, whose output is neither a probability nor "
        f"a target; train with {one_of([*_ONE_OUTPUT, *_OUTPUT_A_CLASS, *_IDENTITY, *_LOG_LINK])}"
    )


def _recognises(path: Path, head: bytes) -> bool:
    is_json = head.lstrip()[:1] == b"{" and any(key in head for key in catboost_file.JSON_KEYS)
    return head.startswith(catboost_file.MAGIC) or is_json


FORMAT = Format("catboost", (".cbm", ".json"), _recognises, load)
