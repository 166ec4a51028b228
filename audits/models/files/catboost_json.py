"""The trees of a CatBoost JSON file: checked, and read for explanations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from audits.models.files.catboost_layout import (
    CATEGORICAL_NODES,
    MAX_DEPTH,
    MAX_OUTPUTS,
    NO_WEIGHTS,
    NodeTree,
    Owners,
    SymmetricTree,
    Trees,
    add_up_weights,
)

Node = Mapping[str, Any]
_NUMERIC = "FloatFeature"


class Document:
    """A parsed file. Raises ValueError or KeyError where its features are not whole."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        features = document["features_info"]
        self.symmetric: list[Node] = list(document.get("oblivious_trees") or ())
        self.others: list[Node] = list(document.get("trees") or ())
        bias = document["scale_and_bias"][1]
        self.n_outputs = len(bias) if isinstance(bias, list) else 1
        numbers = features.get("float_features") or ()
        texts = features.get("categorical_features") or ()
        self._numbers = {item["feature_index"]: int(item["flat_feature_index"]) for item in numbers}
        self._texts = {item["feature_index"]: int(item["flat_feature_index"]) for item in texts}
        self.missing_right = {
            int(item["flat_feature_index"])
            for item in numbers
            if item.get("nan_value_treatment") == "AsTrue"
        }
        self._first = sum(len(item.get("borders") or ()) for item in numbers)
        self._first += sum(len(item.get("values") or ()) for item in texts)
        self._statistics: list[Owners] = [
            frozenset(map(self._find_column, item["elements"]))
            for item in features.get("ctrs") or ()
            for _ in item["borders"]
        ]

    @property
    def combines(self) -> bool:
        """Whether a split may look at several columns at once."""
        return any(len(owners) > 1 for owners in self._statistics)

    def find_owners(self, split: Node) -> Owners:
        """Return the columns of a split. Raises ValueError or KeyError where it has none."""
        number = int(split["split_index"])
        if not 0 <= number < self._first + len(self._statistics):
            raise ValueError("it splits on a border that does not exist")
        if split["split_type"] != "OnlineCtr":
            return frozenset({self._find_column(split)})
        if number < self._first:
            raise ValueError("it splits on a statistic that does not exist")
        return self._statistics[number - self._first]

    def _find_column(self, item: Node) -> int:
        if "cat_feature_index" in item:
            return self._texts[item["cat_feature_index"]]
        return self._numbers[item["float_feature_index"]]

    def read_values(self, value: object, n_leaves: int) -> np.ndarray:
        """Return `[n_leaves, n_outputs]`. Raises ValueError on another number of them."""
        values = np.asarray(value, dtype=np.float64)
        if values.size != n_leaves * self.n_outputs or not np.isfinite(values).all():
            raise ValueError("its leaves are not whole")
        return values.reshape(n_leaves, self.n_outputs)


def read_trees(document: Document) -> Trees:
    """Check every tree and return them. Raises ValueError or KeyError where one is not whole."""
    if not 1 <= document.n_outputs <= MAX_OUTPUTS:
        raise ValueError("its number of outputs is impossible")
    symmetric = [_read_symmetric(document, tree) for tree in document.symmetric]
    readers = [_NodeReader(document, tree) for tree in document.others]
    if symmetric and readers:
        raise ValueError("it has trees of two kinds")
    if any(tree is None for tree in symmetric) or not all(item.has_weights for item in readers):
        return Trees(None, None, document.combines, NO_WEIGHTS)
    if not readers:
        return Trees(tuple(tree for tree in symmetric if tree), None, document.combines)
    if not all(item.is_numeric for item in readers):
        return Trees(None, None, document.combines, CATEGORICAL_NODES)
    return Trees(None, tuple(item.build() for item in readers), document.combines)


def _read_symmetric(document: Document, tree: Node) -> SymmetricTree | None:
    """Return a tree; None where its leaves have no weights."""
    splits = tree.get("splits") or ()
    if len(splits) > MAX_DEPTH:
        raise ValueError(f"a tree is deeper than {MAX_DEPTH}")
    owners = tuple(map(document.find_owners, splits))
    values = document.read_values(tree["leaf_values"], 1 << len(splits))
    weights = np.asarray(tree.get("leaf_weights", ()), dtype=np.float64)
    if weights.size not in (0, len(values)):
        raise ValueError("its leaves' weights are not whole")
    return SymmetricTree(owners, values, weights) if weights.size else None


class _NodeReader:
    """Walks a tree that is not symmetric and lists its nodes, parents before children."""

    def __init__(self, document: Document, tree: Node) -> None:
        self._document = document
        self._rows: list[tuple[int, float, int, int]] = []
        self._leaves: dict[int, tuple[np.ndarray, float]] = {}
        self.has_weights = self.is_numeric = True
        self._walk(tree)

    def _walk(self, node: Node) -> int:
        place = len(self._rows)
        self._rows.append((0, 0.0, -1, -1))
        if "split" not in node:
            self.has_weights &= "weight" in node
            values = self._document.read_values(node["value"], 1)[0]
            self._leaves[place] = values, float(node.get("weight", 0))
            return place
        split = node["split"]
        column = min(self._document.find_owners(split))
        self.is_numeric &= split["split_type"] == _NUMERIC
        border = float(split.get("border", 0))
        left, right = self._walk(node["left"]), self._walk(node["right"])
        self._rows[place] = column, border, left, right
        return place

    def build(self) -> NodeTree:
        """Return the tree, of numeric splits and with weights."""
        columns, borders, lefts, rights = zip(*self._rows, strict=True)
        left, right = np.array(lefts, np.intp), np.array(rights, np.intp)
        values = np.zeros((len(left), self._document.n_outputs))
        weights = np.zeros(len(left))
        for place, (value, weight) in self._leaves.items():
            values[place], weights[place] = value, weight
        return NodeTree(
            column=np.array(columns, np.intp),
            border=np.array(borders, np.float64),
            missing_left=np.array([item not in self._document.missing_right for item in columns]),
            left=left,
            right=right,
            values=values,
            weights=add_up_weights(left, right, weights),
        )
