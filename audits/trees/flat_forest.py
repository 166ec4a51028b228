"""A `Forest` laid out as flat arrays in the order in which `tree_kernel` walks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import BoolArray, FloatArray, IndexArray
from audits.trees.forest import Forest, Tree


@dataclass(frozen=True, slots=True)
class FlatForest:
    """All nodes of all trees that split, each tree in preorder.

    begins: int64 `[n_trees + 1]`, where each tree's nodes begin. points: int64 `[n_trees]`, the
    points of the Gauss-Legendre rule that is exact for the tree. depth: of the deepest tree.
    places: int64 `[n_nodes, 4]`: depth, whether a right child, the depth of the last node above
    that was reached by a split of the same column (0 where there is none), that column.
    shares: float64 `[n_nodes, 3]`: of the training rows, the share that follows the column's
    splits down to that last node, the share that follows them down to here, and the share of the
    parent's rows that came here. feature, threshold, missing_left, leaf, value: as in `Tree`.
    table, table_start, table_width: the splits by category; width 0 where there is none.
    rules: float64 `[n + 1, 2, n]`, for q points the places and the weights of the rule.
    dtype, strict: as in `Forest`.
    """

    begins: IndexArray
    points: IndexArray
    depth: int
    strict: bool
    places: IndexArray
    shares: FloatArray
    feature: IndexArray
    threshold: FloatArray
    missing_left: FloatArray
    leaf: BoolArray
    value: FloatArray
    table: BoolArray
    table_start: IndexArray
    table_width: IndexArray
    rules: FloatArray
    dtype: type[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class _Layout:
    order: IndexArray
    places: IndexArray
    shares: FloatArray
    distinct: int


def flatten_forest(forest: Forest) -> FlatForest | None:
    """Return the flat form of a forest, None where no tree splits."""
    trees = [tree for tree in forest.trees if tree.left[0] >= 0]
    if not trees:
        return None
    layouts = [_lay_out(tree) for tree in trees]
    begins = np.cumsum([0, *(len(layout.order) for layout in layouts)])

    def gather(name: str) -> NDArray[Any]:
        return np.concatenate(
            [getattr(tree, name)[at.order] for tree, at in zip(trees, layouts, strict=True)]
        )

    points = np.array([(layout.distinct + 1) // 2 for layout in layouts])
    places = np.concatenate([layout.places for layout in layouts])
    return FlatForest(
        begins=begins,
        points=points,
        depth=int(places[:, 0].max()),
        strict=forest.strict,
        places=places,
        shares=np.concatenate([layout.shares for layout in layouts]),
        feature=gather("feature"),
        threshold=gather("threshold"),
        missing_left=gather("missing_left").astype(np.float64),
        leaf=gather("left") < 0,
        value=gather("value"),
        **_gather_categories(trees, layouts, begins),
        rules=_build_rules(int(points.max())),
        dtype=forest.dtype,
    )


def _build_rules(most: int) -> FloatArray:
    """Return places and weights on [0, 1] of the rules with 0 to `most` points."""
    rules = np.zeros((most + 1, 2, most))
    for n in range(1, most + 1):
        place, weight = np.polynomial.legendre.leggauss(n)
        rules[n, :, :n] = (place + 1) / 2, weight / 2
    return rules


def _gather_categories(
    trees: list[Tree], layouts: list[_Layout], begins: IndexArray
) -> dict[str, Any]:
    tables = [np.zeros(1, dtype=np.bool_)]
    start, width = np.zeros((2, int(begins[-1])), dtype=np.intp)
    end = 1
    for tree, layout, begin in zip(trees, layouts, begins[:-1], strict=True):
        if not tree.categories:
            continue
        place = np.empty(len(layout.order), dtype=np.intp)
        place[layout.order] = np.arange(len(place))
        for node, table in tree.categories.items():
            start[begin + place[node]], width[begin + place[node]] = end, len(table)
            tables.append(table)
            end += len(table)
    return {"table": np.concatenate(tables), "table_start": start, "table_width": width}


def _lay_out(tree: Tree) -> _Layout:
    """Go down one tree level by level, with all columns and shares on the way to each node."""
    n = len(tree.left)
    places, shares = np.zeros((n, 4), dtype=np.intp), np.ones((n, 3))
    levels = [np.zeros(1, dtype=np.intp)]
    columns: IndexArray = np.empty((1, 0), dtype=np.intp)
    path: FloatArray = np.ones((1, 1))
    distinct: IndexArray = np.zeros(1, dtype=np.intp)
    most = 0
    while True:
        inner = np.flatnonzero(tree.left[levels[-1]] >= 0)
        if not len(inner):
            break
        parent, half = np.tile(levels[-1][inner], 2), len(inner)
        node = np.concatenate([tree.left[parent[:half]], tree.right[parent[:half]]])
        came = np.tile(inner, 2)
        columns, path, distinct = columns[came], path[came], distinct[came]
        depth, column = columns.shape[1] + 1, tree.feature[parent]
        last = ((columns == column[:, None]) * np.arange(1, depth)).max(axis=1, initial=0)
        before = path[np.arange(len(node)), last]
        above = tree.cover[parent]
        ratio = np.divide(tree.cover[node], above, out=np.zeros(len(node)), where=above > 0)
        places[node] = np.column_stack(
            [np.full(len(node), depth), np.arange(len(node)) >= half, last, column]
        )
        shares[node] = np.column_stack([before, before * ratio, ratio])
        columns = np.column_stack([columns, column])
        path = np.column_stack([path, before * ratio])
        distinct = distinct + (last == 0)
        most = max(most, int(distinct.max()))
        levels.append(node)
    order = _order(tree, levels)
    return _Layout(order, places[order], shares[order], most)


def _order(tree: Tree, levels: list[IndexArray]) -> IndexArray:
    """Return the nodes in preorder, given those of each level."""
    size = np.ones(len(tree.left), dtype=np.intp)
    position = np.zeros_like(size)
    inner = [level[tree.left[level] >= 0] for level in levels]
    for nodes in inner[::-1]:
        size[nodes] += size[tree.left[nodes]] + size[tree.right[nodes]]
    for nodes in inner:
        position[tree.left[nodes]] = position[nodes] + 1
        position[tree.right[nodes]] = position[nodes] + 1 + size[tree.left[nodes]]
    reached = np.concatenate(levels)
    order = np.empty(len(reached), dtype=np.intp)
    order[position[reached]] = reached
    return order
