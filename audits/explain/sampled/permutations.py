"""Permutations of columns, moved one at a time from a reference row to an explained row.

What each step changes, averaged over random orders of the columns and over reference rows, is the
column's Shapley value (Castro, Gomez and Tejada 2009, "Polynomial calculation of the Shapley value
based on sampling"). Each order is taken forwards and backwards: an antithetic pair, which is exact
where no more than two columns act together (Mitchell et al. 2022, "Sampling Permutations for
Shapley Value Estimation")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IndexArray
from audits.explain.sampled.blend import Blender


@dataclass(frozen=True, slots=True)
class PermutationSteps:
    """The steps of `n` antithetic pairs of permutations.

    steps: float64 `[n, n_players]`, the mean change of the score when a column moves from the
    reference row's value to the explained row's; each permutation's add up to the difference of the
    two rows' scores. differs: bool `[n, n_players]`, whether the two rows differ in the column;
    where not the step is 0. evaluations: rows that the model was asked for.
    """

    steps: FloatArray
    differs: BoolArray
    evaluations: int


def sample_permutations(
    blender: Blender,
    rows: IndexArray,
    others: IndexArray,
    ends: tuple[FloatArray, FloatArray],
    generator: np.random.Generator,
) -> PermutationSteps:
    """Move each of `others` to each of `rows`, a column at a time in a random order and its
    reverse.

    rows, others: `[n]` positions. ends: the scores `[n]` of the explained and of the reference
    rows, which every permutation shares. Columns in which the two rows are equal are left out of
    the permutation: they change nothing.
    """
    differs = blender.find_differences(rows, others)
    length = differs.sum(axis=1)
    rank = _draw_ranks(differs, generator)
    # Steps 1 ... length - 1 lie between the two ends, forwards and backwards.
    inner = np.arange(1, max(int(length.max(initial=0)), 1))
    permutation, position = np.nonzero(inner[None, :] < length[:, None])
    step = inner[position]
    forwards = (rank[permutation] < step[:, None]) & differs[permutation]
    backwards = (rank[permutation] >= (length[permutation] - step)[:, None]) & differs[permutation]
    from_row = np.concatenate([forwards, backwards])
    scores = blender.predict(
        np.tile(rows[permutation], 2), np.tile(others[permutation], 2), from_row
    )
    half = len(permutation)
    ahead = _compute_steps(scores[:half], permutation, step, length, ends)
    behind = _compute_steps(scores[half:], permutation, step, length, ends)
    n = np.arange(len(rows))[:, None]
    back = np.maximum(length[:, None] - 1 - rank, 0)
    there = np.minimum(rank, ahead.shape[1] - 1)
    steps = np.where(differs, (ahead[n, there] + behind[n, back]) / 2, 0.0)
    return PermutationSteps(steps, differs, len(scores))


def _draw_ranks(differs: BoolArray, generator: np.random.Generator) -> IndexArray:
    """Return each column's place `[n, n_players]` in a random order; equal columns come last."""
    keys = generator.random(differs.shape)
    keys[~differs] = 2.0
    order = np.argsort(keys, axis=1)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(differs.shape[1])[None, :], axis=1)
    return rank


def _compute_steps(
    scores: FloatArray,
    permutation: IndexArray,
    step: IndexArray,
    length: IndexArray,
    ends: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Return the change of score at each step `[n, longest]`, 0 beyond a permutation's end."""
    finish, start = ends
    longest = max(int(length.max(initial=0)), 1)
    path = np.repeat(finish[:, None], longest + 1, axis=1)
    path[:, 0] = np.where(length > 0, start, finish)
    path[permutation, step] = scores
    return np.diff(path, axis=1)
