"""What a slice may be worse at: one value a row, and which way is worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import FloatArray
from audits.core.report.measurement import Unit
from audits.core.settings.spec import Task


@dataclass(frozen=True, slots=True)
class Target:
    """A quantity whose mean in a slice is set against its mean in the rest of the rows.

    values: float64 `[rows]`, NaN where it is not known. worse: 1 where a higher mean is worse,
    -1 where a lower one is. absolute: the distance of the mean from zero is what counts.
    """

    metric: str
    unit: Unit
    values: FloatArray
    worse: int
    absolute: bool = False

    @property
    def shares(self) -> bool:
        """Whether the values are 0 or 1, so that means are shares."""
        return self.unit == "points" and not self.absolute


def build_targets(task: Task, scored: Mapping[str, NDArray[np.generic]]) -> tuple[Target, ...]:
    """Return what the scored rows allow to ask.

    scored: columns of `predictions.parquet`: `y_pred`, and where there are any `y_true` and
    `y_score`. A target that no row knows is left out.
    """
    predicted, true = scored["y_pred"], scored.get("y_true")
    if task == "regression":
        assert true is not None  # a model is audited, which needs a target
        error = np.abs(predicted.astype(np.float64) - true.astype(np.float64))
        found = [Target("mean_absolute_error_difference", "target", error, 1)]
    elif task == "multiclass":
        assert true is not None
        found = [Target("accuracy_difference", "points", _right(predicted, true), -1)]
    else:
        selected = predicted.astype(np.float64)
        found = [Target("selection_rate_difference", "points", selected, -1)]
        if true is not None:
            outcome = true.astype(np.float64)
            right = np.where(np.isnan(outcome), np.nan, outcome == selected)
            found.insert(0, Target("accuracy_difference", "points", right, -1))
            if "y_score" in scored:
                gap = scored["y_score"].astype(np.float64) - outcome
                found.append(Target("miscalibration_difference", "points", gap, 1, absolute=True))
    return tuple(target for target in found if not np.isnan(target.values).all())


def _right(predicted: NDArray[np.generic], true: NDArray[np.generic]) -> FloatArray:
    known = np.array([value is not None for value in true], dtype=bool)
    return np.where(known, predicted == true, np.nan).astype(np.float64)
