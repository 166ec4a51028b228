"""Every engine of recourse on real models: what it hands back holds, what does not is counted."""

from __future__ import annotations

import importlib.util
import itertools
import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from audits.core.counterfactual import Counterfactual
from audits.core.errors import CheckSkippedError
from audits.recourse.columns import build_columns
from audits.recourse.engines import reinforcement
from audits.recourse.engines.engines import ENGINES, validate_results
from audits.recourse.engines.outcome import EngineOutcome
from audits.recourse.engines.postprocess import RecourseTask
from audits.recourse.result import RecourseResult
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.answers import from_stored
from audits.recourse.search.goals import ReachScore

RULES = ActionRules(
    immutable=frozenset({"grade"}),
    increase_only=frozenset({"age"}),
    ranges={"income": (0.0, 4_000.0)},
)
HAS_ALIBI = importlib.util.find_spec("alibi") is not None
NEEDS_ALIBI = pytest.mark.skipif(not HAS_ALIBI, reason="alibi is not installed (BSL 1.1)")
NAMES = ["search", "nearest", pytest.param("reinforcement", marks=NEEDS_ALIBI)]


@pytest.fixture
def task(messy) -> RecourseTask:
    return RecourseTask(
        predict=messy.predict,
        rows=messy.rejected.iloc[:60],
        reference=messy.reference,
        rules=RULES,
        goal=ReachScore(0.5, 1),
        answers=2,
        max_changes=3,
        generator=np.random.default_rng(0),
        budget_s=600.0,
    )


@pytest.fixture(scope="module")
def kept() -> dict[str, EngineOutcome]:
    return {}


def ask(name: str, task: RecourseTask, kept: dict[str, EngineOutcome]) -> EngineOutcome:
    """Run an engine once for all tests: one of them trains a network."""
    if name not in kept:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reinforcement, "TRAINING_STEPS", 80)
            kept[name] = ENGINES[name](task)
    return kept[name]


def allows(rules: ActionRules, name: str, old: object, new: object) -> bool:
    """The rules of this test, written down a second time."""
    if name == "grade" or pd.isna(new):
        return False
    if name == "age" and not new > old:
        return False
    return not (name == "income" and not 0 <= new <= 4_000)


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_holds_from_its_stored_values(name, task, messy, kept):
    outcome = ask(name, task, kept)
    columns = build_columns(task.rows, task.reference)
    answers = [answer for result in outcome.results for answer in result.answers]
    assert [result.row for result in outcome.results] == list(task.rows.index)
    assert len(answers) > 5, "an engine that finds nothing shows nothing"
    stored = {c.name: [answer.values[c.name] for answer in answers] for c in columns}
    scores = messy.predict(from_stored(stored, columns))
    assert (scores >= 0.5).all()
    np.testing.assert_allclose(scores, [answer.y_score for answer in answers])
    for answer in answers:
        row = task.rows.loc[answer.row]
        assert 1 <= len(answer.changes) <= 3
        for change in answer.changes:
            assert allows(task.rules, change.column, row[change.column], change.new)
        named = {change.column for change in answer.changes}
        for column in set(task.rows) - named:
            old, new = row[column], answer.values[column]
            assert old == new or (pd.isna(old) and pd.isna(new))
    for result in outcome.results:
        assert [answer.rank for answer in result.answers] == list(range(len(result.answers)))
        assert bool(result.answers) == (result.no_recourse is None)


@pytest.mark.parametrize("name", NAMES)
def test_what_failed_is_counted(name, task, kept):
    outcome = ask(name, task, kept)
    assert 0 <= outcome.failed < outcome.tried
    if name == "search":
        assert outcome.failed == 0
    if name == "reinforcement":
        with_answer = sum(bool(result.answers) for result in outcome.results)
        assert (outcome.tried, outcome.failed) == (60, 60 - with_answer)


def test_nearest_takes_its_values_from_one_accepted_row(task, messy, kept):
    outcome = ask("nearest", task, kept)
    accepted = messy.reference[messy.predict(messy.reference) >= 0.5]
    for result in outcome.results:
        for answer in result.answers:
            same = np.logical_and.reduce(
                [accepted[change.column] == change.new for change in answer.changes]
            )
            assert same.any()


