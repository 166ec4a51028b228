"""Checks that the trees of a CatBoost file point only at what exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from audits.models.adapter import IntArray
from audits.models.flatbuffer import Table, read_root

_MAX_DEPTH = 16
_MAX_OUTPUTS = 10_000
_NO_LEAF = 0xFFFFFFFF
_BUCKET = np.dtype([("hash", "<u8"), ("index", "<u4")])
_EMPTY = 0xFFFFFFFFFFFFFFFF
_BY_CLASS, _MEANS = (0, 1), (2, 3)  # ECtrType: counts of each class; a sum and a count


class Binary:
    """The arrays of `TModelTrees` in CatBoost's schema (catboost/libs/model/flatbuffers)."""

    def __init__(self, trees: Table) -> None:
        self.n_outputs = trees.integer(0, 0)
        self.splits = trees.array(1, "<i4").astype(np.int64)
        self.sizes = trees.array(2, "<i4").astype(np.int64)
        self.starts = trees.array(3, "<i4").astype(np.int64)
        self.n_categorical = len(trees.tables(4))
        floats, ctrs = trees.tables(5), trees.tables(7)
        self.n_float = len(floats)
        self.one_hot = [item.integer(0, -1) for item in trees.tables(6)]
        self.n_splits = (
            sum(item.array(3, "<f4").size for item in floats)
            + sum(item.array(1, "<i4").size for item in trees.tables(6))
            + sum(item.array(1, "<f4").size for item in ctrs)
        )
        combinations = [item.table(0).table(0).table(0) for item in ctrs]
        self.ctr_columns = [int(index) for item in combinations for index in item.array(0, "<i4")]
        self.leaf_values = trees.array(8, "<f8")
        self.leaf_weights = trees.array(9, "<f8")
        self.steps = trees.array(10, "<u4").astype(np.int64)
        self.leaves = trees.array(11, "<u4").astype(np.int64)


def check_binary_trees(trees: Binary) -> None:
    """Raise ValueError unless every tree of a .cbm file is whole."""
    if not 1 <= trees.n_outputs <= _MAX_OUTPUTS:
        raise ValueError("its number of outputs is impossible")
    used = [*trees.one_hot, *trees.ctr_columns]
    if used and not 0 <= min(used) <= max(used) < trees.n_categorical:
        raise ValueError("it encodes a categorical column that does not exist")
    ends = np.cumsum(trees.sizes)
    if (trees.sizes < 0).any() or (ends[-1] if ends.size else 0) != trees.splits.size:
        raise ValueError("its splits are not whole")
    if trees.starts.size and not np.array_equal(trees.starts, ends - trees.sizes):
        raise ValueError("its trees do not begin where they should")
    if trees.splits.size and not 0 <= trees.splits.min() <= trees.splits.max() < trees.n_splits:
        raise ValueError("it splits on a border that does not exist")
    if not np.isfinite(trees.leaf_values).all():
        raise ValueError("a leaf is no finite number")
    n_leaves = _check_nodes(trees) if trees.steps.size else _count_leaves(trees.sizes)
    if trees.leaf_values.size != n_leaves * trees.n_outputs:
        raise ValueError("its leaves are not whole")
    if trees.leaf_weights.size not in (0, n_leaves):
        raise ValueError("its leaves' weights are not whole")


def _count_leaves(depths: IntArray) -> int:
    if depths.size and depths.max() > _MAX_DEPTH:
        raise ValueError(f"a tree is deeper than {_MAX_DEPTH}")
    return int((1 << depths).sum())


def _check_nodes(trees: Binary) -> int:
    """Return the leaves of trees that are no tables: each node says how far its children are."""
    if trees.steps.size != trees.splits.size or trees.leaves.size != trees.splits.size:
        raise ValueError("its nodes are not whole")
    left, right = trees.steps & 0xFFFF, trees.steps >> 16
    place = np.arange(trees.steps.size)
    end = np.repeat(np.cumsum(trees.sizes), trees.sizes)
    if ((place + left >= end) | (place + right >= end)).any():
        raise ValueError("a branch leads out of its tree")
    is_leaf = trees.leaves != _NO_LEAF
    if (((left == 0) | (right == 0)) & ~is_leaf).any():
        raise ValueError("a branch ends without a leaf")
    ids = trees.leaves[is_leaf]
    n_leaves = trees.leaf_values.size // trees.n_outputs
    if (ids % trees.n_outputs).any() or (ids >= trees.leaf_values.size).any():
        raise ValueError("a leaf does not exist")
    return n_leaves


