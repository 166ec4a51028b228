"""What a tree ensemble answers to changed rows, from its trees, without asking the worker.

A forest is data: the worker hands over its nodes once, and what they say about a row is added up
here, many changes of a row in one walk. That a sum of leaves is the model's answer is checked on
every block of rows against the model's own answers; and whatever is told to people was predicted
by the model itself."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.recourse.proof.trees import Nodes
from audits.recourse.search.proposals import Proposals
from audits.trees import kernel

MAX_VALUES = 64
"""So many values of a column are walked at once: bits of a word."""
WORTH = 5
"""Changes that share all but their last one, on average, from which walking them at once pays."""
CORES = os.cpu_count() or 1
PART, SMALLEST_PART = 1_024, 128
"""The most and the fewest rows, or changed rows, that one thread takes at a time."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees as the kernel walks them. borders: each column's thresholds, rising; single: whether
    numbers are compared in float32; depth: of the deepest; columns: the split nodes of each
    column, and of those by category their answers to codes (`[n_nodes, n_codes + 2]`, the last
    two for unknown and missing ones)."""

    trees: kernel.Trees
    borders: tuple[FloatArray, ...]
    single: bool
    depth: int
    columns: tuple[tuple[IntArray, BoolArray | None], ...]

    def round(self, values: FloatArray) -> FloatArray:
        """Return values as precise as the trees compare them."""
        return values.astype(np.float32).astype(np.float64) if self.single else values


def build_forest(nodes: Nodes, n_columns: int) -> Forest:
    """Lay nodes out for the walk.

    Raises ValueError where a walk could leave the arrays or never end, or where one column is
    split both by threshold and by category.
    """
    n = len(nodes.value)
    inner = np.flatnonzero((nodes.left >= 0) | (nodes.right >= 0))
    left, right = nodes.left[inner], nodes.right[inner]
    below = np.concatenate([nodes.roots, left, right])
    if not (
        (np.minimum(left, right) > inner).all()
        and len(np.unique(below)) == len(below)
        and (np.maximum(left, right) < n).all()
        and ((nodes.feature[inner] >= 0) & (nodes.feature[inner] < n_columns)).all()
        and len(nodes.roots) > 0
        and ((nodes.roots >= 0) & (nodes.roots < n)).all()
    ):
        raise ValueError("nodes that do not make up trees")
    packed = np.zeros(n, dtype=kernel.NODE)
    packed["number"] = nodes.value
    packed["number"][inner] = nodes.threshold[inner]
    packed["left"], packed["right"], packed["table"] = -1, -1, -1
    packed["left"][inner], packed["right"][inner] = left, right
    packed["column"][inner] = nodes.feature[inner]
    packed["bit"] = packed["column"] % MAX_VALUES
    packed["missing_left"] = nodes.missing_left
    listed = list(nodes.categories.items())
    widths = [len(table) for _, table in listed]
    if min(widths, default=2) < 2:
        raise ValueError("a split by category without answers")
    for (node, _), start, width in zip(listed, np.cumsum([0, *widths])[:-1], widths, strict=True):
        packed["table"][node], packed["width"][node] = start, width
    tables = np.concatenate([np.zeros(1, dtype=np.bool_), *(table for _, table in listed)])[1:]
    columns = tuple(_gather(nodes, inner[nodes.feature[inner] == c]) for c in range(n_columns))
    trees = kernel.Trees(
        packed, nodes.roots.astype(np.int64), np.append(tables, False), bool(nodes.strict)
    )
    borders = tuple(np.unique(nodes.threshold[here]) for here, _ in columns)
    return Forest(trees, borders, nodes.dtype is np.float32, _measure_depth(nodes), columns)


def _gather(nodes: Nodes, here: IntArray) -> tuple[IntArray, BoolArray | None]:
    """Return a column's nodes, and their answers to each code where they split by category."""
    tables = [nodes.categories.get(node) for node in here.tolist()]
    chosen = [table for table in tables if table is not None]
    if not chosen:
        return here, None
    if len(chosen) < len(tables):
        raise ValueError("a column that is split both by threshold and by category")
    widest = max(len(table) for table in chosen)
    answers = np.array([np.insert(t, len(t) - 2, [t[-2]] * (widest - len(t))) for t in chosen])
    return here, answers


