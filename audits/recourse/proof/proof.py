"""Rows without an answer are put to the proof: is there really no recourse?

The model's worker does the sums (`proof_service`); here stands what each column may become under
the rules, and what is said of each row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.core.errors import CheckNotApplicableError
from audits.recourse.columns import Column, build_columns
from audits.recourse.proof.blocks import Choice, choose_set, find_block
from audits.recourse.proof.enumerate import count_changes
from audits.recourse.proof.reachable_values import Domain, choose_options, list_values
from audits.recourse.rules.constraints import Constraints, equip_columns
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.proposals import Editor, Proposals

SERVICE = "audits.recourse.proof.service"
"""What to name in `open_model(..., services=[SERVICE])` so that the worker can prove."""

WORK = 4e9
"""Multiply-adds for one row, some seconds; a row that needs more is searched, not proven."""
OPTIONS_AT_ONCE = 20_000
ROWS_AT_ONCE = 16


class Worker(Protocol):
    """The part of a `ModelClient` that a proof needs."""

    def call(
        self, name: str, frame: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> tuple[pa.Table, dict[str, Any]]:
        """Run a handler of `SERVICE` beside the model."""
        ...


@dataclass(frozen=True, slots=True)
class RowProof:
    """What is known of one row. status: NONE (proven), FOUND or OPEN (see `proof_service`).

    cells: how many changes of up to `max_changes` columns were decided, counted by cells (0 for
    a linear model, where each column's largest gain decides). columns: how many columns may
    change. proposals: the answers found, fewest and cheapest first; their rows are numbered as
    the rows given.
    """

    status: str
    cells: int
    columns: int
    proposals: Proposals


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows, under which rules, need which score of which of the model's outputs.

    Rules between columns are not looked at, so that a proof of none holds with them as well, but
    what is found may break them. Rules for single rows are, by the ids in the rows' index.
    """

    rows: pd.DataFrame
    reference: pd.DataFrame
    rules: ActionRules
    threshold: float
    output: int
    max_changes: int


def prove_rows(
    worker: Worker,
    question: Question,
    *,
    seconds: float,
    work: float = WORK,
    progress: Callable[[int, int], None] | None = None,
) -> list[RowProof]:
    """Decide for each row whether any allowed change of up to `max_changes` columns suffices.

    worker: a model opened with `SERVICE`. question.rows: the model's features, rejected rows.
    seconds: after which the rest is left open; work: multiply-adds a row, so that the answer
    does not depend on the machine. progress: called with (rows decided, rows).

    Raises CheckNotApplicableError where nothing is proven for the model or a column, or where
    columns move together, with the reason; InputError where the model cannot read a value of
    the reference data.
    """
    deadline = time.monotonic() + seconds
    asked = _Asked(worker, question)
    proofs: list[RowProof] = []
    for options in asked.iterate_options():
        left = max(0.0, deadline - time.monotonic())
        proofs += asked.decide(options, work, left)
        if progress is not None:
            progress(len(proofs), len(question.rows))
    return proofs


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of consecutive rows: single changes with their costs.

    rows: the rows' numbers. sizes: for each, how many options each of its columns has.
    """

    rows: range
    sizes: list[list[int]]
    changes: Proposals
    costs: FloatArray


class _Asked:
    """One question, with the columns' values as the model divides them."""

    def __init__(self, worker: Worker, question: Question) -> None:
        self._worker, self._question = worker, question
        rules = question.rules
        if rules.links:
            link = rules.links[0]
            raise CheckNotApplicableError(
                f"columns move together ({link.follower!r} with {link.leader!r}), which no proof "
                "takes into account"
            )
        self._columns = equip_columns(build_columns(question.rows, question.reference), rules)
        self._editor = Editor(question.rows, self._columns)
        names = [str(row) for row in question.rows.index]
        self._constraints = Constraints(rules, self._columns, self._editor, names)
        self._owner = self._constraints.blocks.own(np.arange(len(self._columns)))
        self._limited = {row for row, name in enumerate(names) if name in rules.limits}
        table, details = worker.call("recourse_borders", question.reference, self._params())
        self._linear = details["kind"] == "linear"
        place, border = table["place"].to_numpy(), table["border"].to_numpy()
        as_is = set(details["as_is"])
        self._domains = [
            self._find_domain(number, column, border[place == number] if number in as_is else None)
            for number, column in enumerate(self._columns)
        ]
        self._blocks = [
            find_block(
                places, self._editor, self._constraints, self._find_seen(places), self._ask_cells
            )
            for places in self._constraints.blocks.members
            if len(question.rows)
        ]
        self._known: dict[tuple[int, float], tuple[FloatArray, FloatArray]] = {}

    def iterate_options(self) -> Iterator[_Options]:
        """Yield the options of some rows at a time, so that no request grows too large."""
        sizes: list[list[int]] = []
        parts: list[tuple[int, int, FloatArray, FloatArray]] = []
        total, first = 0, 0
        for row in range(len(self._editor.codes)):
            sizes.append([])
            for choices in self._list_choices(row):
                sizes[-1].append(sum(len(values) for _, values, _ in choices))
                parts += [(row, *one) for one in choices]
                total += sizes[-1][-1]
            if total >= OPTIONS_AT_ONCE or len(sizes) >= ROWS_AT_ONCE:
                yield _join(range(first, row + 1), sizes, parts)
                sizes, parts, total, first = [], [], 0, row + 1
        if sizes:
            yield _join(range(first, first + len(sizes)), sizes, parts)

    def decide(self, options: _Options, work: float, seconds: float) -> list[RowProof]:
        """Ask the worker about some rows."""
        question, changes = self._question, options.changes
        own = self._editor.unchanged().take(slice(options.rows.start, options.rows.stop))
        whole = self._constraints.complete(changes)
        frame = pd.concat([self._editor.apply(own), self._editor.apply(whole)], ignore_index=True)
        table, details = self._worker.call(
            "recourse_prove",
            frame,
            self._params()
            | {
                "row": (changes.rows - options.rows.start).tolist(),
                "place": self._owner[changes.columns[:, 0]].tolist(),
                "cost": options.costs.tolist(),
                "threshold": question.threshold,
                "max_changes": question.max_changes,
                "work": work,
                "seconds": seconds,
            },
        )
        answers = table.to_pylist()
        return [
            RowProof(
                status=status,
                cells=0 if self._linear else count_changes(sizes, question.max_changes),
                columns=len(sizes),
                proposals=_combine(
                    changes, row, [one["options"] for one in answers if one["row"] == number]
                ),
            )
            for number, (row, status, sizes) in enumerate(
                zip(options.rows, details["status"], options.sizes, strict=True)
            )
        ]

    def _params(self) -> dict[str, Any]:
        return {"output": self._question.output, "owner": self._owner.tolist()}

    def _find_seen(self, places: IntArray) -> BoolArray:
        """Return which columns of a block are set in some reference row."""
        names = [self._columns[place].name for place in places.tolist()]
        return np.array([(self._question.reference[name] == 1).any() for name in names])

    def _ask_cells(self, frame: pd.DataFrame, place: int) -> tuple[IntArray, FloatArray]:
        table, _ = self._worker.call("recourse_cells", frame, self._params() | {"place": place})
        return table["cell"].to_numpy(), table["gain"].to_numpy()

    def _list_choices(self, row: int) -> Iterator[list[Choice]]:
        """Yield what each of a row's columns may become, a block's columns together."""
        blocks = self._constraints.blocks
        for place in np.flatnonzero(blocks.number[:-1] < 0).tolist():
            values, costs = self._choose(row, place)
            if len(values):
                yield [(place, values, costs)]
        for places, block in zip(blocks.members, self._blocks, strict=True):
            if found := choose_set(
                row, places, block, self._columns, self._editor, self._constraints
            ):
                yield found

    def _choose(self, row: int, place: int) -> tuple[FloatArray, FloatArray]:
        """Return what a row's column may become; rows without rules of their own share it."""
        old = float(self._editor.codes[row, place])
        # NaN never equals itself: computed each time
        if row not in self._limited and (place, old) in self._known:
            return self._known[place, old]
        domain = self._domains[place]
        may = self._constraints.allows(place, np.full(len(domain.values), row), domain.values)
        found = choose_options(
            self._columns[place], domain, old, may, linear=self._linear
        )  # fmt: skip
        if row not in self._limited:
            self._known[place, old] = found
        return found

    def _find_domain(self, place: int, column: Column, borders: FloatArray | None) -> Domain:
        """List a column's values with their cells; raises CheckNotApplicableError if too many."""
        question = self._question
        values: FloatArray | None = np.empty(0)
        is_alone = self._constraints.blocks.number[place] < 0
        if is_alone and column.name not in question.rules.immutable and len(question.rows):
            values = list_values(column, question.reference[column.name], question.rules, borders)
        if values is None:
            raise CheckNotApplicableError(
                f"column {column.name!r} can take too many values, and the model does not read "
                "them as they are"
            )
        if not len(values):
            none = np.empty(0)
            return Domain(none, none.astype(np.int64), none, none.astype(np.bool_))
        # what the rows have, legal or not, shows which cell they need not move to
        old = self._editor.codes[:, place]
        every = np.union1d(values, old[~np.isnan(old)])
        changes = Proposals(
            np.zeros(len(every), dtype=np.int64),
            np.full((len(every), 1), place),
            every[:, None],
        )
        cells, gains = self._ask_cells(self._editor.apply(changes), place)
        return Domain(every, cells, gains, np.isin(every, values))


def _join(
    rows: range, sizes: list[list[int]], parts: list[tuple[int, int, FloatArray, FloatArray]]
) -> _Options:
    counts = [len(values) for _, _, values, _ in parts]
    changes = Proposals(
        np.repeat([row for row, *_ in parts], counts).astype(np.int64),
        np.repeat([place for _, place, *_ in parts], counts).astype(np.int64)[:, None],
        np.concatenate([np.empty(0), *(values for _, _, values, _ in parts)])[:, None],
    )
    costs = np.concatenate([np.empty(0), *(costs for *_, costs in parts)])
    return _Options(rows, sizes, changes, costs)


def _combine(changes: Proposals, row: int, answers: Sequence[Sequence[int]]) -> Proposals:
    """Return answers that are numbers of single changes as changes of several columns."""
    most = max((len(one) for one in answers), default=0)
    columns = np.full((len(answers), most), -1, dtype=np.int64)
    values = np.zeros((len(answers), most))
    for number, one in enumerate(answers):
        columns[number, : len(one)] = changes.columns[list(one), 0]
        values[number, : len(one)] = changes.values[list(one), 0]
    return Proposals(np.full(len(answers), row, dtype=np.int64), columns, values)


def describe_searched(proof: RowProof, max_changes: int) -> str:
    """Return what was searched, in words."""
    most = min(max_changes, proof.columns)
    if not most:
        return "Nothing: no column may change."
    plural = "column" if most == 1 else "columns"
    how = "the most that each can add to a linear model's sum"
    if proof.cells:
        how = f"{proof.cells:,} cells between the model's own split points"
    return (
        f"every change of up to {most} {plural} of the {proof.columns} that may change, {how}; "
        "values within the reference data's range and categories, or within a declared range"
    )
