"""The review in short: each step says what its own page shows, or why it cannot."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audits.checks.catalog import BUILTIN
from audits.core.verdict import Status
from audits.run import run_audit
from audits.store.bundle import load_bundle
from dashboard.catalogue import say
from dashboard.nav import REVIEW
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels import overview, story
from dashboard.viewmodels.run import RunData

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"


@pytest.fixture(autouse=True)
def _root(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))


def test_steps_are_pages_in_the_order_of_questions(run: RunData) -> None:
    steps = story.tell_story(run)
    assert {step.page for step in steps} < set(REVIEW)
    assert [story.tell_step(run, step.page) for step in steps] == steps
    assert story.tell_step(run, "overview") is None


def test_who_names_the_group_of_the_worst_verdict(run: RunData) -> None:
    worst = story.find_worst_finding(run)
    assert worst is not None and worst.group is not None
    failed = {v.measurement for v in run.report.verdicts if v.status is Status.FAIL}
    assert worst.id in failed
    rate = next(
        x for x in run.by_group("selection_rate", worst.attribute) if x.group == worst.group
    )
    step = story.tell_story(run)[0]
    assert f"{(rate.value or 0) * 100:.1f}%" in step.answer
    assert step.note == say("story.status.fail")


def test_decisions_and_regression_say_what_was_not_measured(runs: Path) -> None:
    for name in ("decisions", "amounts"):
        other = RunData(load_bundle(runs / name))
        for step in story.tell_story(other):
            assert step.answer.endswith("."), step
    without = {step.page: step for step in story.tell_story(other)}
    assert without["interventions"].answer.startswith("Not measured: ")


def test_run_of_few_checks_is_told_too(inputs: Path, tmp_path: Path) -> None:
    profile = tuple(check for check in BUILTIN if check.code == "data.profile")
    bundle = run_audit(inputs / "decisions.toml", tmp_path / "few", checks=profile)
    steps = story.tell_story(RunData(bundle))
    assert steps[0].answer == say("story.no_groups")
    assert say("story.absent_unsaid") in [step.answer for step in steps]


def test_rules_are_listed_once_with_all_their_verdicts(run: RunData) -> None:
    rules = overview.list_rules(run)
    assert len({rule.rule for rule in rules}) == len(rules)
    counted = sum(1 + len(rule.also) + len(rule.passed) for rule in rules)
    assert counted == len(run.report.verdicts)
    for rule in rules:
        table = overview.tabulate_verdicts(rule.also)
        assert len(table) == len(rule.also)
        assert all(line.status in overview.OPEN for line in rule.also)


def test_every_step_leads_to_the_next() -> None:
    for page, following in pairwise(REVIEW[1:]):
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.query_params["run"] = "model"
        app.run()
        app.switch_page(f"views/{page}.py").run()
        assert not app.exception
        assert say(f"story.go_{following}") in [button.label for button in app.button], page
