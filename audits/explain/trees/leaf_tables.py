"""Exact path-dependent Shapley values of symmetric trees, from a table a tree.

In a symmetric tree a row's answers, and so its Shapley values, depend on its leaf alone. The game
is written as a sum of unanimity games (Harsanyi dividends): a set of questions counts once all
columns of all of them are known, and its dividend is shared by those columns equally."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import FloatArray, IndexArray
from audits.models import SymmetricTree

MAX_DEPTH = 10
"""A table is 4**depth numbers on its way: 8 MB at this depth."""


@dataclass(frozen=True, slots=True)
class LeafTable:
    """What each leaf of one tree gives to columns. columns: raw columns `[m]` that the tree looks
    at. values: `[2**depth, m]`. base: the tree's mean over its training rows."""

    columns: IndexArray
    values: FloatArray
    base: float


def compute_leaf_table(tree: SymmetricTree, leaves: FloatArray) -> LeafTable:
    """Return the Shapley values of every leaf.

    leaves: `[2**depth]`, what each leaf adds to the output that is explained.
    """
    questions = list(dict.fromkeys(tree.owners))
    columns = sorted(frozenset().union(*questions))
    sets = np.arange(1 << len(questions))
    asked = (sets[:, None] >> np.arange(len(questions))) & 1 == 1
    worth = _compute_worth(tree, leaves, asked[:, [questions.index(item) for item in tree.owners]])
    base = float(worth[0, 0])
    for bit in range(len(questions)):
        halves = worth.reshape(-1, 2, 1 << bit, worth.shape[1])
        halves[:, 1] -= halves[:, 0]
    uses = np.array([[column in item for column in columns] for item in questions], dtype=bool)
    uses = uses.reshape(len(questions), len(columns))
    taken = (asked[:, :, None] & uses[None]).any(axis=1)
    shares = taken / np.maximum(taken.sum(axis=1, keepdims=True), 1)
    return LeafTable(np.array(columns, dtype=np.intp), worth.T @ shares, base)


def _compute_worth(tree: SymmetricTree, leaves: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
    """Return `[n_sets, 2**depth]`: the tree's mean for a row of each leaf, where only some levels
    are known.

    known: `[n_sets, depth]`. Level 0 is next to the leaves: its sides are their even and odd.
    """
    n_sets, depth = known.shape
    worth = np.broadcast_to(leaves, (n_sets, 1, leaves.size))
    weights = np.asarray(tree.weights, dtype=np.float64)
    for level in range(depth):
        left, right = worth[..., 0::2], worth[..., 1::2]
        total = weights[0::2] + weights[1::2]
        # No training row came here: both sides count alike.
        share = np.divide(weights[1::2], total, out=np.full_like(total, 0.5), where=total > 0)
        mean = left + share * (right - left)
        is_known = known[:, level, None, None]
        sides = [np.where(is_known, left, mean), np.where(is_known, right, mean)]
        worth = np.concatenate(sides, axis=1)
        weights = total
    return np.ascontiguousarray(worth.reshape(n_sets, -1))
