"""Laying a model's error on its columns: which of them make predictions better, which worse.

What a model would say that knows only some columns of a row is the mean of its answers when the
others come from reference rows; how far that is from what is true is the loss of the set. A
column's value is what it changes in the loss when it becomes known, averaged over the orders in
which columns become known: the Shapley value of the row's loss. Averaged over rows these are SAGE
values (Covert, Lundberg and Lee 2020, NeurIPS 33) with the sign turned round: below 0 a column
helps. The loss of the mean answer is taken, not the mean loss of answers (Lundberg et al. 2020,
Nature Machine Intelligence 2:56): in the place of a useless column another row's value misleads as
much as the row's own, so that the latter lets a column that was learned by heart look harmless."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray, IndexArray
from audits.explain.groups.losses import SMALLEST
from audits.explain.sampled.blend import Blender

BLOCK_ROWS = 1 << 16
"""So many mixed rows are asked for at once."""

Loss = Callable[[FloatArray, IndexArray], FloatArray]
"""From mean answers `[n]` and the positions `[n]` of the rows that they are for to losses `[n]`."""


@dataclass(frozen=True, slots=True)
class LossShapley:
    """values: float64 `[n_rows, n_players]`; with `start`, the loss when nothing is known of the
    row, they add up to `loss`, the model's own. evaluations: rows the model was asked for."""

    values: FloatArray
    start: FloatArray
    loss: FloatArray
    evaluations: int


def log_loss(shares: FloatArray, rows: IndexArray) -> FloatArray:
    """Return the log loss of probabilities given to what is true. See `Loss`."""
    del rows
    return -np.log(np.maximum(shares, SMALLEST))


def build_squared_error(truth: FloatArray) -> Loss:
    """Return the squared error of predictions; truth: each row's true value `[n_rows]`."""

    def squared_error(answers: FloatArray, rows: IndexArray) -> FloatArray:
        return np.asarray((answers - truth[rows]) ** 2)

    return squared_error


def compute_loss_shapley(
    blender: Blender,
    n_rows: int,
    n_reference: int,
    loss: Loss,
    generator: np.random.Generator,
    *,
    orders: int = 1,
) -> LossShapley:
    """Return the Shapley values of the losses of `n_rows` rows against `n_reference` others.

    orders: random orders of the columns for each row, each taken forwards and backwards. One is
    enough for means over many rows; single rows are exact where no three columns act together.
    """
    players = blender.n_players
    per_row = 2 * max(players - 1, 1) * n_reference
    size = max(1, BLOCK_ROWS // per_row)
    values, starts = np.zeros((n_rows, players)), np.empty(n_rows)
    everybody = np.ones((n_rows, players), dtype=np.bool_)
    everyone = np.arange(n_rows)
    finishes = loss(blender.predict(everyone, np.zeros_like(everyone), everybody), everyone)
    for begin in range(0, n_rows, size):
        rows = everyone[begin : begin + size]
        nobody = np.zeros((len(rows), 1, players), dtype=np.bool_)
        starts[rows] = _compute_losses(blender, rows, n_reference, nobody, loss)[:, 0]
        for _ in range(orders):
            ends = starts[rows], finishes[rows]
            values[rows] += _sample(blender, rows, n_reference, loss, ends, generator) / orders
    evaluations = n_rows * (1 + n_reference + orders * 2 * (players - 1) * n_reference)
    return LossShapley(values, starts, finishes, evaluations)


def _sample(
    blender: Blender,
    rows: IndexArray,
    n_reference: int,
    loss: Loss,
    ends: tuple[FloatArray, FloatArray],
    generator: np.random.Generator,
) -> FloatArray:
    """Return the mean change of the loss when each column becomes known `[n_rows, n_players]`,
    over one random order a row and its reverse."""
    n, players = len(rows), blender.n_players
    order = np.argsort(generator.random((n, players)), axis=1)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(players)[None, :], axis=1)
    known = np.arange(1, players)[None, :, None]
    forwards = rank[:, None, :] < known
    backwards = rank[:, None, :] >= players - known
    losses = _compute_losses(
        blender, rows, n_reference, np.concatenate([forwards, backwards], axis=1), loss
    )
    start, finish = (end[:, None] for end in ends)
    ahead = np.diff(np.hstack([start, losses[:, : players - 1], finish]), axis=1)
    behind = np.diff(np.hstack([start, losses[:, players - 1 :], finish]), axis=1)
    there = np.take_along_axis(ahead, rank, axis=1)
    back = np.take_along_axis(behind, players - 1 - rank, axis=1)
    return np.asarray((there + back) / 2)


def _compute_losses(
    blender: Blender, rows: IndexArray, n_reference: int, known: np.ndarray, loss: Loss
) -> FloatArray:
    """Return the losses when only some columns are known `[n_rows, n_sets]`.

    known: bool `[n_rows, n_sets, n_players]`.
    """
    n, sets, players = known.shape
    if not sets:
        return np.empty((n, 0))
    from_row = np.repeat(known.reshape(n * sets, players), n_reference, axis=0)
    mine = np.repeat(rows, sets * n_reference)
    others = np.tile(np.arange(n_reference), n * sets)
    answers = blender.predict(mine, others, from_row).reshape(n * sets, n_reference)
    # Around one of them: answers that are all the same have exactly that mean.
    means = answers[:, 0] + (answers - answers[:, :1]).mean(axis=1)
    return loss(means, np.repeat(rows, sets)).reshape(n, sets)
