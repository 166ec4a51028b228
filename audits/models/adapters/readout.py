"""What a model's numbers are, where the settings say so: `[model] output`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.core.errors import InputError
from audits.models.adapters.adapter import (
    Adapter,
    Declarable,
    Encoded,
    NativeModel,
    Output,
    numbered_classes,
    with_complement,
)


def squash(margins: FloatArray) -> FloatArray:
    """Return the logistic function of log-odds."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margins)))


def softmax(margins: FloatArray) -> FloatArray:
    """Return each row's shares of the exponentials, `[n, k]`."""
    weights = np.exp(margins - margins.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def rank(scores: FloatArray) -> FloatArray:
    """Return scores in (0, 1) in the same order; 0 becomes one half.

    Unlike the logistic function it does not run into 1 at scores of forty.
    """
    return np.asarray(0.5 + 0.5 * scores / (1.0 + np.abs(scores)))


def keep_probabilities(values: FloatArray) -> FloatArray:
    """Return the second class's probabilities; raises InputError where they are none."""
    if values.size and not (values.min() >= -1e-6 and values.max() <= 1 + 1e-6):
        raise InputError(
            f"the model answers {float(values[np.abs(values - 0.5).argmax()]):.4g}, which is no "
            'probability; declare [model] output = "logit" (log-odds), "score" (only its order '
            'counts) or "value" (a regression)',
            setting="model.output",
        )
    return np.clip(values, 0.0, 1.0)


ONE_NUMBER: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "probability": keep_probabilities,
    "logit": squash,
    "score": rank,
}
"""From one number a row to the probability, or the rank, of the second class."""


def read_kind(output: str) -> Output:
    """Return what `ModelInfo.output` is of a classifier whose numbers are read as `output`."""
    return "score" if output == "score" else "probability"


class OneNumber:
    """A model that answers one number a row, read as a model of two classes.

    `estimator` is this adapter: engines that know the native one would explain another number.
    """

    def __init__(self, inner: Adapter, output: str) -> None:
        self.inner = inner
        self.info = replace(
            inner.info, task="binary", classes=numbered_classes(2), output=read_kind(output)
        )
        self.estimator: NativeModel = self
        self._link = ONE_NUMBER[output]

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return the two classes' probabilities `[n, 2]`."""
        return with_complement(self._link(self.inner.predict(frame)))

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return what the native model sees."""
        return self.inner.encode(frame)


def read_as(adapter: Adapter, output: str) -> Adapter:
    """Return the adapter that reads the model's numbers as `output`; "" as the file says.

    Raises InputError where the file says something else.
    """
    if not output:
        return adapter
    if isinstance(adapter, Declarable):
        adapter.declare(output)
        return adapter
    if adapter.info.task == "regression":
        return adapter if output == "value" else OneNumber(adapter, output)
    if output != "probability":
        raise InputError(
            f"[model] output = {output!r} does not fit: the file says that it answers "
            f"probabilities of {len(adapter.info.classes)} classes; leave output out"
        )
    return adapter
