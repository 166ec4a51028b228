"""Rows that the search gave up: answered after all, proven to have none, or left open."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from audits.core.counterfactual import NoRecourse
from audits.core.settings.rule_text import parse_rule
from audits.models import open_model
from audits.recourse.columns import build_columns
from audits.recourse.engines.engines import ENGINES
from audits.recourse.engines.postprocess import RecourseTask
from audits.recourse.proof.proof import SERVICE
from audits.recourse.proof.resolve import resolve_results
from audits.recourse.result import RecourseResult
from audits.recourse.rules.rules import ActionRules, Link, RowLimits
from audits.recourse.search.answers import from_stored
from audits.recourse.search.goals import BecomeClass, FallWithin, ReachScore

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
from adult import read_adult, train_booster
from proof_models import InProcess, exhaust, fit, make_rows

RULES = ActionRules(immutable=frozenset({"owner"}))


def make_task(adapter, frame, threshold, rules=RULES, most=2) -> RecourseTask:
    rows = frame[adapter.predict(frame)[:, 1] < threshold].iloc[:30]
    rows = rows.set_axis([f"row-{n}" for n in rows.index], axis=0)
    return RecourseTask(
        adapter.predict, rows, frame, rules, ReachScore(threshold, 1), 2, most,
        np.random.default_rng(0), 600.0,
    )  # fmt: skip


def give_up(task: RecourseTask) -> list[RecourseResult]:
    """What a search would say that finds nothing at all."""
    names = [str(row) for row in task.rows.index]
    return [
        RecourseResult(name, (), NoRecourse(name, "None that was tried.", "nothing much."))
        for name in names
    ]


@pytest.mark.parametrize("kind", ["forest", "logistic", "lightgbm"])
def test_all_that_a_blind_search_missed_is_answered_or_proven(kind, tmp_path):
    frame, label = make_rows(3)
    adapter = fit(kind, frame, label, 3, tmp_path)
    threshold = float(np.quantile(adapter.predict(frame)[:, 1], 0.93))
    task = make_task(adapter, frame, threshold)
    resolved = resolve_results(InProcess(adapter), task, give_up(task))
    columns = build_columns(task.rows, frame)
    for number, result in enumerate(resolved.results):
        row = task.rows.iloc[number]
        expected = exhaust(adapter, frame, row, RULES, threshold, 2)
        if expected is None:
            assert result.no_recourse is not None
            assert result.no_recourse.proven
            assert result.no_recourse.max_changes == 2
            assert "up to 2 columns" in result.no_recourse.reason
            assert "every change of up to 2 columns" in result.no_recourse.searched
            continue
        best = result.answers[0]
        assert (len(best.changes), best.cost) == (expected[0], pytest.approx(expected[1]))
        stored = {c.name: [best.values[c.name]] for c in columns}
        assert adapter.predict(from_stored(stored, columns))[0, 1] >= threshold
    answered = sum(bool(result.answers) for result in resolved.results)
    assert resolved.rescued == answered
    assert 0 < answered < len(resolved.results)


def test_what_the_search_answers_stays_and_its_misses_are_resolved(tmp_path):
    frame, label = make_rows(3)
    adapter = fit("lightgbm", frame, label, 3, tmp_path)
    task = make_task(adapter, frame, float(np.quantile(adapter.predict(frame)[:, 1], 0.9)))
    outcome = ENGINES["search"](task)
    resolved = resolve_results(InProcess(adapter), task, outcome.results)
    for before, after in zip(outcome.results, resolved.results, strict=True):
        if before.answers:
            assert after == before
        else:
            assert after.answers or (after.no_recourse and after.no_recourse.proven)


def test_another_engines_miss_is_said_and_not_answered(tmp_path):
    frame, label = make_rows(3)
    adapter = fit("lightgbm", frame, label, 3, tmp_path)
    task = make_task(adapter, frame, float(np.quantile(adapter.predict(frame)[:, 1], 0.9)))
    ours = resolve_results(InProcess(adapter), task, give_up(task))
    theirs = resolve_results(InProcess(adapter), task, give_up(task), adopt=False)
    assert theirs.rescued == 0
    for one, other in zip(ours.results, theirs.results, strict=True):
        assert other.no_recourse is not None
        assert other.no_recourse.proven == (not one.answers)
        assert ("an allowed change exists" in other.no_recourse.searched) == bool(one.answers)


def test_what_is_not_proven_says_so(tmp_path):
    frame, label = make_rows(3)
    adapter = fit("lightgbm", frame, label, 3, tmp_path)
    task = make_task(adapter, frame, 0.6)
    short = resolve_results(InProcess(adapter), task, give_up(task), work=10.0)
    for result in short.results:
        if result.no_recourse is not None and not result.no_recourse.proven:
            assert result.no_recourse.searched == (
                "nothing much; not proven: the work allowed for one row did not suffice."
            )
    assert any(not result.no_recourse.proven for result in short.results if result.no_recourse)
    fixed = replace(task, rules=ActionRules(immutable=frozenset(frame.columns)))
    for result in resolve_results(InProcess(adapter), fixed, give_up(fixed)).results:
        assert result.no_recourse is not None
        assert result.no_recourse.proven
        assert result.no_recourse.searched == "Nothing: no column may change."


@pytest.mark.parametrize("adopt", [True, False])
def test_nothing_is_proven_where_columns_move_together_or_another_goal_is_sought(tmp_path, adopt):
    frame, label = make_rows(3)
    adapter = fit("lightgbm", frame, label, 3, tmp_path)
    task = make_task(adapter, frame, 0.999)  # nobody reaches it
    plain = resolve_results(InProcess(adapter), task, give_up(task)).results
    assert all(result.no_recourse and result.no_recourse.proven for result in plain)
    table = {"baker": 0, "clerk": 2, "nurse": 4}
    others = {
        "columns move together ('children' with 'job')": replace(
            task, rules=ActionRules(links=(Link("job", "children", table),))
        ),
        "proofs are about the score of one output": replace(task, goal=BecomeClass(1, "yes")),
        "not about a class of several or a range": replace(task, goal=FallWithin(0.999, 1.0)),
    }
    for said, other in others.items():
        resolved = resolve_results(InProcess(adapter), other, give_up(other), adopt=adopt)
        assert resolved.rescued == 0
        for result in resolved.results:
            assert result.no_recourse is not None
            assert not result.no_recourse.proven
            assert said in result.no_recourse.searched.partition("not proven: ")[2]


def test_steps_values_and_single_rows_limits_are_part_of_the_proof(tmp_path):
    """The oracle tries every value that the rules of each row leave."""
    frame, label = make_rows(5)
    adapter = fit("lightgbm", frame, label, 5, tmp_path)
    threshold = float(np.quantile(adapter.predict(frame)[:, 1], 0.9))
    rules = ActionRules(steps={"months": 5}, allowed={"children": (1, 4), "job": ("nurse",)})
    task = make_task(adapter, frame, threshold, rules)
    names = list(task.rows.index)
    limits = {
        names[n]: RowLimits(frozenset({"rate"}), {"months": (9.0, 12.0)})
        for n in range(0, len(names), 2)
    }
    task = replace(task, rules=replace(rules, limits=limits))
    resolved = resolve_results(InProcess(adapter), task, give_up(task))
    answered = 0
    for number, result in enumerate(resolved.results):
        own = rules
        if result.row in limits:
            own = replace(rules, immutable=frozenset({"rate"}), ranges={"months": (9.0, 12.0)})
        expected = exhaust(adapter, frame, task.rows.iloc[number], own, threshold, 2)
        assert bool(result.answers) == (expected is not None)
        if expected is None:
            assert result.no_recourse is not None
            assert result.no_recourse.proven
            continue
        answered += 1
        best = result.answers[0]
        assert (len(best.changes), best.cost) == (expected[0], pytest.approx(expected[1]))
        for change in best.changes:
            assert own.allows(change.column, change.old, change.new)
    assert 0 < answered < len(resolved.results)
    without = resolve_results(InProcess(adapter), replace(task, rules=rules), give_up(task))
    assert without.rescued > answered, "the limits of single rows decide nothing here"


@pytest.mark.parametrize("adopt", [True, False])
def test_what_a_proof_finds_is_held_against_rules_between_columns(tmp_path, adopt):
    frame, label = make_rows(3)
    adapter = fit("lightgbm", frame, label, 3, tmp_path)
    threshold = float(np.quantile(adapter.predict(frame)[:, 1], 0.93))
    task = make_task(adapter, frame, threshold)
    free = resolve_results(InProcess(adapter), task, give_up(task)).results
    between = (parse_rule("if months changes then rate stays"), parse_rule("children <= months"))
    bound = replace(task, rules=replace(RULES, relations=between))
    resolved = resolve_results(InProcess(adapter), bound, give_up(bound), adopt=adopt).results
    broken = 0
    for one, other in zip(free, resolved, strict=True):
        if one.no_recourse is not None:
            assert other == one  # what no change reaches, no allowed change reaches
            continue
        for answer in other.answers:
            names = {change.column for change in answer.changes}
            assert not {"months", "rate"} <= names
            assert answer.values["children"] <= answer.values["months"]
        if other.no_recourse is not None:
            assert not other.no_recourse.proven
            exists = "an allowed change exists" in other.no_recourse.searched
            assert exists or "break a rule between columns" in other.no_recourse.searched
            broken += not exists
    assert broken > 0
    assert any(result.answers for result in resolved) == adopt


def test_adult_in_the_models_own_worker(shared_data, tmp_path):
    """Real data with missing values and native categories; one proof held against every value."""
    booster: lgb.Booster = train_booster(tmp_path / "adult.txt", 40)
    test, train = (
        part.drop(columns="income").astype(dict.fromkeys(part.select_dtypes("category"), object))
        for part in (read_adult("test"), read_adult("train").iloc[:5000])
    )
    free = ["occupation", "hours_per_week", "age", "workclass"]
    rules = ActionRules(
        immutable=frozenset(set(test) - set(free)), increase_only=frozenset({"age"})
    )
    with open_model(tmp_path / "adult.txt", services=(SERVICE,)) as client:
        rows = test[client.predict(test)[:, 1] < 0.5].iloc[:40]
        task = RecourseTask(
            client.predict,
            rows,
            train,
            rules,
            ReachScore(0.5, 1),
            1,
            2,
            np.random.default_rng(0),
            600.0,
        )
        outcome = ENGINES["search"](task)
        resolved = resolve_results(client, task, outcome.results)
        none = [result for result in resolved.results if not result.answers]
        assert len(none) > 10
        assert all(result.no_recourse and result.no_recourse.proven for result in none)
        for result in none[:3]:
            row = rows.loc[int(result.row)]
            assert client.predict(every_pair(row, train))[:, 1].max() < 0.5
    assert booster.num_trees() == 40


def every_pair(row: pd.Series, train: pd.DataFrame) -> pd.DataFrame:
    """The row with every two of its four free columns at every value (three for older)."""
    values = {
        "occupation": sorted(train["occupation"].dropna().unique()),
        "workclass": sorted(train["workclass"].dropna().unique()),
        "hours_per_week": list(range(train["hours_per_week"].min(),
                                     train["hours_per_week"].max() + 1)),
        "age": list(range(row["age"], train["age"].max() + 1)),
    }  # fmt: skip
    parts = []
    names = list(values)
    for first in range(4):
        for second in range(first + 1, 4):
            one, other = names[first], names[second]
            grid = pd.MultiIndex.from_product([values[one], values[other]]).to_frame(index=False)
            part = pd.DataFrame([row.to_dict()] * len(grid)).astype(train.dtypes)
            parts.append(part.assign(**{one: grid[0], other: grid[1]}))
    return pd.concat(parts, ignore_index=True).astype(train.dtypes)
