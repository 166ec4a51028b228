"""Numbering the combinations of codes that occur, without sorting the cells where it can be helped.

Codes are small integers, so that a table with a place for every possible combination is nearly
always cheaper than a sort: it is what keeps views and thresholds live on millions of cells.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from audits.core.arrays import IntArray

_PLACES_PER_CELL = 8
"""With more possible combinations than so many a cell, a sort is the cheaper way."""


def number_combinations(codes: Iterable[IntArray], cells: int) -> tuple[IntArray, IntArray]:
    """Return (a cell of each combination that occurs, each cell's combination).

    codes: arrays `[cells]` of integers from -1 up. Combinations are numbered in the order of
    their codes, the first array's counting most. Without codes all cells are one combination.
    """
    key, size = np.zeros(cells, dtype=np.int64), 1
    for code in codes:
        width = int(code.max(initial=-1)) + 2
        if size * width > 1 << 62:
            key, size = _renumber(key, size)
        key, size = key * width + code + 1, size * width
    place, size = _renumber(key, size)
    first = np.empty(size, dtype=np.int64)
    first[place] = np.arange(cells)
    return first, place


def _renumber(key: IntArray, size: int) -> tuple[IntArray, int]:
    """Return the keys as numbers from 0 without gaps, in the same order, and how many."""
    if size > max(1 << 16, _PLACES_PER_CELL * len(key)):
        unique, place = np.unique(key, return_inverse=True)
        return place.astype(np.int64), len(unique)
    seen = np.zeros(size, dtype=bool)
    seen[key] = True
    places = np.cumsum(seen) - 1
    return places[key], int(seen.sum())
