"""What a column may become: the values over which the absence of recourse is proven.

A number: every value with as many decimals as the reference data has, within the reference
data's range, or within the declared range where there is one (an open end of it is the reference
data's). A number with endless decimals: as many as the search uses, and the reference data's own
values besides. Where steps are declared their multiples, where allowed values are listed those
within that range. A category or a yes/no value: those seen in the reference data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.recourse.columns import Column
from audits.recourse.rules.rules import ActionRules

MAX_VALUES = 50_000
"""A number with more values than these is cut at the model's own split points instead."""
AROUND = 2
"""So many legal values on each side of a split point are listed: one would do but for rounding."""
FINEST = 256
"""The most options of one column that a linear model's row is given."""
_HAIR = 1e-6
"""A share of a step: steps such as 0.1 have no exact float."""


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """One raw column's values (codes, ascending), and each one's cell and gain.

    legal: which values the column may take; the others are only what some row has now.
    """

    values: FloatArray
    cells: IntArray
    gains: FloatArray
    legal: BoolArray


def find_range(column: Column, rules: ActionRules) -> tuple[float, float]:
    """Return the lowest and the highest value that a number may take."""
    low, high = rules.ranges.get(column.name, (column.low, column.high))
    return (
        low if math.isfinite(low) else column.low,
        high if math.isfinite(high) else column.high,
    )


def list_values(
    column: Column, reference: pd.Series, rules: ActionRules, borders: FloatArray | None
) -> FloatArray | None:
    """Return the codes that the column may take, ascending; see this module's words.

    borders: the split points of a column that the model sees as it is, None where it does not:
    a column of too many values is then listed around these alone, one value a cell at least.
    Returns None where the values are too many to list.
    """
    seen = column.encode(reference)
    seen = np.unique(seen[~np.isnan(seen)])
    if column.kind != "number":
        return seen
    low, high = find_range(column, rules)
    if not low <= high:
        return np.empty(0)
    seen = seen[(seen >= low) & (seen <= high)]
    if column.name in rules.allowed:
        listed = np.unique(column.round_to_dtype(rules.list_codes(column)))
        return listed[(listed >= low) & (listed <= high)]
    first, last = math.ceil(low / column.step - _HAIR), math.floor(high / column.step + _HAIR)
    if last - first < MAX_VALUES:
        whole = np.arange(first, last + 1, dtype=np.float64)
    elif borders is not None:
        whole = _steps_around(column, np.r_[borders, low, high, _thin(seen)])
    else:
        return None
    whole = whole[(whole >= first) & (whole <= last)]
    listed = column.round_to_dtype(np.round(whole * column.step, column.decimals))
    listed = np.union1d(listed, seen)
    return listed[(listed >= low) & (listed <= high)]


def _steps_around(column: Column, borders: FloatArray) -> FloatArray:
    """Return the steps on both sides of each border, also where a float32 rounds to it."""
    rounding = np.spacing(np.abs(borders).astype(np.float32)).astype(np.float64)
    near = np.concatenate([borders + share * rounding for share in (-2, -1, 0, 1, 2)])
    whole = np.floor(near / column.step)
    return np.unique(np.concatenate([whole + shift for shift in range(-AROUND, AROUND + 1)]))


def _thin(values: FloatArray) -> FloatArray:
    if len(values) <= FINEST:
        return values
    return values[np.linspace(0, len(values) - 1, FINEST).round().astype(np.int64)]


def choose_options(
    column: Column, domain: Domain, old: float, may: BoolArray, *, linear: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the values that are worth a look for a row that has `old`, and what they cost.

    may: which of the domain's values the rules let the row change to.

    Of a tree ensemble's values the cheapest of each cell but the row's own; of a linear model's
    those that no cheaper value outdoes, the largest gain always among them.
    """
    allowed = domain.legal & may
    values, cells, gains = domain.values[allowed], domain.cells[allowed], domain.gains[allowed]
    costs = column.cost(np.full(len(values), old), values)
    if linear:
        order = np.lexsort((-gains, costs))
        highest = np.maximum.accumulate(np.r_[-np.inf, gains[order]])[:-1]
        order = order[gains[order] > highest]
        if len(order) > FINEST:
            order = order[np.linspace(0, len(order) - 1, FINEST).round().astype(np.int64)]
        return values[order], costs[order]
    mine = domain.cells[domain.values == old]
    other = ~np.isin(cells, mine)
    values, cells, costs = values[other], cells[other], costs[other]
    order = np.lexsort((values, costs))
    first = np.sort(order[np.unique(cells[order], return_index=True)[1]])
    return values[first], costs[first]
