"""From proposals to answers, for whatever made the proposals: dropped where they do not hold.

The one place where proofs and engines touch the parts of the search: columns, scores, costs,
plausibility, ranking."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from audits.core.counterfactual import Counterfactual
from audits.recourse.answers import rank_answers
from audits.recourse.columns import Column, build_columns
from audits.recourse.plausibility import Neighbourhood, find_neighbourhood
from audits.recourse.proposals import Editor, Predict, Progress, Proposals, Scorer
from audits.recourse.rules import ActionRules
from audits.recourse.shrink import compute_costs, shrink_numbers

PASSES = 2
"""How often every change is tried to be dropped: one that was needed may no longer be."""


@dataclass(frozen=True, slots=True)
class RecourseTask:
    """What an engine of recourse is asked.

    predict: takes a frame with the columns of `rows`, answers scores `[n]`, or `[n, n_outputs]`
    of which `output` counts; a score of at least `threshold` is accepted. rows: the model's
    features, one rejected row each; the index holds the row ids. reference: rows to learn from.
    answers: how many a row gets at most, each changing a different set of columns. max_changes:
    the most columns that one answer changes. generator: the only randomness. budget_s: seconds
    after which the best so far is handed back. progress: told (rows settled, rows).
    """

    predict: Predict
    rows: pd.DataFrame
    reference: pd.DataFrame
    rules: ActionRules
    threshold: float
    output: int
    answers: int
    max_changes: int
    generator: np.random.Generator
    budget_s: float
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """A task with its rows laid out: columns, codes, a scorer with the time budget running."""

    task: RecourseTask
    columns: tuple[Column, ...]
    editor: Editor
    scorer: Scorer

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


def open_bench(task: RecourseTask) -> Bench:
    """Lay a task out. The time budget starts here."""
    columns = build_columns(task.rows, task.reference)
    deadline = time.monotonic() + task.budget_s
    scorer = Scorer(
        task.predict, task.output, task.threshold, deadline, len(task.rows), task.progress
    )
    return Bench(task, columns, Editor(task.rows, columns), scorer)


def keeps_rules(answer: Counterfactual, rules: ActionRules) -> bool:
    """Return whether the rules allow every change of the answer, on its stored values."""
    return bool(answer.changes) and all(
        rules.allows(change.column, change.old, change.new) for change in answer.changes
    )


def shrink(bench: Bench, proposals: Proposals) -> Proposals:
    """Move numbers back toward what the rows have, while the wanted outcome holds."""
    return shrink_numbers(bench.editor, bench.scorer, bench.columns, bench.task.rules, proposals)


def drop_unneeded(bench: Bench, proposals: Proposals) -> Proposals:
    """Take back, the dearest first, every change without which the outcome still holds."""
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
            works = bench.scorer.score_proposals(bench.editor, trial) >= bench.task.threshold
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
    ranked = rank_answers(
        bench.editor, bench.scorer, bench.columns, _find_neighbourhood(bench), proposals,
        names=bench.names,
    )  # fmt: skip
    held = [[one for one in row if _is_allowed(one, bench.task)] for row in ranked]
    failed = len(proposals) - sum(len(row) for row in held)
    return Finished([_keep_different(row, bench.task.answers) for row in held],
                    len(proposals), failed)  # fmt: skip


def _is_allowed(answer: Counterfactual, task: RecourseTask) -> bool:
    return len(answer.changes) <= task.max_changes and keeps_rules(answer, task.rules)


def _keep_different(ranked: Sequence[Counterfactual], most: int) -> list[Counterfactual]:
    kept: list[Counterfactual] = []
    for answer in ranked:
        names = {change.column for change in answer.changes}
        if not any({change.column for change in one.changes} <= names for one in kept):
            kept.append(replace(answer, rank=len(kept)))
    return kept[:most]


def _find_neighbourhood(bench: Bench) -> Neighbourhood:
    task = bench.task
    return find_neighbourhood(bench.scorer, bench.columns, task.reference, task.generator)