def _measure_depth(nodes: Nodes) -> int:
    depth, level = 0, nodes.roots
    while level.size:
        depth += 1
        split = level[nodes.left[level] >= 0]
        level = np.concatenate([nodes.left[split], nodes.right[split]])
    return depth


class Walk:
    """A forest over the rows of a block. rows: as the trees see them, `[n_rows, n_columns]`."""

    def __init__(self, forest: Forest, rows: FloatArray) -> None:
        self._forest = forest
        self._rows = np.ascontiguousarray(forest.round(rows))
        shape = len(forest.trees.roots), len(rows)
        self._ways = kernel.Ways(np.empty(shape), np.empty(shape, dtype=np.uint64))

        def walk(part: slice) -> None:
            ways = kernel.Ways(self._ways.leaves[:, part], self._ways.paths[:, part])
            kernel.walk_rows(forest.trees, self._rows[part], ways)

        _run_parts(len(rows), walk)

    def compute_own(self) -> FloatArray:
        """Return the sum of each unchanged row's leaves, `[n_rows]`."""
        total: FloatArray = self._ways.leaves.sum(axis=0)
        return total

    def compute_sums(self, changed: Proposals) -> FloatArray:
        """Return the sum of each changed row's leaves, `[n]`; values as the trees see them."""
        values = self._forest.round(changed.values)
        new = _is_new_head(changed)
        shared = np.flatnonzero(new)
        last = changed.columns[:, -1] if changed.columns.shape[1] else np.empty(0, dtype=np.int64)
        known = not np.isnan(values).any()
        if known and len(shared) * WORTH <= len(changed) and (last >= 0).all():
            listed = _list_values(last, values[:, -1], len(self._forest.columns))
            if max(map(len, listed)) <= MAX_VALUES:
                return self._vary(changed, values, shared, listed)
        alike = ~new
        alike[1:] &= last[1:] == last[:-1] if len(last) else False
        return self._change(changed, values, alike)

    def _change(self, changed: Proposals, values: FloatArray, alike: BoolArray) -> FloatArray:
        sums = np.empty(len(changed))
        rows, columns = np.ascontiguousarray(changed.rows), np.ascontiguousarray(changed.columns)
        values = np.ascontiguousarray(values)

        def walk(part: slice) -> None:
            some = kernel.Changes(rows[part], columns[part], values[part], alike[part])
            kernel.add_changes(self._forest.trees, self._rows, self._ways, some, sums[part])

        _run_parts(len(changed), walk)
        return sums

    def _vary(
        self, changed: Proposals, values: FloatArray, heads: IntArray, listed: list[FloatArray]
    ) -> FloatArray:
        """Add up what shares all changes but the last one in one walk for each head."""
        of_head = np.repeat(np.arange(len(heads)), np.diff(np.r_[heads, len(changed)]))
        last = changed.columns[:, -1]
        place = np.empty(len(changed), dtype=np.int64)
        for column in np.unique(last).tolist():
            here = np.flatnonzero(last == column)
            place[here] = np.searchsorted(listed[column], values[here, -1])
        starts = np.cumsum([0, *map(len, listed)])
        wanted = np.zeros((len(heads), len(listed)), dtype=np.uint64)
        np.bitwise_or.at(wanted, (of_head, last), np.uint64(1) << place.astype(np.uint64))
        rows = self._rows[changed.rows[heads]]
        for slot in range(changed.columns.shape[1] - 1):
            column = changed.columns[heads, slot]
            real = np.flatnonzero(column >= 0)
            rows[real, column[real]] = values[heads[real], slot]
        lefts = self._decide(listed)
        sums = np.empty(len(changed))
        ends = np.r_[heads, len(changed)]

        def walk(part: slice) -> None:
            some = slice(ends[part.start], ends[min(part.stop, len(heads))])
            added = np.zeros((len(rows[part]), starts[-1]))
            size = self._forest.depth + MAX_VALUES
            room = np.empty((size, 2), dtype=np.int64), np.empty(size, dtype=np.uint64)
            kernel.add_variations(
                self._forest.trees, rows[part], lefts, wanted[part], starts, room, added
            )
            at = starts[last[some]] + place[some]
            sums[some] = added[of_head[some] - part.start, at]

        _run_parts(len(heads), walk)
        return sums

    def _decide(self, listed: list[FloatArray]) -> kernel.Bits:
        """Return for each node which of its column's listed values go left, as bits."""
        lefts = np.zeros(len(self._forest.trees.nodes), dtype=np.uint64)
        for (here, answers), values in zip(self._forest.columns, listed, strict=True):
            if not len(here) or not len(values):
                continue
            if answers is not None:
                known = (values >= 0) & (values < answers.shape[1] - 2)
                goes = answers[:, np.where(known, values, answers.shape[1] - 2).astype(np.int64)]
                goes[:, values < 0] = answers[:, [-1]]
            else:
                edge = self._forest.trees.nodes["number"][here, None]
                goes = values < edge if self._forest.trees.strict else values <= edge
            padded = np.zeros((len(here), MAX_VALUES), dtype=np.bool_)
            padded[:, : len(values)] = goes
            lefts[here] = np.packbits(padded, axis=1, bitorder="little").view("<u8")[:, 0]
        return lefts


