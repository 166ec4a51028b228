"""The loss attributed to columns inside the model's worker, and asking for it from the audit's
side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.arrays import FloatArray, IndexArray
from audits.explain.columns import TARGET
from audits.explain.groups.loss import (
    LossShapley,
    build_squared_error,
    compute_loss_shapley,
    log_loss,
)
from audits.explain.sampled.any_model import build_score
from audits.explain.sampled.blend import Score, build_blender
from audits.models import Adapter, ModelClient, select_features

EVALUATIONS = 1_000_000
"""About so many predictions are made at most."""
MAX_REFERENCE, MIN_REFERENCE = 64, 16
CALL_ROWS = 50


def name_loss(task: str) -> str:
    """Return the loss that is attributed to columns."""
    return "squared_error" if task == "regression" else "log_loss"


def build_true_share(truth: IndexArray) -> Score:
    """Return the probability that answers `[n, k]` give to the true class of every row.

    truth: each row's class, a position in the answers, `[n_rows]`.
    """

    def score(answer: FloatArray, rows: IndexArray) -> FloatArray:
        return np.asarray(answer[np.arange(len(answer)), truth[rows]])

    return score


def compute_losses(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `loss`: the Shapley values of the losses of rows.

    frame: the explained rows, then the reference rows. params: `truth` (of each explained row: the
    position of its class among the model's, a regression's value), `seed`. Returns float64 columns
    "0", "1", ..., one a raw column of the model, then "start" and "loss"; see `LossShapley`.
    """
    truth = np.asarray(params["truth"], dtype=np.float64)
    n_rows = len(truth)
    if adapter.info.task == "regression":
        score, loss = build_score(TARGET, 0), build_squared_error(truth)
    else:
        score, loss = build_true_share(truth.astype(np.intp)), log_loss
    blender = build_blender(adapter, frame.iloc[:n_rows], frame.iloc[n_rows:], score)
    generator = np.random.default_rng(int(params["seed"]))
    found = compute_loss_shapley(blender, n_rows, len(frame) - n_rows, loss, generator)
    arrays = [*found.values.T, found.start, found.loss]
    names = [*(str(index) for index in range(found.values.shape[1])), "start", "loss"]
    table = pa.table([pa.array(np.ascontiguousarray(array)) for array in arrays], names=names)
    return table, {"evaluations": found.evaluations}


def choose_sizes(rows: int, n_features: int) -> tuple[int, int]:
    """Return how many of the wanted rows are affordable, and with how many reference rows.

    Wide data gets fewer reference rows, down to 16, and then fewer rows, down to 100.
    """
    walk = 2 * max(n_features, 1)
    reference = EVALUATIONS // (max(rows, 1) * walk)
    reference = min(max(reference, MIN_REFERENCE), MAX_REFERENCE)
    affordable = max(EVALUATIONS // (walk * MIN_REFERENCE), 100)
    return min(rows, affordable), reference


def explain_losses(
    client: ModelClient,
    frame: pd.DataFrame,
    truth: FloatArray,
    reference: pd.DataFrame,
    generator: np.random.Generator,
    *,
    progress: Callable[[float], None] = lambda _: None,
) -> LossShapley:
    """Lay the losses of the rows of `frame` on the model's columns, against all of `reference`.

    truth: see `compute_losses`. Both frames have at least one row; see `choose_sizes`.
    """
    features = client.info.features
    mine, theirs = select_features(frame, features), select_features(reference, features)
    parts, evaluations = [], 0
    for first in range(0, len(mine), CALL_ROWS):
        part = slice(first, first + CALL_ROWS)
        params = {"truth": truth[part].tolist(), "seed": int(generator.integers(2**31))}
        both = pd.concat([mine.iloc[part], theirs], ignore_index=True)
        table, details = client.call("loss", both, params)
        parts.append(np.column_stack([column.to_numpy() for column in table.columns]))
        evaluations += int(details["evaluations"])
        progress(min(first + CALL_ROWS, len(mine)) / len(mine))
    found = np.concatenate(parts)
    return LossShapley(found[:, :-2], found[:, -2], found[:, -1], evaluations)
