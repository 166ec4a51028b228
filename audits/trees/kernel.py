"""Walks down a forest, compiled: to a row's leaves, to those of a changed row, and to those of all
changes of single columns at once. Compiling takes seconds, once: it is kept on the disk.

Nothing here is checked: `audits.recourse.forests.forest_walk` hands over what it has checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IntArray

NODE = np.dtype(
    [("number", "f8"), ("left", "i4"), ("right", "i4"), ("column", "i4"), ("table", "i4"),
     ("width", "i4"), ("missing_left", "?"), ("bit", "u1"), ("unused", "u2")]
)  # fmt: skip
"""32 bytes a node, so that a step costs one line of the cache. number: the threshold, a leaf's
value. left, right: positions of the children, -1 in a leaf. table, width: where the answers of a
split by category stand, -1 where there is none. bit: the column's number modulo 64."""

Nodes = np.ndarray[Any, np.dtype[np.void]]
Bits = np.ndarray[Any, np.dtype[np.uint64]]


class Trees(NamedTuple):
    """Nodes of all trees (dtype NODE), each tree's root, the answers of the splits by category,
    and whether a number goes left below its threshold only."""

    nodes: Nodes
    roots: IntArray
    tables: BoolArray
    strict: bool


class Ways(NamedTuple):
    """Each row's leaf of each tree, `[n_trees, n_rows]`, and the bits of the columns that were
    asked on the way to it."""

    leaves: FloatArray
    paths: Bits


class Changes(NamedTuple):
    """Changed rows: row `which[i]` with `columns[i, s]` (-1: none) set to `values[i, s]`. alike:
    those that differ from the one before in the value of the last change alone."""

    which: IntArray
    columns: IntArray
    values: FloatArray
    alike: BoolArray


BLOCK = 64
"""Rows that go down a tree one after another, while its nodes are at hand."""

_MAGIC = 0x03F79D71B4CB0A89
_SHIFT = np.uint64(58)
_FACTOR = np.uint64(_MAGIC)
_ONE = np.uint64(1)
_PLACES = np.argsort([(_MAGIC << place) % 2**64 >> 58 for place in range(64)])
"""A de Bruijn sequence: the top six bits of a lone bit times the factor tell where it stands."""

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(function: Function) -> Function:
    """Compile at the first call, without the lock that other threads wait for."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return cast(Function, numba.njit(**options, cache=True)(function))
    except RuntimeError:  # nowhere to keep it: compiled anew in each process
        return cast(Function, numba.njit(**options)(function))


@numba.njit(inline="always")
def _step(trees: Trees, at: int, x: float) -> int:
    """Return the child that value `x` goes to."""
    node = trees.nodes[at]
    if node.table >= 0:
        if np.isnan(x) or x < 0:
            place = node.width - 1
        elif x < node.width - 2:
            place = np.int64(x)
        else:
            place = node.width - 2
        left = trees.tables[node.table + place]
    elif np.isnan(x):
        left = node.missing_left
    elif trees.strict:
        left = x < node.number
    else:
        left = x <= node.number
    child: int = node.left if left else node.right
    return child


@numba.njit(inline="always")
def _is_between(trees: Trees, low: float, x: float, high: float) -> bool:
    """Whether x goes right at threshold `low` and left at `high`."""
    if trees.strict:
        return low <= x < high
    return low < x <= high


@numba.njit(inline="always")
def _narrow(
    trees: Trees, at: int, x: float, after: int, low: float, high: float
) -> tuple[float, float]:
    """Return between which thresholds values go the same way as `x`, which went to `after`."""
    node = trees.nodes[at]
    if node.table >= 0 or np.isnan(x):
        return np.inf, high  # nothing is between
    if after == node.left:
        return low, min(high, node.number)
    return max(low, node.number), high


@_compiled
def walk_rows(trees: Trees, rows: FloatArray, ways: Ways) -> None:
    """Write the rows' own ways."""
    nodes, roots = trees.nodes, trees.roots
    for t in range(len(roots)):
        for r in range(len(rows)):
            at = roots[t]
            asked = np.uint64(0)
            while nodes[at].left >= 0:
                asked |= _ONE << np.uint64(nodes[at].bit)
                at = _step(trees, at, rows[r, nodes[at].column])
            ways.leaves[t, r] = nodes[at].number
            ways.paths[t, r] = asked


