"""The trees in the core of a .cbm file: checked, and read for explanations.

The tables' fields are those of CatBoost's schema (catboost/libs/model/flatbuffers)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import FloatArray, IntArray
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
from audits.models.files.flatbuffer import Table, read_root

_NO_LEAF = 0xFFFFFFFF
_SPLIT = np.dtype([("index", "<i4"), ("at", "<i4")])
_BUCKET = np.dtype([("hash", "<u8"), ("index", "<u4")])
_EMPTY = 0xFFFFFFFFFFFFFFFF
_BY_CLASS, _MEANS = (0, 1), (2, 3)  # ECtrType: counts of each class; a sum and a count
_AS_TRUE = 2  # ENanValueTreatment


class Core:
    """The arrays of the file's trees. Raises ValueError where they lead out of the file.

    steps: for trees that are not symmetric, how far the children of each node are (left in the
    low half, right in the high one); empty for symmetric ones.
    """

    def __init__(self, table: Table) -> None:
        self.n_outputs = table.integer(0, 0)
        self.splits = table.array(1, "<i4").astype(np.int64)
        self.sizes = table.array(2, "<i4").astype(np.int64)
        self.starts = table.array(3, "<i4").astype(np.int64)
        self.texts = table.tables(4)
        self.numbers = table.tables(5)
        self.one_hot = table.tables(6)
        self.statistics = table.tables(7)
        self.leaf_values = table.array(8, "<f8")
        self.leaf_weights = table.array(9, "<f8")
        self.steps = table.array(10, "<u4").astype(np.int64)
        self.leaves = table.array(11, "<u4").astype(np.int64)
        self.owners = self._list_owners()

    def _list_owners(self) -> list[Owners]:
        """The columns that each of the file's splits looks at, in the order of their numbers:
        all borders of the numbers, then the values asked for, then the statistics."""
        texts = {item.integer(0, -1): item.integer(1, -1) for item in self.texts}
        numbers = {item.integer(1, -1): item.integer(2, -1) for item in self.numbers}
        owners: list[Owners] = []
        for item in self.numbers:
            owners += [frozenset({item.integer(2, -1)})] * item.array(3, "<f4").size
        for item in self.one_hot:
            owners += [frozenset({texts[item.integer(0, -1)]})] * item.array(1, "<i4").size
        for item in self.statistics:
            parts = item.table(0).table(0).table(0)
            used = {texts[index] for index in parts.array(0, "<i4").tolist()}
            used |= {numbers[index] for index in parts.array(1, _SPLIT)["index"].tolist()}
            used |= {texts[index] for index in parts.array(2, _SPLIT)["index"].tolist()}
            owners += [frozenset(used)] * item.array(1, "<f4").size
        return owners


@dataclass(frozen=True, slots=True)
class _Splits:
    """Every border of every number; the last is none."""

    column: IntArray
    border: FloatArray
    missing_left: NDArray[np.bool_]


def check_core(core: Core) -> None:
    """Raise ValueError unless every tree is whole and points only at what exists."""
    if not 1 <= core.n_outputs <= MAX_OUTPUTS:
        raise ValueError("its number of outputs is impossible")
    ends = np.cumsum(core.sizes)
    if (core.sizes < 0).any() or (ends[-1] if ends.size else 0) != core.splits.size:
        raise ValueError("its splits are not whole")
    if core.starts.size and not np.array_equal(core.starts, ends - core.sizes):
        raise ValueError("its trees do not begin where they should")
    if core.steps.size and not core.steps.size == core.leaves.size == core.splits.size:
        raise ValueError("its nodes are not whole")
    # A leaf among the nodes of a tree that is not symmetric has a split, 0, that is never asked.
    asked = core.splits[core.steps != 0] if core.steps.size else core.splits
    if asked.size and not 0 <= asked.min() <= asked.max() < len(core.owners):
        raise ValueError("it splits on a border that does not exist")
    if not np.isfinite(core.leaf_values).all():
        raise ValueError("a leaf is no finite number")
    n_leaves = _check_nodes(core) if core.steps.size else _count_leaves(core.sizes)
    if core.leaf_values.size != n_leaves * core.n_outputs:
        raise ValueError("its leaves are not whole")
    if core.leaf_weights.size not in (0, n_leaves):
        raise ValueError("its leaves' weights are not whole")


def _count_leaves(depths: IntArray) -> int:
    if depths.size and depths.max() > MAX_DEPTH:
        raise ValueError(f"a tree is deeper than {MAX_DEPTH}")
    return int((1 << depths).sum())


def _check_nodes(core: Core) -> int:
    """Return the number of leaves of trees that are not symmetric."""
    left, right = core.steps & 0xFFFF, core.steps >> 16
    place = np.arange(core.steps.size)
    end = np.repeat(np.cumsum(core.sizes), core.sizes)
    if ((place + left >= end) | (place + right >= end)).any():
        raise ValueError("a branch leads out of its tree")
    is_leaf = core.leaves != _NO_LEAF
    if (((left == 0) | (right == 0)) & ~is_leaf).any():
        raise ValueError("a branch ends without a leaf")
    ids = core.leaves[is_leaf]
    if (ids % core.n_outputs).any() or (ids >= core.leaf_values.size).any():
        raise ValueError("a leaf does not exist")
    return core.leaf_values.size // core.n_outputs


def check_encodings(tail: bytes) -> None:
    """Raise ValueError unless the tables of category statistics behind the core are whole.

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


