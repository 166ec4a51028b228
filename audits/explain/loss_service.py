"""Laying a model's error on its columns: which of them make predictions better, which worse.

A row's loss depends on what is true of it. Walks from reference rows to the row (`walks.py`) that
take over one column at a time, with the true outcome held fixed, say what knowing each column
changes in the loss: the Shapley values of the loss (Lundberg et al. 2020, Nature Machine
Intelligence 2:56, "model monitoring"; averaged over rows they are SAGE values with the sign turned
round, Covert, Lundberg and Lee 2020, NeurIPS 33). Below 0 a column helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.attribution import FloatArray
from audits.explain.blend import Score, build_blender
from audits.explain.columns import IntArray
from audits.explain.gap import compute_pair_steps
from audits.explain.losses import build_losses
from audits.models.adapter import Adapter
from audits.models.client import ModelClient
from audits.models.columns import select_features

PAIRS = 64
LEAST_PAIRS = 8
EVALUATIONS = 2_000_000
"""About so many predictions are made at most; more columns get fewer walks, but `LEAST_PAIRS`."""
CALL_ROWS = 64


@dataclass(frozen=True, slots=True)
class LossSteps:
    """What each column's step changes in the loss, for pairs of a row and a reference row.

    steps: float64 `[n_pairs, n_features]`; a pair's add up to the row's loss less the loss of the
    reference row's answer for the row's true outcome. rows, others: `[n_pairs]` positions. loss:
    `[n_rows]`, the rows' own.
    """

    steps: FloatArray
    rows: IntArray
    others: IntArray
    loss: FloatArray

    def compute_row_means(self) -> FloatArray:
        """Return each row's attributions `[n_rows, n_features]`: the mean over its pairs, of which
        every row has equally many, next to one another."""
        n_rows = len(self.loss)
        means: FloatArray = self.steps.reshape(n_rows, -1, self.steps.shape[1]).mean(axis=1)
        return means


def name_loss(task: str) -> str:
    """Return the loss that is laid on columns."""
    return "squared_error" if task == "regression" else "log_loss"


def build_loss_score(task: str, truth: FloatArray, output: int | None) -> Score:
    """Return the loss of answers, given the true outcome `[n_rows]` of every row: see
    `build_losses`."""
    wanted = name_loss(task)

    def score(answer: FloatArray, rows: IntArray) -> FloatArray:
        losses = {loss.name: loss for loss in build_losses(task, truth[rows], output)}
        values = answer.reshape(len(answer)) if task == "regression" else answer
        return losses[wanted].compute(values)

    return score


def compute_loss_steps(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `loss`: the steps of pairs of a row and a reference row.

    frame: the explained rows, then the reference rows. params: `truth` (of each explained row),
    `others` (the pairs' reference rows, from 0; every row has equally many pairs,
    one row's after the other's), `output` (the favourable class of a binary model, or null),
    `seed`. Returns float64 columns "0", "1", ... of each pair's steps, and `loss`, the rows' own.
    """
    truth = np.asarray(params["truth"], dtype=np.float64)
    others = np.asarray(params["others"], dtype=np.intp)
    n_rows = len(truth)
    score = build_loss_score(adapter.info.task, truth, params["output"])
    blender = build_blender(adapter, frame.iloc[:n_rows], frame.iloc[n_rows:], score)
    rows = np.repeat(np.arange(n_rows), len(others) // n_rows)
    generator = np.random.default_rng(int(params["seed"]))
    steps = compute_pair_steps(blender, rows, others, generator)
    everybody = np.ones((n_rows, blender.n_players), dtype=np.bool_)
    loss = blender.predict(np.arange(n_rows), np.zeros(n_rows, dtype=np.intp), everybody)
    names = [str(index) for index in range(steps.shape[1])]
    table = pa.table([pa.array(np.ascontiguousarray(step)) for step in steps.T], names=names)
    return table, {"loss": loss.tolist()}


def choose_pairs(n_rows: int, n_features: int, n_reference: int) -> int:
    """Return how many reference rows every row is paired with."""
    affordable = EVALUATIONS // max(2 * n_rows * n_features, 1)
    return min(max(min(PAIRS, affordable), LEAST_PAIRS), n_reference)


def explain_losses(
    client: ModelClient,
    frame: pd.DataFrame,
    truth: FloatArray,
    reference: pd.DataFrame,
    generator: np.random.Generator,
    *,
    output: int | None,
    progress: Callable[[float], None] = lambda _: None,
) -> LossSteps:
    """Walk every row of `frame` from reference rows, each from equally many different ones.

    truth, output: see `build_losses`. `frame` and `reference` have at least one row each.
    """
    features = client.info.features
    mine, theirs = select_features(frame, features), select_features(reference, features)
    n_rows, n_reference = len(mine), len(theirs)
    pairs = choose_pairs(n_rows, len(features), n_reference)
    order = generator.permutation(n_reference)
    begin = generator.integers(n_reference, size=n_rows)
    others = order[(begin[:, None] + np.arange(pairs)) % n_reference]
    steps, losses = [], []
    for first in range(0, n_rows, CALL_ROWS):
        part = slice(first, first + CALL_ROWS)
        both = pd.concat([mine.iloc[part], theirs], ignore_index=True)
        table, details = client.call(
            "loss",
            both,
            {
                "truth": truth[part].tolist(),
                "others": others[part].ravel().tolist(),
                "output": output,
                "seed": int(generator.integers(2**31)),
            },
        )
        steps.append(np.column_stack([column.to_numpy() for column in table.columns]))
        losses += details["loss"]
        progress(min(first + CALL_ROWS, n_rows) / n_rows)
    return LossSteps(
        np.concatenate(steps), np.repeat(np.arange(n_rows), pairs), others.ravel(),
        np.array(losses, dtype=np.float64),
    )  # fmt: skip
