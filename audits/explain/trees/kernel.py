"""Path-dependent Shapley values of flat trees, compiled: one walk of each tree for a block of rows.

A leaf of value v that asks for the columns F is a product, so that its share of column i is
v (o_i - z_i) times the integral over t in [0, 1] of the product of (t o_j + (1 - t) z_j) over the
other columns j of F: o_j is 1 where the row follows all splits of j, z_j the share of the training
rows that do (Owen 1972, "Multilinear extensions of games"). A Gauss-Legendre rule with half as many
points as F has columns gives that integral exactly. Sums over the leaves under a split are shared
as in Yu et al. 2022, "Linear TreeSHAP": the work is rows x nodes x points, not leaves x depth^2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IndexArray

BLOCK = 64
"""Rows that walk together; a constant, so that the compiler can lay them side by side."""

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(function: Function) -> Function:
    """Compile at the first call; other threads run meanwhile."""
    options: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
    return cast(Function, numba.njit(**options)(function))


@_compiled
def _ask(x: float, missing: float, table: BoolArray) -> float:
    """Return 1.0 where category `x` goes left; `table` is as `Tree.categories`."""
    if np.isnan(x):
        return missing
    known = 0 <= x < len(table) - 2
    return 1.0 if table[int(x) if known else len(table) - 2] else 0.0


@_compiled
def _turn(
    x: FloatArray, edge: float, missing: float, strict: bool, table: BoolArray, turn: FloatArray
) -> None:
    """Write whether each row goes left, 1.0 or 0.0; `table` is empty where `edge` decides."""
    if len(table) > 0:
        for r in range(BLOCK):
            turn[r] = _ask(x[r], missing, table)
    elif strict:
        for r in range(BLOCK):
            turn[r] = missing if np.isnan(x[r]) else (1.0 if x[r] < edge else 0.0)
    else:
        for r in range(BLOCK):
            turn[r] = missing if np.isnan(x[r]) else (1.0 if x[r] <= edge else 0.0)


@_compiled
def _multiply(
    above: FloatArray, here: FloatArray, then: FloatArray, now: FloatArray, share: FloatArray,
    rule: FloatArray,
) -> None:  # fmt: skip
    """Go down one split: the column's factor at each point is replaced by what it is from here.

    then, now: whether each row follows the column's splits down to the last one, and to this one.
    """
    old, new, ratio = share[0], share[1], share[2]
    for q in range(rule.shape[1]):
        t = rule[0, q]
        mixed = t + (1.0 - t) * old
        left_off = (1.0 - t) * new / mixed
        a, b, c = ratio, left_off - ratio, t / mixed
        source, target = above[q], here[q]
        for r in range(BLOCK):
            target[r] = source[r] * (a + b * then[r] + c * now[r])


@_compiled
def _collect(
    here: FloatArray, then: FloatArray, now: FloatArray, share: FloatArray, repeats: bool,
    rule: FloatArray, total: FloatArray,
) -> None:  # fmt: skip
    """Add the column's part of the leaves under one split to `total`.

    Where the column `repeats`, a split above counted these leaves as if it were the last one;
    that is taken back.
    """
    old, new = share[0], share[1]
    for q in range(rule.shape[1]):
        t, w = rule[0, q], rule[1, q]
        off = -w / (1.0 - t)
        on = w * (1.0 - new) / (t + (1.0 - t) * new)
        was_off = off if repeats else 0.0
        was_on = w * (1.0 - old) / (t + (1.0 - t) * old) if repeats else 0.0
        a, b, c = off - was_off, was_off - was_on, on - off
        source = here[q]
        for r in range(BLOCK):
            total[r] += source[r] * (a + b * then[r] + c * now[r])


@_compiled
def _hand_up(here: FloatArray, above: FloatArray, is_right: bool, n_points: int) -> None:
    """Leave the sums under the left side to the split above, or add those under the right one."""
    for q in range(n_points):
        source, target = here[q], above[q]
        if is_right:
            for r in range(BLOCK):
                target[r] += source[r]
        else:
            for r in range(BLOCK):
                target[r] = source[r]


@_compiled
def add_shares(  # noqa: PLR0917 - the fields of FlatForest: compiled code takes no objects
    rows: FloatArray, begins: IndexArray, points: IndexArray, depth_most: int, strict: bool,
    places: IndexArray, shares: FloatArray, feature: IndexArray, threshold: FloatArray,
    missing_left: FloatArray, leaf: BoolArray, value: FloatArray, table: BoolArray,
    table_start: IndexArray, table_width: IndexArray, rules: FloatArray,
    out: FloatArray,
) -> None:  # fmt: skip
    """Add every tree's Shapley values of a block of rows to `out` `[n_columns, BLOCK]`.

    rows: `[n_columns, BLOCK]`, in the precision that the trees compare in. The other arguments
    are the fields of `FlatForest`.
    """
    shape = (depth_most + 1, points.max(), BLOCK)
    product = np.ones(shape)  # on the way down, at each point
    below = np.empty(shape)  # summed over the leaves done so far
    follows = np.ones((depth_most + 1, BLOCK))  # whether the row follows the column's splits
    turns = np.empty((depth_most + 1, BLOCK))  # whether it goes left
    route = np.zeros(depth_most + 1, np.int64)
    for tree in range(len(begins) - 1):
        n = points[tree]
        rule = rules[n][:, :n]
        for node in range(begins[tree], begins[tree + 1]):
            depth, is_right, last = places[node, 0], places[node, 1], places[node, 2]
            route[depth] = node
            if depth > 0:
                now, then, turn = follows[depth], follows[last], turns[depth - 1]
                sign, shift = (-1.0, 1.0) if is_right else (1.0, 0.0)
                for r in range(BLOCK):
                    now[r] = then[r] * (shift + sign * turn[r])
                _multiply(product[depth - 1], product[depth], then, now, shares[node], rule)
            if not leaf[node]:
                sides = table[table_start[node] : table_start[node] + table_width[node]]
                _turn(
                    rows[feature[node]], threshold[node], missing_left[node], strict, sides,
                    turns[depth],
                )  # fmt: skip
                continue
            for q in range(n):
                for r in range(BLOCK):
                    below[depth, q, r] = value[node] * product[depth, q, r]
            # Up again, through every split whose both sides are done.
            while depth > 0:
                at = route[depth]
                is_right, last = places[at, 1], places[at, 2]
                _collect(
                    below[depth], follows[last], follows[depth], shares[at], last > 0, rule,
                    out[places[at, 3]],
                )  # fmt: skip
                _hand_up(below[depth], below[depth - 1], is_right > 0, n)
                if is_right == 0:
                    break
                depth -= 1
