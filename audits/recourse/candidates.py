"""Candidate values: what each column could become, taken from the reference data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.recourse.columns import BoolArray, Column, FloatArray, IntArray
from audits.recourse.rules import ActionRules

GRID = 32
"""The most candidate values of a numeric column."""
CATEGORIES = 32
"""The most candidate values of a categorical column: its most frequent ones."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Single changes: candidate `i` sets column `column[i]` to the code `value[i]`.

    Candidates of one column stand together, columns in the features' order.
    """

    column: IntArray
    value: FloatArray

    def __len__(self) -> int:
        return len(self.column)


def build_candidates(
    columns: Sequence[Column], reference: pd.DataFrame, rules: ActionRules
) -> Candidates:
    """Return the values worth trying; every one was seen in the reference data."""
    values = [
        np.empty(0) if column.name in rules.immutable else _column_values(column, reference, rules)
        for column in columns
    ]
    owner = np.repeat(np.arange(len(columns)), [len(found) for found in values])
    return Candidates(owner.astype(np.int64), np.concatenate([np.empty(0), *values]))


def compute_grid(values: FloatArray, size: int = GRID) -> FloatArray:
    """Return at most `size` of the values, sorted: all of them where they are that few.

    Half are quantiles of the rows, half are spread evenly over the distinct values, so that a
    long thin tail (capital gains, where most rows are 0) is covered as well as the bulk. The
    smallest and the largest value are always among them.
    """
    distinct = np.unique(values)
    if len(distinct) <= size:
        return distinct
    shares = np.linspace(0.0, 1.0, size // 2)
    by_rows = np.quantile(values, shares, method="nearest")
    by_value = np.quantile(distinct, shares, method="nearest")
    return np.union1d(by_rows, by_value)


def compute_moves(
    columns: Sequence[Column], candidates: Candidates, codes: FloatArray, rules: ActionRules
) -> tuple[BoolArray, FloatArray]:
    """Return which candidates each row may take, and their costs, `[n_rows, n_candidates]`."""
    allowed = np.zeros((len(codes), len(candidates)), dtype=np.bool_)
    costs = np.zeros((len(codes), len(candidates)))
    for place in np.unique(candidates.column):
        mine = candidates.column == place
        old, new = codes[:, [place]], candidates.value[mine][None, :]
        allowed[:, mine] = rules.compute_allowed(columns[place], old, new)
        costs[:, mine] = columns[place].cost(old, new)
    return allowed, costs


def _column_values(column: Column, reference: pd.DataFrame, rules: ActionRules) -> FloatArray:
    values = column.encode(reference[column.name])
    values = values[~np.isnan(values)]
    if column.kind != "number":
        return np.unique(values)[:CATEGORIES]  # codes stand by frequency
    low, high = rules.ranges.get(column.name, (-np.inf, np.inf))
    values = values[(values >= low) & (values <= high)]
    return compute_grid(values) if len(values) else values
