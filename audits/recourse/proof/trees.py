"""Which leaves of a tree ensemble a row can reach, column by column.

The values of one raw column fall into cells: two values of a cell go the same way at every
split. Whether a row reaches a leaf is then a question to each column alone, "does its cell meet
every condition on the leaf's path?", which is kept as one yes/no table a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.trees import Forest

MAX_ENTRIES = 400_000_000
"""The most yes/no answers, leaves times cells, that are kept at once (one byte each)."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """All trees' nodes in one row of arrays; see `audits.trees.forest.Tree` for the fields.

    tree `[n_nodes]` says which tree a node is of; left and right are positions in these arrays,
    -1 in a leaf; roots `[n_trees]`.
    """

    tree: IntArray
    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    missing_left: BoolArray
    value: FloatArray
    categories: Mapping[int, BoolArray]
    roots: IntArray
    strict: bool
    dtype: type[np.floating]


@dataclass(frozen=True, slots=True)
class Leaves:
    """The leaves of an ensemble whose values add up, one a tree, with `offset`.

    tree and value `[n_leaves]`, ascending by tree. meets: for each raw column whether a leaf's
    conditions on it hold, `[n_leaves, n_cells]`.
    """

    offset: float
    tree: IntArray
    value: FloatArray
    meets: tuple[BoolArray, ...]


def flatten_forest(forest: Forest) -> Nodes:
    """Return the nodes of all trees in one row of arrays."""
    sizes = [len(tree.value) for tree in forest.trees]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def moved(children: Sequence[NDArray[np.intp]]) -> IntArray:
        parts = [
            np.where(one < 0, -1, one + start)
            for one, start in zip(children, starts[:-1], strict=True)
        ]
        return np.concatenate(parts).astype(np.int64)

    categories = {
        int(start) + node: table
        for tree, start in zip(forest.trees, starts[:-1], strict=True)
        for node, table in tree.categories.items()
    }
    return Nodes(
        tree=np.repeat(np.arange(len(sizes)), sizes),
        feature=np.concatenate([tree.feature for tree in forest.trees]).astype(np.int64),
        threshold=np.concatenate([tree.threshold for tree in forest.trees]),
        left=moved([tree.left for tree in forest.trees]),
        right=moved([tree.right for tree in forest.trees]),
        missing_left=np.concatenate([tree.missing_left for tree in forest.trees]),
        value=np.concatenate([tree.value for tree in forest.trees]),
        categories=categories,
        roots=starts[:-1],
        strict=forest.strict,
        dtype=forest.dtype,
    )


def compute_cells(nodes: Nodes, block: FloatArray, encoded: IntArray) -> IntArray:
    """Return the cell of each value of one raw column, `[n_values]`, numbered from 0.

    block: the values as the trees see them, `[n_values, n_encoded]`; encoded: which of the
    model's columns these are.
    """
    parts = [np.zeros(len(block), dtype=np.int64)]
    for values, column in zip(block.T, encoded, strict=True):
        here = np.flatnonzero((nodes.feature == column) & (nodes.left >= 0))
        chosen = np.array([node in nodes.categories for node in here.tolist()], dtype=np.bool_)
        if chosen.any():
            parts.append(np.unique(values, return_inverse=True)[1])
        borders = np.unique(nodes.threshold[here[~chosen]])
        if len(borders):
            seen = values.astype(nodes.dtype).astype(np.float64)
            place = np.searchsorted(borders, seen, side="right" if nodes.strict else "left")
            parts.append(np.where(np.isnan(seen), -1, place))
    cells: IntArray = np.unique(np.column_stack(parts), axis=0, return_inverse=True)[1].ravel()
    return cells


def find_borders(nodes: Nodes, column: int) -> FloatArray | None:
    """Return the split points of one of the model's columns; None where it splits by category."""
    here = np.flatnonzero((nodes.feature == column) & (nodes.left >= 0))
    if any(node in nodes.categories for node in here.tolist()):
        return None
    return np.unique(nodes.threshold[here])


def build_leaves(
    nodes: Nodes, offset: float, owner: IntArray, blocks: Sequence[FloatArray]
) -> Leaves:
    """Follow every cell of every raw column down all trees.

    owner: for each of the model's columns the raw column it comes from. blocks: for each raw
    column one representative a cell, as the trees see it, `[n_cells, n_encoded]`.
    Raises ValueError where leaves times cells are too many to keep.
    """
    cells = sum(len(block) for block in blocks)
    if len(nodes.value) * cells > MAX_ENTRIES:
        raise ValueError(f"{len(nodes.value):,} nodes and {cells:,} cells are too many to keep")
    local = np.zeros(len(owner), dtype=np.int64)
    for place in range(len(blocks)):
        mine = np.flatnonzero(owner == place)
        local[mine] = np.arange(len(mine))
    reach = [np.zeros((len(nodes.value), len(block)), dtype=np.bool_) for block in blocks]
    for table in reach:
        table[nodes.roots] = True
    level = nodes.roots[nodes.left[nodes.roots] >= 0]
    while level.size:
        for place, block in enumerate(blocks):
            goes = _decide(nodes, level, block, local, owner[nodes.feature[level]] == place)
            above = reach[place][level]
            reach[place][nodes.left[level]] = above & goes[0]
            reach[place][nodes.right[level]] = above & goes[1]
        below = np.concatenate([nodes.left[level], nodes.right[level]])
        level = below[nodes.left[below] >= 0]
    leaves = np.flatnonzero(nodes.left < 0)
    return Leaves(
        offset, nodes.tree[leaves], nodes.value[leaves], tuple(table[leaves] for table in reach)
    )


def _decide(
    nodes: Nodes, level: IntArray, block: FloatArray, local: IntArray, mine: BoolArray
) -> tuple[BoolArray, BoolArray]:
    """Return whether each cell may go left, and right: both ways where another column decides."""
    left = np.ones((len(level), len(block)), dtype=np.bool_)
    right = left.copy()
    if mine.any():
        here = level[mine]
        seen = block[:, local[nodes.feature[here]]].T
        compared = seen.astype(nodes.dtype).astype(np.float64)
        threshold = nodes.threshold[here, None]
        goes = compared < threshold if nodes.strict else compared <= threshold
        goes = np.where(np.isnan(seen), nodes.missing_left[here, None], goes)
        for place, node in enumerate(here.tolist()):
            table = nodes.categories.get(node)
            if table is not None:
                goes[place] = _look_up(table, seen[place])
        left[mine], right[mine] = goes, ~goes
    return left, right


def _look_up(table: BoolArray, codes: FloatArray) -> BoolArray:
    """Return which codes go left at a node that splits by category."""
    absent = np.isnan(codes) | (codes < 0)
    whole = np.where(absent, 0, codes).astype(np.int64)
    place = np.where(whole < len(table) - 2, whole, len(table) - 2)
    goes: BoolArray = table[np.where(absent, len(table) - 1, place)]
    return goes