def read_trees(core: Core) -> Trees:
    """Return the trees of a core that was checked."""
    combines = any(len(item) > 1 for item in core.owners)
    if core.leaf_weights.size * core.n_outputs != core.leaf_values.size:
        return Trees(None, None, combines, NO_WEIGHTS)
    if core.steps.size:
        return _read_nodes(core, combines)
    values = core.leaf_values.reshape(-1, core.n_outputs)
    trees, split, leaf = [], 0, 0
    for depth in core.sizes.tolist():
        end = leaf + (1 << depth)
        owners = tuple(core.owners[index] for index in core.splits[split : split + depth])
        trees.append(SymmetricTree(owners, values[leaf:end], core.leaf_weights[leaf:end]))
        split, leaf = split + depth, end
    return Trees(tuple(trees), None, combines)


def _read_nodes(core: Core, combines: bool) -> Trees:
    """Return trees that are not symmetric, where all that they ask for is numbers."""
    counts = [item.array(3, "<f4").size for item in core.numbers]
    if (core.splits[core.steps != 0] >= sum(counts)).any():
        return Trees(None, None, combines, CATEGORICAL_NODES)
    borders = [item.array(3, "<f4").astype(np.float64) for item in core.numbers]
    splits = _Splits(  # with one more, for nodes that ask nothing
        column=np.r_[np.repeat([item.integer(2, -1) for item in core.numbers], counts), 0],
        border=np.concatenate([*borders, [0.0]]),
        missing_left=np.r_[
            np.repeat([item.byte(5, 0) != _AS_TRUE for item in core.numbers], counts), True
        ],
    )
    starts = (np.cumsum(core.sizes) - core.sizes).tolist()
    trees = [
        _read_tree(core, slice(start, start + size), splits)
        for start, size in zip(starts, core.sizes.tolist(), strict=True)
    ]
    return Trees(None, tuple(trees), combines)


def _read_tree(core: Core, part: slice, splits: _Splits) -> NodeTree:
    """Return the nodes of one tree. One that has a single child is a leaf for the other side;
    that leaf becomes a node of its own behind the others."""
    steps = core.steps[part]
    place = np.arange(steps.size)
    left, right = place + (steps & 0xFFFF), place + (steps >> 16)
    is_leaf = steps == 0
    half = np.flatnonzero(~is_leaf & ((left == place) | (right == place)))
    extra = steps.size + np.arange(half.size)
    for side in (left, right):
        ends = side[half] == half
        side[half[ends]] = extra[ends]
    left, right = (
        np.r_[np.where(is_leaf, -1, side), np.full(half.size, -1)] for side in (left, right)
    )
    split = np.r_[np.where(is_leaf, -1, core.splits[part]), np.full(half.size, -1)]
    ids = np.r_[np.where(is_leaf, core.leaves[part], 0), core.leaves[part][half]] // core.n_outputs
    ends = left < 0
    values = core.leaf_values.reshape(-1, core.n_outputs)[ids] * ends[:, None]
    return NodeTree(
        column=splits.column[split].astype(np.intp),
        border=splits.border[split],
        missing_left=splits.missing_left[split],
        left=left.astype(np.intp),
        right=right.astype(np.intp),
        values=values,
        weights=add_up_weights(left, right, core.leaf_weights[ids] * ends),
    )
