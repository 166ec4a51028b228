"""What the search left without an answer, resolved: proven to have none, answered, or left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from audits.core.counterfactual import Counterfactual, NoRecourse
from audits.core.errors import CheckNotApplicableError, InputError
from audits.recourse.engines.postprocess import RecourseTask, finish_proposals, open_bench, shrink
from audits.recourse.proof.proof import (
    WORK,
    Question,
    RowProof,
    Worker,
    describe_searched,
    prove_rows,
)
from audits.recourse.proof.service import FOUND, NONE
from audits.recourse.result import RecourseResult
from audits.recourse.search.goals import ReachScore
from audits.recourse.search.proposals import Proposals


@dataclass(frozen=True, slots=True)
class ResolvedResults:
    """All rows' results, and how many of those that were given up had an answer after all."""

    results: list[RecourseResult]
    rescued: int


def resolve_results(
    worker: Worker,
    task: RecourseTask,
    results: Sequence[RecourseResult],
    *,
    adopt: bool = True,
    work: float = WORK,
) -> ResolvedResults:
    """Put the rows without an answer to the proof.

    worker: the model, opened with `proof.SERVICE`. task: as it was put to an engine; `results`
    belong to its rows, in order. Its time budget is for all proofs together.
    adopt: whether a row for which an allowed change exists gets it as its answer; else it is
    only said that the engine did not find it. What a proof finds is predicted again and held
    against all rules before either is done.

    The other rows say whether there is none among all changes of up to `task.max_changes`
    columns (`proven`), or why that is not known.
    """
    open_ = [number for number, result in enumerate(results) if not result.answers]
    if not open_:
        return ResolvedResults(list(results), 0)
    asked = replace(task, rows=task.rows.iloc[open_])
    resolved, rescued = list(results), 0
    try:
        question = _ask(asked)
        proofs = prove_rows(
            worker, question, seconds=task.budget_s, work=work, progress=task.progress
        )
    except (CheckNotApplicableError, InputError) as error:
        for number in open_:
            resolved[number] = _say_unproven(results[number], task.max_changes, str(error))
        return ResolvedResults(resolved, 0)
    found = _make_answers(asked, proofs)
    for number, proof, best in zip(open_, proofs, found, strict=True):
        if best and adopt:
            resolved[number] = RecourseResult(results[number].row, tuple(best), None)
            rescued += 1
        elif proof.status == NONE:
            resolved[number] = _say_proven(results[number], question, proof)
        else:
            why = _explain_open(proof, holds=bool(best))
            resolved[number] = _say_unproven(results[number], task.max_changes, why)
    return ResolvedResults(resolved, rescued)


def _ask(task: RecourseTask) -> Question:
    """Return the task as a question for a proof; CheckNotApplicableError where it is none."""
    goal = task.goal
    if not isinstance(goal, ReachScore):
        raise CheckNotApplicableError(
            "proofs are about the score of one output, not about a class of several or a range "
            "of values"
        )
    return Question(
        task.rows, task.reference, task.rules, goal.threshold, goal.output, task.max_changes
    )


def _explain_open(proof: RowProof, *, holds: bool) -> str:
    if proof.status != FOUND:
        return "the work allowed for one row did not suffice"
    if holds:
        return "an allowed change exists, which this engine did not find"
    return (
        "changes that reach the score exist, but those that were looked at break a rule between "
        "columns or are too unlike any real row"
    )


def _make_answers(asked: RecourseTask, proofs: Sequence[RowProof]) -> list[list[Counterfactual]]:
    """Predict what was found again as it will be stored; one answer for each set of columns."""
    proposals = _join([proof.proposals for proof in proofs])
    if not len(proposals):
        return [[] for _ in proofs]
    bench = open_bench(asked)
    return finish_proposals(bench, shrink(bench, proposals)).answers


def _join(parts: Sequence[Proposals]) -> Proposals:
    most = max((part.columns.shape[1] for part in parts), default=0)
    columns = [
        np.pad(part.columns, ((0, 0), (0, most - part.columns.shape[1])), constant_values=-1)
        for part in parts
    ]
    values = [np.pad(part.values, ((0, 0), (0, most - part.values.shape[1]))) for part in parts]
    return Proposals(
        np.concatenate([part.rows for part in parts]),
        np.concatenate(columns),
        np.concatenate(values),
    )


def _say_proven(result: RecourseResult, question: Question, proof: RowProof) -> RecourseResult:
    most = min(question.max_changes, proof.columns)
    reason = "No column may change: each is immutable or has no other allowed value."
    if most:
        plural = "one column" if most == 1 else f"up to {most} columns"
        reason = (
            f"No allowed change of {plural} reaches the score of {question.threshold:.4g} that "
            "is needed."
        )
    searched = describe_searched(proof, question.max_changes)
    none = NoRecourse(result.row, reason, searched, proven=True, max_changes=question.max_changes)
    return RecourseResult(result.row, (), none)


def _say_unproven(result: RecourseResult, max_changes: int, why: str) -> RecourseResult:
    assert result.no_recourse is not None
    searched = f"{result.no_recourse.searched.rstrip('.')}; not proven: {why.rstrip('.')}."
    none = replace(result.no_recourse, searched=searched, proven=False, max_changes=max_changes)
    return RecourseResult(result.row, (), none)