def warm_up(forest: Forest) -> None:
    """Have all walks compiled, or read from where they are kept, before they are wanted."""
    walk = Walk(forest, np.zeros((1, len(forest.columns))))
    values = np.arange(2.0 * WORTH)[:, None]
    places = np.zeros(values.shape, dtype=np.int64)
    changed = Proposals(places[:, 0], places, values)
    walk.compute_sums(changed)
    walk.compute_sums(changed.take(slice(0, 1)))


def _run_parts(n: int, work: Callable[[slice], None]) -> None:
    """Do the work in parts, on all cores where there are several parts."""
    parts = _split(n)
    waiting = iter(parts)

    def work_off() -> None:
        for part in waiting:  # each part is handed out once, whoever asks
            work(part)

    others = min(CORES, len(parts)) - 1
    running = [_start_threads().submit(work_off) for _ in range(others)]
    work_off()  # the thread that asks works too
    for thread in running:
        thread.result()


@functools.cache
def _start_threads() -> ThreadPoolExecutor:
    """Return threads for the other cores, the same ones each time: a walk is shorter than their
    start."""
    return ThreadPoolExecutor(max(1, CORES - 1), thread_name_prefix="walk")


def _split(n: int) -> list[slice]:
    """Return parts of at most PART, at least one for each core where there is enough."""
    size = max(SMALLEST_PART, min(PART, -(-n // CORES)))
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _is_new_head(changed: Proposals) -> BoolArray:
    """Say which changed rows differ from the one before in more than the last change, `[n]`."""
    new = np.ones(len(changed), dtype=np.bool_)
    new[1:] = changed.rows[1:] != changed.rows[:-1]
    for slot in range(changed.columns.shape[1] - 1):
        column, value = changed.columns[:, slot], changed.values[:, slot]
        new[1:] |= (column[1:] != column[:-1]) | (value[1:] != value[:-1])
    return new


def _list_values(columns: IntArray, values: FloatArray, n_columns: int) -> list[FloatArray]:
    """Return the distinct values of each column, rising."""
    return [np.unique(values[columns == column]) for column in range(n_columns)]
