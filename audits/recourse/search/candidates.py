"""Candidate values: what each column could become, taken from the reference data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IntArray
from audits.recourse.columns import Column
from audits.recourse.rules.blocks import tie_blocks
from audits.recourse.rules.relations import find_code
from audits.recourse.rules.rules import ActionRules

GRID = 32
"""The most candidate values of a numeric column."""
CATEGORIES = 32
"""The most candidate values of a categorical column: its most frequent ones."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Single changes: candidate `i` sets column `column[i]` to the code `value[i]`.

    Candidates of one column stand together, columns in the features' order. owner: what a candidate
    belongs to, of which a row takes one: its column, or the first column of its block.
    """

    column: IntArray
    value: FloatArray
    owner: IntArray

    def __len__(self) -> int:
        return len(self.column)


def build_candidates(
    columns: Sequence[Column], reference: pd.DataFrame, rules: ActionRules
) -> Candidates:
    """Return the values worth trying, all within what the reference data has.

    A column that follows another one has none of its own, one of a block is only ever set. Steps
    round the values of the data.
    """
    led = {link.follower for link in rules.links}
    values = [
        np.empty(0)
        if column.name in rules.immutable or column.name in led
        else _column_values(column, reference, rules)
        for column in columns
    ]
    blocks = tie_blocks(rules.blocks, columns)
    values = [
        found[found == 1] if place in blocks.places else found for place, found in enumerate(values)
    ]
    place = np.repeat(np.arange(len(columns)), [len(found) for found in values]).astype(np.int64)
    return Candidates(place, np.concatenate([np.empty(0), *values]), blocks.own(place))


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


def _column_values(column: Column, reference: pd.DataFrame, rules: ActionRules) -> FloatArray:
    values = column.encode(reference[column.name])
    values = values[~np.isnan(values)]
    listed = rules.list_codes(column) if column.name in rules.allowed else None
    if column.kind != "number":
        codes = np.unique(values)
        if listed is not None:
            return np.intersect1d(codes, listed)
        if column.name in rules.transitions:
            return _keep_reached(column, codes, rules)
        return codes[:CATEGORIES]  # codes stand by frequency
    if listed is not None:
        values = np.unique(listed[(listed >= column.low) & (listed <= column.high)])
    elif column.name in rules.steps:
        values = _round_to_step(column, values)
    low, high = rules.ranges.get(column.name, (-np.inf, np.inf))
    values = values[(values >= low) & (values <= high)]
    return values if listed is not None or not len(values) else compute_grid(values)


def _keep_reached(column: Column, codes: FloatArray, rules: ActionRules) -> FloatArray:
    """Return the codes to which some transition leads."""
    reached = {new for _, new in rules.transitions[column.name]}
    return np.intersect1d(codes, [find_code(column, value) for value in reached])


def _round_to_step(column: Column, values: FloatArray) -> FloatArray:
    """Return the multiples of the column's step that are nearest to the values, in their range."""
    whole = np.round(values / column.step) * column.step
    held = column.round_to_dtype(np.round(whole, column.decimals))
    return held[(held >= column.low) & (held <= column.high)]
