"""Interventional Shapley values of a `Forest` by WOODELF, which counts the reference rows once by
leaf and not once a row (Nadel and Wettenstein 2025, "From Decision Trees to Boolean Logic: A Fast
and Unified SHAP Algorithm")."""

from __future__ import annotations

import contextlib
import functools
import io

import numpy as np
import pandas as pd
import woodelf
from numpy.typing import NDArray
from woodelf.core.trees.decision_trees_ensemble import (
    DecisionTreeNode,
    DecisionTreesEnsemble,
    LeftIsSmallerEqualDecisionTreeNode,
)

from audits.core.arrays import FloatArray
from audits.models import NativeModel
from audits.trees import Forest, Tree


class BackgroundShap:
    """A forest ready to be compared with one set of reference rows, chunk after chunk."""

    def __init__(self, forest: Forest, background: FloatArray) -> None:
        """background: `[n_reference, n_columns]`, at least one row, as `compute` takes rows."""
        self._dtype = forest.dtype
        trees = [_nodes(tree, strict=forest.strict) for tree in forest.trees if tree.left[0] >= 0]
        self._explainer = None
        if trees:
            ensemble = DecisionTreesEnsemble(trees)
            self._explainer = woodelf.WoodelfExplainer(ensemble, self._to_frame(background))

    def compute(self, matrix: FloatArray) -> FloatArray:
        """Return exact interventional Shapley values, float64 `[n_rows, n_columns]`.

        matrix: `[n_rows, n_columns]`, NaN where missing, codes where a tree splits by category.
        The sums run in float32: relative to the spread of the output they miss about 1e-6.
        """
        values = np.zeros(matrix.shape, dtype=np.float64)
        if self._explainer is None or not len(matrix):
            return values
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            shares = self._explainer.shap_values(self._to_frame(matrix), as_df=True, verbose=False)
        values[:, shares.columns.to_numpy()] = shares.to_numpy(dtype=np.float64)
        return values

    def _to_frame(self, matrix: FloatArray) -> pd.DataFrame:
        # Rounded as the library rounds, so that a value at a threshold takes the library's way.
        return pd.DataFrame(matrix.astype(self._dtype).astype(np.float64))


def _nodes(tree: Tree, *, strict: bool) -> NativeModel:
    """Return the root of the tree in the form that woodelf walks."""
    kind = DecisionTreeNode if strict else LeftIsSmallerEqualDecisionTreeNode
    nodes = []
    for index, left in enumerate(tree.left):
        leaf = left < 0
        nodes.append(
            kind(
                feature_name=None if leaf else int(tree.feature[index]),
                value=tree.value[index] if leaf else tree.threshold[index],
                right=None,
                left=None,
                nan_go_left=bool(tree.missing_left[index]),
                index=index,
                cover=tree.cover[index],
            )
        )
    for node, left, right in zip(nodes, tree.left, tree.right, strict=True):
        if left >= 0:
            node.left, node.right = nodes[left], nodes[right]
            node.left.parent = node.right.parent = node
    for index, table in tree.categories.items():
        # woodelf compares with a threshold; a split by category needs its own question.
        nodes[index].shall_go_left = functools.partial(
            _goes_left, feature=int(tree.feature[index]), table=table
        )
    nodes[0].depth = nodes[0].get_depth()
    return nodes[0]


def _goes_left(
    rows: pd.DataFrame, gpu: bool = False, *, feature: int, table: NDArray[np.bool_]
) -> pd.Series:
    """Look each row's category up in `table` (layout: `Tree.categories`)."""
    codes = rows[feature].to_numpy()
    n_categories = len(table) - 2
    position = np.full(len(codes), n_categories)
    known = (codes >= 0) & (codes < n_categories)
    position[known] = codes[known].astype(np.intp)
    position[np.isnan(codes)] = n_categories + 1
    return pd.Series(table[position], index=rows.index)
