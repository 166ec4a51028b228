"""From proposals to answers, for whatever made the proposals: dropped where they do not hold.

The one place where proofs and engines touch the parts of the search: columns, scores, costs,
plausibility, ranking."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from audits.core.arrays import BoolArray, IntArray
from audits.core.counterfactual import Counterfactual
from audits.core.settings.recourse import RecourseSection
from audits.recourse.columns import Column, build_columns, encode_frame
from audits.recourse.rules.constraints import Constraints, equip_columns
from audits.recourse.rules.rules import ActionRules, RowLimits, build_rules
from audits.recourse.search.answers import from_stored, rank_answers
from audits.recourse.search.goals import Goal
from audits.recourse.search.plausibility import Bounds, Neighbourhood, find_neighbourhood
from audits.recourse.search.proposals import (
    DeltaScorer,
    Editor,
    Predict,
    Progress,
    Proposals,
    Scorer,
)
from audits.recourse.search.shrink import compute_costs, hold, shrink_numbers

PASSES = 2
"""How often every change is tried to be dropped: one that was needed may no longer be."""


@dataclass(frozen=True, slots=True)
class RecourseTask:
    """What an engine of recourse is asked.

    predict: takes a frame with the columns of `rows`, answers the model's outputs, `[n]` or
    `[n, n_outputs]`. rows: the model's features, one row each that does not have what `goal`
    seeks; the index holds the row ids. reference: rows to learn from.
    answers: how many a row gets at most, each changing a different set of columns. max_changes:
    the most columns that one answer changes, those that follow another one not counted.
    generator: the only randomness. budget_s: seconds after which the best so far is handed back.
    progress: told (rows finished, rows). delta_scorer: the same model, asked with changes alone
    (`audits.recourse.worker.remote`). bounds: how unlike accepted reference rows an answer may be.
    """

    predict: Predict
    rows: pd.DataFrame
    reference: pd.DataFrame
    rules: ActionRules
    goal: Goal
    answers: int
    max_changes: int
    generator: np.random.Generator
    budget_s: float
    progress: Progress | None = None
    delta_scorer: DeltaScorer | None = None
    bounds: Bounds | None = None

    @classmethod
    def from_spec(
        cls,
        section: RecourseSection,
        limits: Mapping[str, RowLimits],
        rows: pd.DataFrame,
        reference: pd.DataFrame,
        *,
        predict: Predict,
        goal: Goal,
        generator: np.random.Generator,
        budget_s: float,
        delta_scorer: DeltaScorer | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Return the task that `[recourse]` asks for: every setting that bounds an answer is read
        here and nowhere else, so that a check and a page search alike.

        limits: what single rows may change. Settings of columns that the model does not look at are
        left out. Raises InputError where the settings do not go with the reference rows.
        """
        features = [str(name) for name in rows.columns]
        rules = build_rules(section.keep_features(features), features, reference, limits)
        return cls(
            predict, rows, reference, rules, goal, section.answers, section.max_changes,
            generator, budget_s, progress, delta_scorer,
            Bounds(section.max_distance, section.min_density),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bench:
    """A task with its rows laid out: columns, codes, a scorer with the time budget running, the
    rules tied to the rows. neighbourhood: None where answers were measured elsewhere."""

    task: RecourseTask
    columns: tuple[Column, ...]
    editor: Editor
    scorer: Scorer
    constraints: Constraints
    neighbourhood: Neighbourhood | None

    @property
    def names(self) -> list[str]:
        """The row ids."""
        return [str(row) for row in self.task.rows.index]


@dataclass(frozen=True, slots=True)
class Finished:
    """Each row's answers, best first; how many proposals there were and how many did not hold."""

    answers: list[list[Counterfactual]]
    tried: int = 0
    failed: int = 0


def open_bench(task: RecourseTask, *, compare: bool = True) -> Bench:
    """Lay a task out. The time budget starts here.

    compare: predict reference rows, so that answers can be held against the accepted ones.
    """
    columns = equip_columns(build_columns(task.rows, task.reference), task.rules)
    deadline = time.monotonic() + task.budget_s
    scorer = Scorer(
        task.predict, task.goal, deadline, len(task.rows), task.progress, task.delta_scorer
    )  # fmt: skip
    editor = Editor(task.rows, columns)
    near = (
        find_neighbourhood(scorer, columns, task.reference, task.generator) if compare else None
    )  # fmt: skip
    names = [str(row) for row in task.rows.index]
    constraints = Constraints(task.rules, columns, editor, names, near, task.bounds)
    return Bench(task, columns, editor, scorer, constraints, near)


def keeps_rules(bench: Bench, rows: IntArray, answers: Sequence[Counterfactual]) -> BoolArray:
    """Say which answers keep every rule, from the values that are stored, `[n]`.

    rows: the places of the answers' rows. Looked at are single columns, single rows' limits,
    columns that follow others, rules between columns, how many columns change, and the bounds
    (by the distance and density that the answer tells).
    """
    task = bench.task
    if not answers:
        return np.zeros(0, dtype=np.bool_)
    stored = {
        column.name: [answer.values[column.name] for answer in answers] for column in bench.columns
    }
    new = encode_frame(bench.columns, from_stored(stored, bench.columns))
    kept = bench.constraints.compute_held(rows, new)
    for place, answer in enumerate(answers):
        acts = list_acts(bench, answer)
        kept[place] &= 1 <= len(acts) <= task.max_changes
        kept[place] &= all(
            task.rules.allows(change.column, change.old, change.new) for change in answer.changes
        )
    if task.bounds is not None and not task.bounds.is_open:
        measured = [(answer.distance, answer.density) for answer in answers]
        kept &= task.bounds.contain(*np.array(measured, dtype=np.float64).T)
    return kept


def list_acts(bench: Bench, answer: Counterfactual) -> frozenset[str]:
    """Return what an answer changes on purpose: columns that do not merely follow another one, a
    block by the first of its columns."""
    places = {column.name: place for place, column in enumerate(bench.columns)}
    acts = set()
    for change in answer.changes:
        place = places[change.column]
        new = bench.columns[place].encode(pd.Series([change.new], dtype=bench.columns[place].dtype))
        if not bench.constraints.find_following(place, new)[0]:
            acts.add(bench.columns[int(bench.constraints.blocks.own(np.array([place]))[0])].name)
    return frozenset(acts)


def shrink(bench: Bench, proposals: Proposals) -> Proposals:
    """Move numbers back toward what the rows have, while the wanted outcome and the rules hold."""
    bench.scorer.open_block(bench.editor, bench.task.rows, bench.columns)
    return shrink_numbers(bench.editor, bench.scorer, bench.columns, bench.constraints, proposals)


def drop_unneeded(bench: Bench, proposals: Proposals) -> Proposals:
    """Take back, the costliest first, every change without which outcome and rules still hold."""
    bench.scorer.open_block(bench.editor, bench.task.rows, bench.columns)
    costs = compute_costs(bench.columns, bench.editor, proposals)
    order = np.argsort(-costs, axis=1, kind="stable")
    kept = Proposals(
        proposals.rows,
        np.take_along_axis(proposals.columns, order, axis=1),
        np.take_along_axis(proposals.values, order, axis=1),
    )
    for _ in range(PASSES):
        before = kept.columns.copy()
        for slot in range(kept.columns.shape[1]):
            several = (kept.columns >= 0).sum(axis=1) > 1
            open_ = np.flatnonzero((kept.columns[:, slot] >= 0) & several)
            if not open_.size or bench.scorer.expired:
                continue
            trial = kept.take(open_)
            trial.columns[:, slot] = -1
            works = hold(bench.editor, bench.scorer, bench.constraints, trial)
            kept.columns[open_[works], slot] = -1
        if np.array_equal(before, kept.columns):
            break
    return kept


def finish_proposals(bench: Bench, proposals: Proposals) -> Finished:
    """Predict the proposals again as they will be stored; keep those that hold.

    What fails is counted: the model does not repeat its answer, a rule is broken, or more
    columns change than may. Each row keeps its best answers, one a set of columns.
    """
    if not len(proposals):
        return Finished([[] for _ in bench.names])
    assert bench.neighbourhood is not None
    ranked = rank_answers(
        bench.editor, bench.scorer, bench.columns, bench.constraints, bench.neighbourhood,
        proposals, names=bench.names,
    )  # fmt: skip
    rows = np.repeat(np.arange(len(ranked)), [len(row) for row in ranked])
    answers = [answer for row in ranked for answer in row]
    kept = np.flatnonzero(keeps_rules(bench, rows, answers))
    held: list[list[Counterfactual]] = [[] for _ in ranked]
    for place in kept:
        held[rows[place]].append(answers[place])
    return Finished([_keep_different(bench, row) for row in held],
                    len(proposals), len(proposals) - len(kept))  # fmt: skip


def _keep_different(bench: Bench, ranked: Sequence[Counterfactual]) -> list[Counterfactual]:
    kept: list[Counterfactual] = []
    known: list[frozenset[str]] = []
    for answer in ranked:
        names = list_acts(bench, answer)
        if not any(one <= names for one in known):
            kept.append(replace(answer, rank=len(kept)))
            known.append(names)
    return kept[: bench.task.answers]
