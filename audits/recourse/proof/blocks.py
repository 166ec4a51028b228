"""Blocks of columns that encode one category, in a proof: one raw column with a cell a category."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.recourse.columns import Column
from audits.recourse.proof.reachable_values import Domain
from audits.recourse.rules.constraints import Constraints
from audits.recourse.search.proposals import Editor, Proposals

Choice = tuple[int, FloatArray, FloatArray]
"""A column, what it may become, and what that costs."""
AskCells = Callable[[pd.DataFrame, int], tuple[IntArray, FloatArray]]
"""Returns the cell and the gain of rows that differ in one raw column alone."""


def find_block(
    places: IntArray, editor: Editor, constraints: Constraints, seen: BoolArray, ask: AskCells
) -> Domain:
    """Return the cell of a block where each of its columns is the one that is set.

    seen: which of them are set in some reference row.
    """
    changed = constraints.complete(_set_each(0, places))
    cells, gains = ask(editor.apply(changed), int(places[0]))
    return Domain(np.ones(len(places)), cells, gains, seen)


def choose_set(
    row: int, places: IntArray, block: Domain, columns: tuple[Column, ...], editor: Editor,
    constraints: Constraints,
) -> list[Choice]:  # fmt: skip
    """Return which columns of a block may be set in a row: the cheapest of each other cell."""
    codes = editor.codes[row, places]
    may = block.legal & (codes != 1) & constraints.can_follow(_set_each(row, places))
    now = np.flatnonzero(codes == 1)
    if len(now) == 1 and (np.delete(codes, now) == 0).all():
        may &= block.cells != block.cells[now[0]]
    found: dict[int, Choice] = {}
    for number in np.flatnonzero(may).tolist():
        place, cell, one = int(places[number]), int(block.cells[number]), np.ones(1)
        if not constraints.allows(place, np.array([row]), one)[0]:
            continue
        cost = columns[place].cost(codes[[number]], one)
        if cell not in found or cost[0] < found[cell][2][0]:
            found[cell] = place, one, cost
    return list(found.values())


def _set_each(row: int, places: IntArray) -> Proposals:
    n = len(places)
    return Proposals(np.full(n, row), places[:, None], np.ones((n, 1)))
