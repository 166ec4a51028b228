"""The engines of recourse by name, all asked and answering alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from audits.core.arrays import BoolArray, IntArray
from audits.core.counterfactual import Counterfactual, NoRecourse
from audits.recourse.engines.nearest import find_nearest
from audits.recourse.engines.outcome import EngineOutcome
from audits.recourse.engines.postprocess import RecourseTask, keeps_rules, open_bench
from audits.recourse.engines.reinforcement import learn_counterfactuals
from audits.recourse.result import RecourseResult
from audits.recourse.search.answers import from_stored
from audits.recourse.search.search import search_counterfactuals


class RecourseEngine(Protocol):
    """Finds answers for rejected rows. Whatever it hands back was predicted again and keeps the
    rules; what did not is counted."""

    def __call__(self, task: RecourseTask) -> EngineOutcome:
        """Return one result for each row of the task, in order."""
        ...


def run_search(task: RecourseTask) -> EngineOutcome:
    """Search the changes: engine "search", see `audits.recourse.search.search`."""
    results = search_counterfactuals(
        task.predict,
        task.rows,
        task.reference,
        task.rules,
        goal=task.goal,
        delta_scorer=task.delta_scorer,
        bounds=task.bounds,
        answers=task.answers,
        max_changes=task.max_changes,
        generator=task.generator,
        budget_s=task.budget_s,
        progress=task.progress,
    )
    return validate_results(task, results)


def validate_results(task: RecourseTask, results: list[RecourseResult]) -> EngineOutcome:
    """Predict all answers again from their stored values, and drop those that do not hold.

    results: one a row of the task, in order.
    """
    answers = [answer for result in results for answer in result.answers]
    if not answers:
        return EngineOutcome(results, 0, 0)
    rows = np.repeat(np.arange(len(results)), [len(result.answers) for result in results])
    holds = dict(zip(map(id, answers), _hold(task, rows, answers), strict=True))
    kept = []
    for result in results:
        good = [answer for answer in result.answers if holds[id(answer)]]
        ranked = tuple(replace(answer, rank=rank) for rank, answer in enumerate(good))
        none = result.no_recourse
        if result.answers and not ranked:
            none = NoRecourse(
                result.row,
                "Changes were found, but they did not hold when they were checked.",
                f"{len(result.answers)} answers",
                max_changes=task.max_changes,
            )
        kept.append(RecourseResult(result.row, ranked, none))
    return EngineOutcome(kept, len(answers), sum(not good for good in holds.values()))


def _hold(task: RecourseTask, rows: IntArray, answers: list[Counterfactual]) -> BoolArray:
    bench = open_bench(task, compare=False)
    stored = {
        column.name: [answer.values[column.name] for answer in answers] for column in bench.columns
    }
    gains = bench.scorer.score(from_stored(stored, bench.columns))
    accepted: BoolArray = gains >= bench.scorer.threshold
    return accepted & keeps_rules(bench, rows, answers)


ENGINES: Mapping[str, RecourseEngine] = {
    "search": run_search,
    "nearest": find_nearest,
    "reinforcement": learn_counterfactuals,
}
"""Adding an engine: its file, its line here and its name in `[recourse] engine`."""
