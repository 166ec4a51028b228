"""What a CatBoost file says of its trees: which columns each split looks at, and the leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import FloatArray

Owners = frozenset[int]
"""Places of raw columns in the model's order."""
MAX_DEPTH = 16
MAX_OUTPUTS = 10_000


@dataclass(frozen=True, slots=True)
class SymmetricTree:
    """A tree whose level asks one question of every row.

    owners: for each level, the raw columns that its question looks at; several where a statistic
    of several categories is compared. Bit k of a leaf's number is the answer at level k; the root
    is the last level. values: `[2**depth, n_outputs]`. weights: `[2**depth]`, the training rows
    of each leaf.
    """

    owners: tuple[Owners, ...]
    values: FloatArray
    weights: FloatArray


@dataclass(frozen=True, slots=True)
class NodeTree:
    """Any other tree, of numeric splits; arrays over its nodes, children after their parents.

    column: of the split. A row goes right where its value, as float32, is above `border`, or
    where it is missing and not `missing_left`. left, right: child nodes, -1 in a leaf. values:
    `[n_nodes, n_outputs]`, 0 but in leaves. weights: `[n_nodes]`, training rows.
    """

    column: NDArray[np.intp]
    border: FloatArray
    missing_left: NDArray[np.bool_]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    values: FloatArray
    weights: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """The trees of a model, as far as they can be followed without the library's hashes.

    symmetric: in the order of CatBoost's `calc_leaf_indexes`; None where they are not symmetric.
    others: None where they are symmetric, or where a split asks for a category. why: what keeps
    both from being read, else "". combines: whether a split may look at several columns at once.
    """

    symmetric: tuple[SymmetricTree, ...] | None
    others: tuple[NodeTree, ...] | None
    combines: bool
    why: str = ""


NO_WEIGHTS = (
    "this CatBoost file does not keep how many training rows reached each leaf, which exact "
    "attributions start from; save the model again as it was trained"
)
CATEGORICAL_NODES = (
    "this CatBoost model asks for categories in trees that are not symmetric, which only CatBoost "
    "itself can follow, and its own attributions of such trees are wrong; train with "
    "grow_policy='SymmetricTree'"
)


def add_up_weights(
    left: NDArray[np.intp], right: NDArray[np.intp], weights: FloatArray
) -> FloatArray:
    """Return the weights of all nodes from those of the leaves; children come after parents."""
    total = weights.copy()
    for node in range(len(left) - 1, -1, -1):
        if left[node] >= 0:
            total[node] = total[left[node]] + total[right[node]]
    return total
