"""What every engine is asked and hands back: attributions of the columns an estimator sees."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from audits.core.arrays import FloatArray, IndexArray
from audits.explain.methods import AUTO

PROBABILITY = "probability"
MARGIN = "margin"
TARGET = "target"

TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Request:
    """What to explain, asked of an engine that sees encoded columns.

    task: "binary", "multiclass" or "regression". target_class: index of the class whose output
    is explained; an engine is only ever asked for class 1 of a binary model, and ignores it for
    regression. method: one of the engine's `METHODS`. background: the encoded reference rows
    `[n_reference, n_columns]` for engines that compare with some; None where there are none.
    tolerance: the largest additivity error, as a share of the range of the outputs, that an
    approximate engine may leave where it can do better. seed: of all that an engine draws.
    compare_with: a baseline of `audits.explain.methods`, for networks. error: the error of a
    sampled value, as a share of the range of the outputs, at which sampling may stop.
    """

    task: str
    target_class: int = 1
    method: str = ""
    background: FloatArray | None = None
    tolerance: float = TOLERANCE
    seed: int = 0
    compare_with: str = AUTO
    error: float = 0.01

    def baseline(self, n_columns: int) -> FloatArray:
        """Return the mean reference row `[n_columns]`, zeros where there is none."""
        if self.background is None or not len(self.background):
            return np.zeros(n_columns)
        mean: FloatArray = self.background.mean(axis=0)
        return mean


@dataclass(frozen=True, slots=True)
class ColumnAttribution:
    """Attributions before they are summed to the raw columns that a person knows.

    values: float64 `[n_rows, n_columns]` in units of `space`. base, output: float64 `[n_rows]`;
    `output` is what the model itself answers in `space`, never the sum of the parts.
    The other fields are those of `audits.core.attribution.Attribution`.
    """

    values: FloatArray
    base: FloatArray
    output: FloatArray
    space: str
    method: str
    exact: bool
    budget: int = 0
    device: str = "cpu"
    error: FloatArray | None = None

    @property
    def additivity_error(self) -> float:
        """Largest `|base + sum - output|` over the rows, in units of `space`; 0 for no rows."""
        gaps = np.abs(self.base + self.values.sum(axis=1) - self.output)
        return float(gaps.max(initial=0.0))

    def for_the_other_class(self) -> ColumnAttribution:
        """Return the same explanation seen from the other of two classes.

        The log-odds of class 0 are the negative of those of class 1; its probability is the
        complement.
        """
        shift = 1.0 if self.space == PROBABILITY else 0.0
        return replace(
            self, values=-self.values, base=shift - self.base, output=shift - self.output
        )


def choose_column(answer: FloatArray, target_class: int) -> FloatArray:
    """Return one class of an answer with a column a class, or the only output there is `[n]`."""
    answer = np.asarray(answer, dtype=np.float64)
    if answer.ndim == 1:
        return answer
    return answer[:, target_class if answer.shape[1] > 1 else 0]


def sum_by_owner(values: FloatArray, owner: IndexArray, n_features: int) -> FloatArray:
    """Sum encoded columns `[n_rows, n_columns]` to their raw columns `[n_rows, n_features]`.

    `owner[j]` is the index of the raw column that encoded column j comes from. A raw column
    that no encoded column comes from (dropped by the pipeline) gets 0, which is its exact value.
    """
    total = np.zeros((values.shape[0], n_features), dtype=np.float64)
    for column, feature in enumerate(owner):
        total[:, feature] += values[:, column]
    return total
