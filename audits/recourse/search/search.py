"""The search for counterfactuals: few large calls of the model, fewest changed columns first.

Every allowed single change to a candidate value is predicted. Rows with fewer sets of columns
than answers asked for go on to combinations of their most promising changes, rows without any
answer to a wide beam of them as well (exhaustive for two columns while there are at most about
140 candidates). The cheapest valid combination of each set of columns is kept, and its numbers
are moved back toward the row's own while it stays valid. Each answer is predicted again from
the values that will be stored; one that does not hold is dropped.

The cost is the sum over changes of |new - old| / spread for a number (spread in the reference
data: MAD * 1.4826, else IQR, else standard deviation) and of 1 for a category, for a number that
was missing and for one whose column has no spread. An answer is plausible where each new value
was within the reference data's range or categories (always so: candidates come from there) and
the whole row is as near to an accepted reference row as 95% of those are to each other.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.recourse.columns import Column, Dtype, build_columns, encode_frame, fit_columns, holds
from audits.recourse.result import RecourseResult
from audits.recourse.rules.constraints import Constraints, equip_columns
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.answers import rank_answers
from audits.recourse.search.block import Block
from audits.recourse.search.candidates import Candidates, build_candidates
from audits.recourse.search.goals import Goal, ReachScore
from audits.recourse.search.plausibility import Bounds, Neighbourhood, find_neighbourhood
from audits.recourse.search.proposals import DeltaScorer, Editor, Predict, Progress, Scorer
from audits.recourse.search.shrink import shrink_numbers

BLOCK = 4_096
"""Rows searched together: bounds the memory, and the time grows linearly with rows."""


class RecourseSearch:
    """The search for one model and goal. What does not depend on the rows is read once."""

    def __init__(
        self,
        predict: Predict,
        like: pd.DataFrame,
        reference: pd.DataFrame,
        rules: ActionRules,
        goal: Goal,
        *,
        delta_scorer: DeltaScorer | None = None,
        bounds: Bounds | None = None,
        generator: np.random.Generator,
        expected: int,
        progress: Progress | None = None,
    ) -> None:
        """Read the reference data and predict it.

        like: rows (or none) with the model's features in the types of those that will be searched;
        other types are read too, for which the reference data is read again. expected: about how
        many rows will be searched. The rest is as in `search_counterfactuals`.
        """
        self._predict, self._reference, self._rules, self._goal = predict, reference, rules, goal
        self._delta_scorer, self._bounds = delta_scorer, bounds
        self._generator = copy.deepcopy(generator)
        scorer = Scorer(predict, goal, math.inf, expected, progress)
        self._reference_data = prepare_reference(scorer, like, reference, rules, generator)
        if delta_scorer is not None and len(reference):
            delta_scorer.expect(expected)
            columns = self._reference_data.equipped
            editor = Editor(reference.iloc[:1], columns)
            first = editor.apply(editor.unchanged())
            delta_scorer.keep(first, columns, goal)  # all but the rows themselves is sent now

    def find(
        self,
        rows: pd.DataFrame,
        *,
        answers: int = 3,
        max_changes: int = 3,
        budget_s: float,
        progress: Progress | None = None,
    ) -> list[RecourseResult]:
        """Return one result per row, see `search_counterfactuals`."""
        if not len(rows):
            return []
        deadline = time.monotonic() + budget_s
        scorer = Scorer(
            self._predict, self._goal, deadline, len(rows), progress, self._delta_scorer
        )
        reference_data, codes = self._fit(scorer, rows)
        results: list[RecourseResult] = []
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            editor = Editor(rows.iloc[part], reference_data.equipped, codes[part])
            results += self._search_block(scorer, reference_data, editor, answers, max_changes)
            scorer.finished = len(results)
        if progress is not None:
            progress(len(results), len(rows))
        return results

    def _fit(self, scorer: Scorer, rows: pd.DataFrame) -> tuple[ReferenceData, FloatArray]:
        """Return the reference data as these rows need it, and their codes."""
        fitted = self._reference_data.fit(rows)
        if fitted is None:
            generator = copy.deepcopy(self._generator)  # draws what it drew before
            reference_data = prepare_reference(
                scorer, rows, self._reference, self._rules, generator
            )
            self._reference_data, fitted = (
                reference_data,
                (reference_data, encode_frame(reference_data.equipped, rows)),
            )
        return fitted

    def _search_block(
        self,
        scorer: Scorer,
        reference_data: ReferenceData,
        editor: Editor,
        answers: int,
        max_changes: int,
    ) -> list[RecourseResult]:
        columns, neighbourhood = reference_data.equipped, reference_data.neighbourhood
        scorer.open_block(editor, editor.frame, columns)
        _refuse_accepted(scorer, editor)
        names = [str(row) for row in editor.frame.index]
        constraints = Constraints(self._rules, columns, editor, names, neighbourhood, self._bounds)
        block = Block(
            editor, scorer, columns, reference_data.candidates, constraints, answers=answers
        )
        block.search(max_changes)
        found = block.proposals()
        failing = block.find_failing(found)
        found = shrink_numbers(editor, scorer, columns, constraints, found, failing)
        ranked = rank_answers(
            editor, scorer, columns, constraints, neighbourhood, found, names=names, most=answers
        )
        return [
            RecourseResult(
                name, tuple(best), None if best else block.explain(row, name, max_changes)
            )
            for row, (name, best) in enumerate(zip(names, ranked, strict=True))
        ]


def search_counterfactuals(
    predict: Predict,
    rows: pd.DataFrame,
    reference: pd.DataFrame,
    rules: ActionRules,
    *,
    threshold: float = 0.5,
    positive_output: int = 1,
    goal: Goal | None = None,
    delta_scorer: DeltaScorer | None = None,
    bounds: Bounds | None = None,
    answers: int = 3,
    max_changes: int = 3,
    generator: np.random.Generator,
    budget_s: float,
    progress: Progress | None = None,
) -> list[RecourseResult]:
    """Find, for each rejected row, the fewest and cheapest changes that get it accepted.

    predict: takes a frame with the columns of `rows`, answers the wanted class's scores `[n]`,
    or `[n, n_outputs]` of which column `positive_output` counts; a score of at least
    `threshold` is accepted. goal: what is accepted instead: a class or a range of values.
    delta_scorer: the same model, asked with changes alone (`audits.recourse.worker.remote`).
    bounds: how unlike accepted reference rows an answer may be. rows: the model's features, one
    rejected row each; the index holds the row ids. reference: where candidate values, spreads and
    plausibility come from. answers: how many answers a row gets at most; each changes a different
    set of columns, and none merely adds to another's. max_changes: the most columns that one answer
    changes. generator: draws the reference rows that plausibility compares with. budget_s: seconds
    after which the best so far is returned. progress: called with (rows finished, rows) after each
    call of the model; it may raise to cancel.

    Returns one result per row, in order; the same for the same seed unless time runs out.
    Raises ValueError where a row is accepted already; InputError where columns of the rows and
    the reference data do not agree; ModelCrashError where the model answers nonsense.
    """
    if not len(rows):
        return []
    deadline = time.monotonic() + budget_s
    search = RecourseSearch(
        predict, rows, reference, rules, goal or ReachScore(threshold, positive_output),
        delta_scorer=delta_scorer, bounds=bounds, generator=generator, expected=len(rows),
        progress=progress,
    )  # fmt: skip
    left = deadline - time.monotonic()
    return search.find(
        rows, answers=answers, max_changes=max_changes, budget_s=left, progress=progress
    )


def _refuse_accepted(scorer: Scorer, editor: Editor) -> None:
    accepted = scorer.score_proposals(editor, editor.unchanged()) >= scorer.threshold
    if accepted.any():
        raise ValueError(
            f"{np.count_nonzero(accepted)} of {len(accepted)} rows are accepted already; "
            "pass rejected rows only"
        )


# What a search knows before it sees a row: all that the reference data says.


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """Columns as the reference data has them, and with what the rules declare (`equipped`); the
    values worth trying; the accepted reference rows. dtypes: those of the rows that it is for."""

    rules: ActionRules
    dtypes: tuple[Dtype, ...]
    columns: tuple[Column, ...]
    equipped: tuple[Column, ...]
    candidates: Candidates
    neighbourhood: Neighbourhood

    def fit(self, rows: pd.DataFrame) -> tuple[ReferenceData, FloatArray] | None:
        """Return the same for other rows, and their codes; None where it has to be read again."""
        pairs = zip(self.columns, rows.dtypes, strict=True)
        if tuple(rows.dtypes) != self.dtypes and not all(holds(c.dtype, new) for c, new in pairs):
            return None
        fitted = fit_columns(self.columns, rows)
        if fitted is None:
            return None
        columns, codes = fitted
        return replace(self, columns=columns, equipped=equip_columns(columns, self.rules)), codes


def prepare_reference(
    scorer: Scorer,
    like: pd.DataFrame,
    reference: pd.DataFrame,
    rules: ActionRules,
    generator: np.random.Generator,
) -> ReferenceData:
    """Read the reference data. like: rows of the types that will be searched.

    Raises InputError where its columns and the reference data's do not agree.
    """
    columns = build_columns(like, reference)
    equipped = equip_columns(columns, rules)
    return ReferenceData(
        rules,
        tuple(like.dtypes),
        columns,
        equipped,
        build_candidates(equipped, reference, rules),
        find_neighbourhood(scorer, equipped, reference, generator),
    )
