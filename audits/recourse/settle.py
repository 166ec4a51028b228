"""What the search left without an answer, settled: proven to have none, answered, or left open."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from audits.core.counterfactual import Counterfactual, NoRecourse
from audits.core.errors import CheckNotApplicableError, InputError
from audits.recourse.answers import rank_answers
from audits.recourse.columns import build_columns
from audits.recourse.plausibility import find_neighbourhood
from audits.recourse.proof import (
    WORK,
    Question,
    RowProof,
    Worker,
    describe_searched,
    prove_rows,
)
from audits.recourse.proof_service import FOUND, NONE
from audits.recourse.proposals import Editor, Predict, Proposals, Scorer
from audits.recourse.result import RecourseResult
from audits.recourse.shrink import shrink_numbers
from audits.recourse.validate import keeps_rules

ANSWER_SECONDS = 30.0
"""The least time left for making an answer of what a proof found."""


@dataclass(frozen=True, slots=True)
class Settled:
    """All rows' results, and how many of those that the search gave up had an answer after all."""

    results: list[RecourseResult]
    rescued: int


def settle_results(
    worker: Worker,
    predict: Predict,
    question: Question,
    results: Sequence[RecourseResult],
    *,
    answers: int,
    generator: np.random.Generator,
    seconds: float,
    work: float = WORK,
    progress: Callable[[int, int], None] | None = None,
) -> Settled:
    """Put the rows without an answer to the proof.

    worker, predict: the model, opened with `proof.SERVICE`. question: as it was put to the
    search; `results` belong to its rows, in order. answers: the most a row gets. seconds: for
    all proofs together.

    A row for which an allowed change exists gets it as its answer. The others say whether there
    is none among all changes of up to `question.max_changes` columns (`proven`), or why that is
    not known.
    """
    open_ = [number for number, result in enumerate(results) if not result.answers]
    if not open_:
        return Settled(list(results), 0)
    asked = replace(question, rows=question.rows.iloc[open_])
    settled, rescued = list(results), 0
    try:
        proofs = prove_rows(worker, asked, seconds=seconds, work=work, progress=progress)
    except (CheckNotApplicableError, InputError) as error:
        for number in open_:
            settled[number] = _say_unproven(results[number], question, str(error))
        return Settled(settled, 0)
    found = _make_answers(predict, asked, proofs, answers, generator)
    for number, proof, best in zip(open_, proofs, found, strict=True):
        if best:
            settled[number] = RecourseResult(results[number].row, tuple(best), None)
            rescued += 1
        elif proof.status == NONE:
            settled[number] = _say_proven(results[number], question, proof)
        else:
            why = "what the proof found does not keep every rule"
            if proof.status != FOUND:
                why = "the work allowed for one row did not suffice"
            settled[number] = _say_unproven(results[number], question, why)
    return Settled(settled, rescued)


def _make_answers(
    predict: Predict,
    asked: Question,
    proofs: Sequence[RowProof],
    answers: int,
    generator: np.random.Generator,
) -> list[list[Counterfactual]]:
    """Predict what was found again as it will be stored; one answer for each set of columns."""
    proposals = _join([proof.proposals for proof in proofs])
    if not len(proposals):
        return [[] for _ in proofs]
    columns = build_columns(asked.rows, asked.reference)
    editor = Editor(asked.rows, columns)
    deadline = time.monotonic() + ANSWER_SECONDS
    scorer = Scorer(predict, asked.output, asked.threshold, deadline, len(asked.rows))
    neighbourhood = find_neighbourhood(scorer, columns, asked.reference, generator)
    proposals = shrink_numbers(editor, scorer, columns, asked.rules, proposals)
    names = [str(row) for row in asked.rows.index]
    ranked = rank_answers(editor, scorer, columns, neighbourhood, proposals, names=names)
    return [_keep_different(row, asked, answers) for row in ranked]


def _keep_different(
    ranked: Sequence[Counterfactual], asked: Question, answers: int
) -> list[Counterfactual]:
    kept: list[Counterfactual] = []
    seen: set[frozenset[str]] = set()
    for answer in ranked:
        names = frozenset(change.column for change in answer.changes)
        if names in seen or not keeps_rules(answer, asked.rules):
            continue
        seen.add(names)
        kept.append(replace(answer, rank=len(kept)))
    return kept[:answers]


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


def _say_unproven(result: RecourseResult, question: Question, why: str) -> RecourseResult:
    assert result.no_recourse is not None
    searched = f"{result.no_recourse.searched.rstrip('.')}; not proven: {why.rstrip('.')}."
    none = replace(
        result.no_recourse, searched=searched, proven=False, max_changes=question.max_changes
    )
    return RecourseResult(result.row, (), none)
