"""What proves inside the model's worker that a row has no recourse: `HANDLERS` for the wire.

Columns that encode one category are one raw column here: `owner` in the params names for each
feature the first feature of its block, itself where it is in none.

Three requests: which split points the columns have (`recourse_borders`), which cell each value
falls into (`recourse_cells`), and whether the cells of some rows reach the wanted score
(`recourse_prove`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.core.errors import CheckNotApplicableError
from audits.models import Adapter, select_features
from audits.recourse.proof.enumerate import (
    Budget,
    BudgetSpentError,
    Combination,
    Problem,
    find_cheapest,
)
from audits.recourse.proof.linear import LinearProblem, find_cheapest_linear
from audits.recourse.proof.model import (
    Additive,
    find_encoded,
    find_link,
    find_target,
    is_mirrored,
    predict_output,
    read_additive,
)
from audits.recourse.proof.trees import Leaves, build_leaves, compute_cells, find_borders

NONE, FOUND, OPEN = "none", "found", "open"
"""What is known of a row: no change reaches the wanted score, one does, or the budget ended."""


def compute_borders(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_borders`: the split points of raw columns that the model sees as they are.

    frame: reference rows. params: `output`, `owner`. Returns a table `place`, `border`, and details
    `kind` ("trees" or "linear") and `as_is`: the places of raw columns whose encoded values
    equal their own in all these rows.
    """
    additive = read_additive(adapter, int(params["output"]))
    encoded = adapter.encode(frame)
    chosen = select_features(frame, adapter.info.features)
    as_is, places, borders = [], [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for place, name in enumerate(adapter.info.features):
        mine = find_encoded(_own(params, encoded.owner), place)
        if len(mine) != 1 or not pd.api.types.is_numeric_dtype(chosen[name]):
            continue
        raw = chosen[name].to_numpy(dtype=np.float64, na_value=np.nan)
        if not np.array_equal(raw, encoded.matrix[:, mine[0]], equal_nan=True):
            continue
        found = np.empty(0)
        if additive.nodes is not None:
            listed = find_borders(additive.nodes, int(mine[0]))
            if listed is None:
                continue
            found = listed
        as_is.append(place)
        places.append(np.full(len(found), place))
        borders.append(found)
    table = pa.table({"place": np.concatenate(places), "border": np.concatenate(borders)})
    kind = "linear" if additive.nodes is None else "trees"
    return table, {"kind": kind, "as_is": as_is}


def compute_value_cells(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_cells`: the cell of each value of the raw column `place`.

    frame: rows that differ in that column, or its block, alone. Two values of a cell are the same
    to the model. Returns a table `cell` (int64, from 0) and `gain`: what the value adds to a linear
    model's sum in the wanted direction, 0 for trees.
    """
    output = int(params["output"])
    additive = read_additive(adapter, output)
    encoded = adapter.encode(frame)
    mine = find_encoded(_own(params, encoded.owner), int(params["place"]))
    block = encoded.matrix[:, mine]
    if additive.nodes is not None:
        cells, gains = compute_cells(additive.nodes, block, mine), np.zeros(len(frame))
    else:
        gains = _weigh(additive, block, mine, mirrored=is_mirrored(adapter, output))
        cells = np.unique(gains, return_inverse=True)[1].astype(np.int64)
    return pa.table({"cell": cells, "gain": gains}), {}


def _own(params: dict[str, Any], owner: IntArray) -> IntArray:
    """Return the raw column that each of the model's columns comes from, blocks as one."""
    return np.asarray(params["owner"], dtype=np.int64)[owner]


def _weigh(additive: Additive, block: FloatArray, mine: IntArray, *, mirrored: bool) -> FloatArray:
    assert additive.weights is not None
    gains: FloatArray = block @ additive.weights[mine]
    return -gains if mirrored else gains


def prove(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_prove`: can changes of up to `max_changes` columns reach the threshold?

    frame: first the rows themselves, then the options: copies of a row with one column changed.
    params: `row` and `place` of each option (the row's number, the changed raw column), its
    `cost`; `owner`, `output`, `threshold`, `max_changes`, `work` (multiply-adds a row) and
    `seconds` (for all rows). Details: `status`, for each row NONE, FOUND or OPEN. Table: the
    cheapest answers of the fewest columns, confirmed by the model's own prediction: `row`,
    `options` (numbers of the options taken), `cost`.
    Raises CheckNotApplicableError where the model is no sum of leaves or weights.
    """
    request = _read_request(adapter, frame, params)
    deadline = time.monotonic() + float(params["seconds"])
    make_finder = _prepare_linear if request.additive.nodes is None else _prepare_trees
    find = make_finder(request)
    statuses: list[str] = []
    rows: list[int] = []
    options: list[list[int]] = []
    costs: list[float] = []
    for row in range(request.n_rows):
        budget = Budget(float(params["work"]), lambda: time.monotonic() >= deadline)
        try:
            answers = find(row, budget)
        except BudgetSpentError:
            statuses.append(OPEN)
            continue
        statuses.append(FOUND if answers else NONE)
        for answer in answers:
            rows.append(row)
            options.append(request.name_options(row, answer))
            costs.append(answer.cost)
    table = pa.table(
        {
            "row": pa.array(rows, pa.int64()),
            "options": pa.array(options, pa.list_(pa.int64())),
            "cost": pa.array(costs, pa.float64()),
        }
    )
    return table, {"status": statuses}


Find = Callable[[int, Budget], list[Combination]]


@dataclass(frozen=True, slots=True)
class _Request:
    """The rows and options of one call, encoded and checked against the model's own answers.

    by_row: for each row and raw column that may change, the options' numbers. owner,
    feature_owner: the raw column of each of the model's columns and of each feature.
    """

    adapter: Adapter
    frame: pd.DataFrame
    additive: Additive
    matrix: FloatArray
    owner: IntArray
    feature_owner: IntArray
    n_rows: int
    costs: FloatArray
    by_row: tuple[Mapping[int, IntArray], ...]
    output: int
    threshold: float
    max_changes: int

    @property
    def mirrored(self) -> bool:
        return is_mirrored(self.adapter, self.output)

    def columns_of(self, row: int) -> tuple[int, ...]:
        return tuple(self.by_row[row])

    def name_options(self, row: int, answer: Combination) -> list[int]:
        listed = list(self.by_row[row].values())
        pairs = zip(answer.columns, answer.picks, strict=True)
        return [int(listed[column][pick]) for column, pick in pairs]

    def confirm(self, row: int, answers: Sequence[Combination]) -> BoolArray:
        """Predict the row with these changes."""
        source = np.full((len(answers), len(self.adapter.info.features)), row)
        places = self.columns_of(row)
        for number, answer in enumerate(answers):
            named = self.name_options(row, answer)
            for column, option in zip(answer.columns, named, strict=True):
                source[number, self.feature_owner == places[column]] = self.n_rows + option
        changed = {
            name: self.frame[name].array.take(source[:, place])
            for place, name in enumerate(self.adapter.info.features)
        }
        scores = predict_output(self.adapter, pd.DataFrame(changed), self.output)
        holds: BoolArray = scores >= self.threshold
        return holds


def _read_request(adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]) -> _Request:
    output = int(params["output"])
    row, place = (np.asarray(params[name], dtype=np.int64) for name in ("row", "place"))
    n_rows = len(frame) - len(row)
    by_row: list[dict[int, IntArray]] = [{} for _ in range(n_rows)]
    order = np.lexsort((np.arange(len(row)), place, row))
    keys = row[order] * (place.max(initial=0) + 1) + place[order]
    for group in np.split(order, np.flatnonzero(np.diff(keys)) + 1) if len(order) else []:
        by_row[row[group[0]]][int(place[group[0]])] = group
    encoded = adapter.encode(frame)
    return _Request(
        adapter=adapter,
        frame=frame,
        additive=read_additive(adapter, output),
        matrix=encoded.matrix,
        owner=_own(params, encoded.owner),
        feature_owner=np.asarray(params["owner"], dtype=np.int64),
        n_rows=n_rows,
        costs=np.asarray(params["cost"], dtype=np.float64),
        by_row=tuple(by_row),
        output=output,
        threshold=float(params["threshold"]),
        max_changes=int(params["max_changes"]),
    )


def _prepare_trees(request: _Request) -> Find:
    """Build the leaves of all rows' cells; check that they add up to the model's answers."""
    nodes = request.additive.nodes
    assert nodes is not None
    cells, blocks = [], []
    for place in range(len(request.adapter.info.features)):
        mine = find_encoded(request.owner, place)
        block = request.matrix[:, mine]
        cell = compute_cells(nodes, block, mine)
        cells.append(cell)
        blocks.append(block[np.unique(cell, return_index=True)[1]])
    try:
        leaves = build_leaves(nodes, request.additive.offset, request.owner, blocks)
    except ValueError as error:
        raise CheckNotApplicableError(f"the ensemble is too large to prove: {error}") from error
    sums = _sum_leaves(leaves, cells, request.by_row)
    answers = predict_output(request.adapter, request.frame, _summed_output(request))
    link = find_link(request.additive, sums, answers)
    target, slack = find_target(
        request.additive, link, request.threshold, request.additive.scale,
        mirrored=request.mirrored,
    )  # fmt: skip
    if request.mirrored:
        leaves = Leaves(-leaves.offset, leaves.tree, -leaves.value, leaves.meets)

    def find(row: int, budget: Budget) -> list[Combination]:
        options = list(request.by_row[row].items())
        problem = Problem(
            own=np.array([cell[row] for cell in cells]),
            columns=tuple(place for place, _ in options),
            cells=tuple(cells[place][request.n_rows + mine] for place, mine in options),
            costs=tuple(request.costs[mine] for _, mine in options),
            target=target,
            slack=slack,
        )
        return find_cheapest(
            leaves, problem, request.max_changes, budget, lambda some: request.confirm(row, some)
        )

    return find


def _sum_leaves(
    leaves: Leaves, cells: Sequence[IntArray], by_row: Sequence[Mapping[int, IntArray]]
) -> FloatArray:
    """Return the sum of the leaves that each row and each option of the frame reaches."""
    sums = np.full(len(cells[0]), leaves.offset)
    for row, options in enumerate(by_row):
        own = np.column_stack(
            [meets[:, cell[row]] for meets, cell in zip(leaves.meets, cells, strict=True)]
        )
        missed = np.count_nonzero(~own, axis=1)
        reached = np.flatnonzero(missed == 0)
        sums[row] += leaves.value[reached].sum()
        for place, mine in options.items():
            near = np.flatnonzero((missed == 0) | ((missed == 1) & ~own[:, place]))
            option_cells = cells[place][len(by_row) + mine]
            table = leaves.meets[place][np.ix_(near, option_cells)]
            sums[len(by_row) + mine] += leaves.value[near] @ table.astype(np.float64)
    return sums


def _summed_output(request: _Request) -> int:
    """Return the output whose score the sum stands for."""
    return 1 - request.output if request.mirrored else request.output


def _prepare_linear(request: _Request) -> Find:
    """Weigh all rows and options; check that the sums are the model's answers."""
    weights = request.additive.weights
    assert weights is not None
    sums = request.additive.offset + request.matrix @ weights
    answers = predict_output(request.adapter, request.frame, _summed_output(request))
    link = find_link(request.additive, sums, answers)
    scale = float(np.abs(request.matrix * weights).sum(axis=1).max(initial=0.0))
    target, slack = find_target(
        request.additive, link, request.threshold, scale, mirrored=request.mirrored
    )
    wanted = -sums if request.mirrored else sums

    def find(row: int, budget: Budget) -> list[Combination]:
        options = list(request.by_row[row].values())
        problem = LinearProblem(
            gains=tuple(wanted[request.n_rows + mine] - wanted[row] for mine in options),
            costs=tuple(request.costs[mine] for mine in options),
            need=target - wanted[row],
            slack=slack,
        )
        return find_cheapest_linear(
            problem, request.max_changes, budget, lambda some: request.confirm(row, some)
        )

    return find


HANDLERS: Mapping[
    str, Callable[[Adapter, pd.DataFrame, dict[str, Any]], tuple[pa.Table, dict[str, Any]]]
] = {
    "recourse_borders": compute_borders,
    "recourse_cells": compute_value_cells,
    "recourse_prove": prove,
}
