"""What every opened model looks like, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IntArray

Task = Literal["binary", "multiclass", "regression"]
Output = Literal["probability", "score", "value"]
Rule = Literal["none", "larger", "own"]
NativeModel = Any
"""A fitted object of a model library: they have no types in common."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model without running it.

    format: "skops", "composite", "xgboost", "lightgbm", "catboost", "onnx", "torch" or
    "endpoint". classes: texts in the order of the probabilities' columns, `()` for regression.
    features: the raw columns, in the order that the model wants them. device: "cpu",
    "cuda:0 (NVIDIA ...)", or "endpoint". output: what the numbers are: probabilities of classes,
    "score"s of classes of which only the order counts, or the target's "value". rule: how the
    model itself decides: "none" (its file only answers probabilities), "larger" (the class with
    the larger one), "own" (another way: the adapter `Decides`). stated: the threshold that a rule
    of its own names.
    """

    format: str
    task: Task
    classes: tuple[str, ...]
    features: tuple[str, ...]
    device: str = "cpu"
    output: Output = "probability"
    rule: Rule = "none"
    stated: float | None = None

    def __post_init__(self) -> None:
        if self.task == "regression":
            object.__setattr__(self, "output", "value")


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the final estimator sees.

    matrix: float64 `[n_rows, n_encoded]`. owner: int64 `[n_encoded]`, for each encoded column
    the index in `ModelInfo.features` of the raw column that it comes from.
    """

    matrix: FloatArray
    owner: IntArray


class Adapter(Protocol):
    """A model inside its worker.

    `estimator` is the final native object (a Booster, a fitted scikit-learn estimator, a
    `torch.nn.Module`, an onnxruntime session).
    """

    @property
    def info(self) -> ModelInfo:
        """What is known of the model."""
        ...

    @property
    def estimator(self) -> NativeModel:
        """The final native object."""
        ...

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]`, or `[n]` values for regression.

        Raises InputError where a column holds what the model cannot read.
        """
        ...

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return the numeric matrix behind `frame`, one owner a column.

        Raises CheckNotApplicableError where an encoded column mixes several raw ones.
        """
        ...


@runtime_checkable
class Decides(Protocol):
    """An adapter whose model decides itself: a classifier's own `predict`."""

    def decide(self, frame: pd.DataFrame) -> IntArray:
        """Return the places of the decided classes in `ModelInfo.classes`, `[n]`."""
        ...


@runtime_checkable
class Declarable(Protocol):
    """An adapter whose file does not say what its model's numbers are."""

    def declare(self, output: str) -> None:
        """Read the numbers as "probability", "logit", "score" or "value"; `info` then says so.

        Raises InputError where they cannot be that.
        """
        ...


@runtime_checkable
class PredictsEncoded(Protocol):
    """An adapter whose prediction is a function of `encode(frame).matrix` alone.

    Whoever predicts many mixtures of few rows can encode those few and mix the columns.
    """

    def predict_encoded(self, matrix: FloatArray) -> FloatArray:
        """Return what `predict` answers for the rows behind `matrix` `[n_rows, n_encoded]`."""
        ...


@dataclass(frozen=True, slots=True)
class Inside:
    """The model behind a pipeline's steps, and what it sees of some rows.

    frame: its columns under its own names. owner: as `Encoded.owner`, for the columns of `frame`.
    """

    adapter: Adapter
    frame: pd.DataFrame
    owner: IntArray


@runtime_checkable
class HasInside(Protocol):
    """An adapter whose last step may be a model of another library."""

    def look_inside(self, frame: pd.DataFrame) -> Inside | None:
        """Return that model and what it sees of `frame`, None where the last step is none."""
        ...


@runtime_checkable
class ReadsColumns(PredictsEncoded, Protocol):
    """A model that reads each feature as one number, whatever the other features hold."""

    def encode_column(self, column: pd.Series) -> FloatArray:
        """Return the numbers of one feature's values, `[n]`; the series' name is the feature."""
        ...


def _no_variables(path: Path) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of model file.

    recognises: whether the file is of this kind, from its path and its first bytes.
    load: opens it in the worker; raises InputError where it is damaged or not usable.
    variables: the environment variables that the file asks for; the worker sees no others.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[Path, bytes], bool]
    load: Callable[[Path, str], Adapter]
    variables: Callable[[Path], tuple[str, ...]] = _no_variables


def with_complement(positive: FloatArray) -> FloatArray:
    """Return binary probabilities `[n, 2]` from those of the second class `[n]`."""
    return np.column_stack([1.0 - positive, positive])


def numbered_classes(count: int) -> tuple[str, ...]:
    """Return "0", "1", ...: the names where a file only numbers its classes."""
    return tuple(str(index) for index in range(count))


def numbered_features(count: int) -> tuple[str, ...]:
    """Return f0, f1, ...: the names where a file has none for its columns."""
    return tuple(f"f{index}" for index in range(count))


def kind_of(estimator: object) -> str:
    """Return a library's name for its class, e.g. "lightgbm.Booster", without importing it."""
    kind = type(estimator)
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
