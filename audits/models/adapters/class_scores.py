"""Scores of classifiers that give no probabilities: an order, and their own decisions.

A margin is put between 0 and 1 by a function that only rises, so that every number that is made
of the order alone (AUC, average precision) is that of the margin. Half is where the decision
turns. A classifier without a margin has its decisions alone, as 0 and 1.
"""

from __future__ import annotations

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.models.adapters.adapter import NativeModel
from audits.models.adapters.readout import rank

_BELOW_HALF = float(np.nextafter(0.5, 0.0))
_ABOVE_HALF = float(np.nextafter(0.5, 1.0))
_BELOW_ONE = float(np.nextafter(1.0, 0.0))


def compute_class_scores(model: NativeModel, data: NativeModel) -> FloatArray:
    """Return `[n, k]` in [0, 1] of a classifier without `predict_proba`.

    The largest of a row is always the class that the model's own `predict` says; of two classes
    the predicted one has at least a half and the other one less.
    """
    count = len(model.classes_)
    decided = np.searchsorted(np.asarray(model.classes_), np.asarray(model.predict(data)).ravel())
    margins = _find_margins(model, data, count)
    if margins is None:
        return np.eye(count)[decided]
    scores = rank(margins)
    if count > 2:
        return _with_largest(scores, decided)
    second = np.where(
        decided == 1, np.maximum(scores, _ABOVE_HALF), np.minimum(scores, _BELOW_HALF)
    )
    return np.column_stack([1.0 - second, second])


def _find_margins(model: NativeModel, data: NativeModel, count: int) -> FloatArray | None:
    """Return a margin a class (of two classes the second's), None where there is none."""
    if not hasattr(model, "decision_function") or _compares_pairs(model):
        return None
    margins = np.asarray(model.decision_function(data), dtype=np.float64)
    wanted = (len(margins),) if count == 2 else (len(margins), count)
    return margins if margins.shape == wanted and np.isfinite(margins).all() else None


def _compares_pairs(model: NativeModel) -> bool:
    """Whether its margins are one a pair of classes, of which three classes have three, too."""
    while hasattr(model, "steps"):
        model = model.steps[-1][1]
    return len(model.classes_) > 2 and getattr(model, "decision_function_shape", "") == "ovo"


def _with_largest(scores: FloatArray, decided: IntArray) -> FloatArray:
    """Return the scores, raised by the least step where the class decided for is not the largest:
    votes between pairs of classes may say another than the margins."""
    rows = np.flatnonzero(scores.argmax(axis=1) != decided)
    scores[rows] = np.minimum(scores[rows], _BELOW_ONE)
    scores[rows, decided[rows]] = np.nextafter(scores[rows].max(axis=1), 1.0)
    return scores