def test_nearest_leaves_no_change_that_is_not_needed(task, messy, kept):
    outcome = ask("nearest", task, kept)
    columns = build_columns(task.rows, task.reference)
    tried = []
    for result in outcome.results:
        for answer in result.answers:
            for change in answer.changes if len(answer.changes) > 1 else ():
                tried.append({**answer.values, change.column: change.old})
    assert len(tried) > 5
    stored = {c.name: [values[c.name] for values in tried] for c in columns}
    assert (messy.predict(from_stored(stored, columns)) < 0.5).all()


def test_nearest_is_the_cheapest_row_where_it_must_be_followed_whole():
    """One accepted row near, one far, and a model that wants all of it: counted by hand."""
    reference = pd.DataFrame({"a": [0, 1, 2, 3, 4, 5, 6, 9], "b": [0, 0, 1, 1, 0, 1, 4, 8]})
    good = {(6, 4), (9, 8)}

    def predict(frame: pd.DataFrame) -> np.ndarray:
        return np.array([float(pair in good) for pair in zip(frame["a"], frame["b"], strict=True)])

    rows = pd.DataFrame({"a": [5, 1], "b": [1, 9]}, index=["x", "y"])
    task = RecourseTask(
        predict, rows, reference, ActionRules(increase_only=frozenset({"b"})), ReachScore(0.5), 1, 2,
        np.random.default_rng(0), 60.0,
    )  # fmt: skip
    outcome = ENGINES["nearest"](task)
    assert outcome.results[0].answers[0].values == {"a": 6, "b": 4}
    assert outcome.results[1].answers == ()
    none = outcome.results[1].no_recourse
    assert none is not None
    assert "No accepted row" in none.reason
    assert none.searched == "2 different accepted rows of the reference data"


def test_answers_that_do_not_hold_are_dropped_and_counted(task, kept):
    good = ask("search", task, kept).results
    first = good[0].answers[0]
    broken = Counterfactual(
        first.row, 0, {**first.values, **{c.column: c.old for c in first.changes}},
        first.changes, first.cost, first.y_score, valid=True, plausible=True,
    )  # fmt: skip
    outcome = validate_results(task, [RecourseResult(first.row, (broken, first), None)])
    assert (outcome.tried, outcome.failed) == (2, 1)
    assert outcome.results[0].answers == (first,)
    stricter = replace(task, rules=ActionRules(immutable=frozenset(task.rows.columns)))
    outcome = validate_results(stricter, [RecourseResult(first.row, (first,), None)])
    assert (outcome.tried, outcome.failed, outcome.results[0].answers) == (1, 1, ())
    assert outcome.results[0].no_recourse is not None


def test_without_alibi_the_engine_says_what_to_do(task, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None)
    with pytest.raises(CheckSkippedError) as error:
        ENGINES["reinforcement"](task)
    assert "requirements-alibi.txt" in str(error.value)
    assert "Business Source License 1.1" in str(error.value)


def test_alibi_is_not_imported_before_it_is_chosen():
    code = "import sys, audits.recourse.engines.engines; print('alibi' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@NEEDS_ALIBI
def test_learning_repeats_itself_and_leaves_others_randomness_alone(task, monkeypatch):
    monkeypatch.setattr(reinforcement, "TRAINING_STEPS", 20)
    before = (np.random.get_state()[1].tolist(), random.getstate())
    one, other = (
        ENGINES["reinforcement"](replace(task, generator=np.random.default_rng(3), budget_s=600.0))
        for _ in range(2)
    )
    assert one == other
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before


@NEEDS_ALIBI
def test_training_ends_with_the_time(task, monkeypatch):
    # A clock that moves by a hundredth of a second whenever it is read, once for each batch.
    ticks = itertools.count()
    monkeypatch.setattr(reinforcement.time, "monotonic", lambda: next(ticks) / 100)
    outcome = ENGINES["reinforcement"](replace(task, budget_s=1.0))
    assert next(ticks) < reinforcement.AUTOENCODER_STEPS
    assert outcome.tried == 60
