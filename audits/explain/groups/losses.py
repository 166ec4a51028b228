"""What a wrong answer costs, row by row, so that two sets of answers can be compared in pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from audits.core.arrays import FloatArray, IndexArray

SMALLEST = float(np.finfo(np.float64).eps)
"""A probability is taken as at least this far from 0 and 1, as scikit-learn does."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss by its name. compute: the model's answers to each row's loss `[n]`, whose mean is
    the loss of all rows; lower is better."""

    name: str
    compute: Callable[[FloatArray], FloatArray]


def build_losses(task: str, truth: FloatArray | IndexArray, output: int | None) -> tuple[Loss, ...]:
    """Return the losses of a task.

    truth `[n]`: 1 where the true outcome is the favourable one, else 0 (binary); the position of
    the true class among the model's (multiclass); the true value (regression). output: the
    favourable class of a binary model. Answers are probabilities `[n, k]`, or `[n]` values.
    One minus the AUC needs both outcomes and is left out where there is one.
    """
    if task == "regression":
        return (Loss("squared_error", lambda answers: (answers - truth) ** 2),)
    if task == "multiclass":
        chosen = np.asarray(truth, dtype=np.intp)
        return (
            Loss("brier_score", lambda answers: _brier(answers, chosen)),
            Loss("log_loss", lambda answers: _log_loss(answers[np.arange(len(chosen)), chosen])),
        )
    place = 1 if output is None else output
    hits = np.asarray(truth) == 1

    def right(answers: FloatArray) -> FloatArray:
        return np.where(hits, answers[:, place], 1 - answers[:, place])

    losses = [
        Loss("brier_score", lambda answers: (1 - right(answers)) ** 2),
        Loss("log_loss", lambda answers: _log_loss(right(answers))),
    ]
    if 0 < hits.sum() < len(hits):
        losses.append(Loss("roc_auc", lambda answers: compute_auc_losses(answers[:, place], hits)))
    return tuple(losses)


def compute_auc_losses(scores: FloatArray, hits: np.ndarray) -> FloatArray:
    """Return numbers a row `[n]` whose mean is 1 - AUC and whose variance over rows is its own.

    The structural components of DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44:837),
    scaled so that rows of both outcomes can be averaged together. hits: bool `[n]`, with both
    outcomes. Ties count half.
    """
    n, positive = len(scores), int(hits.sum())
    negative = n - positive
    ranks = scipy.stats.rankdata(scores)
    below = np.empty(n)
    below[hits] = (ranks[hits] - scipy.stats.rankdata(scores[hits])) / negative
    below[~hits] = 1 - (ranks[~hits] - scipy.stats.rankdata(scores[~hits])) / positive
    area = below[hits].mean()
    share = np.where(hits, positive, negative) / n
    losses: FloatArray = 1 - (area + (below - area) / share)
    return losses


def _brier(answers: FloatArray, chosen: IndexArray) -> FloatArray:
    right = answers[np.arange(len(chosen)), chosen]
    losses: FloatArray = (answers**2).sum(axis=1) - right**2 + (1 - right) ** 2
    return losses


def _log_loss(right: FloatArray) -> FloatArray:
    return -np.log(np.clip(right, SMALLEST, 1 - SMALLEST))