@_compiled
def add_changes(
    trees: Trees,
    rows: FloatArray,
    ways: Ways,
    changes: Changes,
    sums: FloatArray,
) -> None:
    """Write the sum of the leaves of changed rows.

    Trees that ask no changed column on the row's own way keep its leaf. Where what alone tells a
    changed row from the one before lies between the same thresholds, the way is the same.
    """
    nodes, roots = trees.nodes, trees.roots
    which, columns, values, alike = changes
    block = np.empty((BLOCK, rows.shape[1]))
    changed = np.empty(BLOCK, np.uint64)
    last = columns.shape[1] - 1
    for start in range(0, len(which), BLOCK):
        size = min(BLOCK, len(which) - start)
        for k in range(size):
            i = start + k
            block[k] = rows[which[i]]
            changed[k] = 0
            for s in range(columns.shape[1]):
                c = columns[i, s]
                if c >= 0:
                    block[k, c] = values[i, s]
                    changed[k] |= _ONE << np.uint64(c & 63)
            sums[i] = 0.0
        for t in range(len(roots)):
            leaf, low, high = 0.0, -np.inf, np.inf
            for k in range(size):
                i = start + k
                r = which[i]
                if k > 0 and alike[i] and _is_between(trees, low, values[i, last], high):
                    sums[i] += leaf
                    continue
                leaf, low, high = ways.leaves[t, r], -np.inf, np.inf
                if ways.paths[t, r] & changed[k]:
                    varied = columns[i, last]
                    at = roots[t]
                    while nodes[at].left >= 0:
                        c = nodes[at].column
                        after = _step(trees, at, block[k, c])
                        if c == varied:
                            low, high = _narrow(trees, at, block[k, c], after, low, high)
                        at = after
                    leaf = nodes[at].number
                sums[i] += leaf


@_compiled
def add_variations(
    trees: Trees,
    rows: FloatArray,
    lefts: Bits,
    wanted: Bits,
    starts: IntArray,
    room: tuple[IntArray, Bits],
    sums: FloatArray,
) -> None:
    """Add up the leaves of each row with one column set to one of some values, all at once.

    lefts `[n_nodes]`: which values of its column (bits) go left at a node. wanted `[n_rows,
    n_columns]`: which values each row is asked about. starts: where a column's values begin in
    `sums` `[n_rows, n_values]`, which is 0 before; what is not wanted becomes the row's own sum.
    room `[depth + 64, 2]`, `[depth + 64]`: for what is left to walk; a way down leaves at most one
    set behind at each node, and a set falls apart at most 63 times.

    A tree is walked once for the row. Where values part from its way, they walk on as a set.
    """
    nodes, roots = trees.nodes, trees.roots
    todo, sets = room
    alive = np.empty(wanted.shape[1], np.uint64)
    totals = np.empty(BLOCK)
    for start in range(0, len(rows), BLOCK):
        end = min(start + BLOCK, len(rows))
        totals[:] = 0.0
        for t in range(len(roots)):
            for r in range(start, end):
                alive[:] = wanted[r]
                top = 0
                at = roots[t]
                while nodes[at].left >= 0:
                    c = nodes[at].column
                    after = _step(trees, at, rows[r, c])
                    goes_left = after == nodes[at].left
                    stay = lefts[at] if goes_left else ~lefts[at]
                    if alive[c] & ~stay:
                        todo[top, 0] = nodes[at].right if goes_left else nodes[at].left
                        todo[top, 1] = c
                        sets[top] = alive[c] & ~stay
                        top += 1
                        alive[c] &= stay
                    at = after
                own = nodes[at].number
                totals[r - start] += own
                while top > 0:
                    top -= 1
                    at, c, some = todo[top, 0], todo[top, 1], sets[top]
                    while nodes[at].left >= 0:
                        if nodes[at].column != c:
                            at = _step(trees, at, rows[r, nodes[at].column])
                            continue
                        left = some & lefts[at]
                        if left == 0:
                            at = nodes[at].right
                            continue
                        if left != some:
                            todo[top, 0] = nodes[at].right
                            todo[top, 1] = c
                            sets[top] = some & ~left
                            top += 1
                            some = left
                        at = nodes[at].left
                    gain = nodes[at].number - own
                    while some:
                        lone = some & (~some + _ONE)
                        sums[r, starts[c] + _PLACES[(lone * _FACTOR) >> _SHIFT]] += gain
                        some ^= lone
        for r in range(start, end):
            sums[r] += totals[r - start]