def check_encodings(tail: bytes) -> None:
    """Raise ValueError unless the tables of category statistics behind a .cbm's core are whole.

    The library itself reads on past the end of a file that was cut short here.
    """
    if len(tail) < 4:
        raise ValueError("its category statistics are absent")
    position = 4
    for _ in range(int.from_bytes(tail[:4], "little")):
        size = int.from_bytes(tail[position : position + 4], "little")
        position += 4 + size
        if size == 0 or position > len(tail):
            raise ValueError("its category statistics are cut short")
        _check_encoding(read_root(tail[position - size : position]))
    if position != len(tail):
        raise ValueError("its category statistics do not end where the file ends")


def _check_encoding(table: Table) -> None:
    raw, n_bytes = table.array(1, "u1"), table.array(2, "u1").size
    kind = table.table(0).byte(1, 0)
    if raw.size % _BUCKET.itemsize:
        raise ValueError("its category statistics are not whole")
    buckets = raw.view(_BUCKET)
    index = buckets["index"][buckets["hash"] != _EMPTY].astype(np.int64)
    width = 4
    if kind in _BY_CLASS:
        width = 4 * max(1, table.integer(4, 0))
    elif kind in _MEANS:
        width = 8
    if index.size and (index.max() + 1) * width > n_bytes:
        raise ValueError("a category's statistics lead out of the file")


def check_json_trees(document: Mapping[str, Any]) -> int:
    """Return the number of outputs. Raises ValueError or KeyError where a tree is not whole."""
    features = document["features_info"]
    sizes = {
        "FloatFeature": ("float_feature_index", len(features.get("float_features", ()))),
        "OneHotFeature": ("cat_feature_index", len(features.get("categorical_features", ()))),
        "OnlineCtr": ("", 0),
    }
    n_splits = sum(
        len(item.get(key) or ())
        for group, key in (
            ("float_features", "borders"),
            ("categorical_features", "values"),
            ("ctrs", "borders"),
        )
        for item in features.get(group, ())
    )
    _check_ctrs(features)
    bias = document["scale_and_bias"][1]
    n_outputs = len(bias) if isinstance(bias, list) else 1
    if not 1 <= n_outputs <= _MAX_OUTPUTS:
        raise ValueError("its number of outputs is impossible")
    checker = _JsonTrees(sizes, n_splits, n_outputs)
    for tree in document.get("oblivious_trees", ()):
        checker.check_table(tree)
    for tree in document.get("trees", ()):
        checker.check_node(tree, 0)
    return n_outputs


def _check_ctrs(features: Mapping[str, Any]) -> None:
    n_categorical = len(features.get("categorical_features", ()))
    n_float = len(features.get("float_features", ()))
    for ctr in features.get("ctrs", ()):
        for element in ctr["elements"]:
            column = element.get("cat_feature_index", 0)
            number = element.get("float_feature_index", 0)
            if not (0 <= column < max(n_categorical, 1) and 0 <= number < max(n_float, 1)):
                raise ValueError("it encodes a column that does not exist")


class _JsonTrees:
    def __init__(self, sizes: Mapping[str, tuple[str, int]], n_splits: int, n_outputs: int) -> None:
        self._sizes, self._n_splits, self._n_outputs = sizes, n_splits, n_outputs

    def check_table(self, tree: Mapping[str, Any]) -> None:
        splits = tree.get("splits") or ()
        if len(splits) > _MAX_DEPTH:
            raise ValueError(f"a tree is deeper than {_MAX_DEPTH}")
        for split in splits:
            self._check_split(split)
        leaves = 1 << len(splits)
        values = np.asarray(tree["leaf_values"], dtype=np.float64)
        if values.size != leaves * self._n_outputs or not np.isfinite(values).all():
            raise ValueError("its leaves are not whole")
        if len(tree.get("leaf_weights", ())) not in (0, leaves):
            raise ValueError("its leaves' weights are not whole")

    def check_node(self, node: Mapping[str, Any], depth: int) -> None:
        if "split" in node:
            self._check_split(node["split"])
            self.check_node(node["left"], depth + 1)
            self.check_node(node["right"], depth + 1)
            return
        values = np.atleast_1d(np.asarray(node["value"], dtype=np.float64))
        if values.size != self._n_outputs or not np.isfinite(values).all():
            raise ValueError("its leaves are not whole")

    def _check_split(self, split: Mapping[str, Any]) -> None:
        key, size = self._sizes[split["split_type"]]
        if key and not 0 <= int(split[key]) < size:
            raise ValueError("it splits on a feature that does not exist")
        if not 0 <= int(split["split_index"]) < self._n_splits:
            raise ValueError("it splits on a border that does not exist")
