"""The review in short: each step says what its own page shows, or why it cannot."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audits.checks.builtin import BUILTIN
from audits.core.format import plain_text
from audits.core.report.verdict import Status
from audits.export.html.payload import build_payload
from audits.findings import find_worst, list_findings
from audits.pipeline.run import run_audit
from audits.store.bundle import load_bundle
from dashboard.catalogue import say
from dashboard.nav import REVIEW
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.overview import overview, story
from dashboard.viewmodels.run import RunData
from model_cards.build import build_card
from model_cards.render.markdown import escape_markdown, render_markdown

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"


@pytest.fixture(autouse=True)
def _root(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))


def test_steps_are_pages_in_the_order_of_questions(run: RunData) -> None:
    steps = story.build_story(run)
    assert {step.page for step in steps} < set(REVIEW)
    assert [story.describe_step(run, step.page) for step in steps] == steps
    assert story.describe_step(run, "overview") is None


def test_who_is_the_first_finding_on_a_group_as_every_page_says_it(run: RunData) -> None:
    worst = find_worst(run.report)
    assert worst is not None and worst.group is not None
    failed = {v.measurement for v in run.report.verdicts if v.status is Status.FAIL}
    assert worst.measurement in failed
    rate = next(
        x for x in run.by_group("selection_rate", worst.attribute) if x.group == worst.group
    )
    step = story.build_story(run)[0]
    assert f"{(rate.value or 0) * 100:.1f}%" in step.answer
    assert step.note == say("story.status.fail", rule=worst.title)
    shown = [line.sentence for line in overview.list_findings(run)]
    assert step.answer == shown[0]
    card = render_markdown(build_card(run.report))
    assert escape_markdown(step.answer) in card
    payload = build_payload(run.report, run.cube)
    assert [found.line.sentence for found in payload.story.findings] == shown
    assert payload.story.headline == overview.render_headline(run)


def test_one_pair_for_who_and_why_and_what_helps(run: RunData) -> None:
    worst = find_worst(run.report)
    assert worst is not None
    pair = (plain_text(worst.group or ""), plain_text(worst.reference_group or ""))
    answers = {step.page: step.answer for step in story.build_story(run)}
    for page in ("fairness", "explanations"):
        assert all(name in answers[page] for name in pair), answers[page]
    assert answers["explanations"].startswith(f"{pair[0]} is selected ")
    assert "narrow" in answers["interventions"]
    assert "95% interval" in answers["interventions"]


def test_decisions_and_regression_say_what_was_not_measured(runs: Path) -> None:
    for name in ("decisions", "amounts"):
        other = RunData(load_bundle(runs / name))
        for step in story.build_story(other):
            assert step.answer.endswith("."), step
    without = {
        step.page: step for step in story.build_story(RunData(load_bundle(runs / "decisions")))
    }
    assert without["explanations"].answer.startswith(("Not measured: ", "No gap between"))


def test_run_of_few_checks_is_told_too(inputs: Path, tmp_path: Path) -> None:
    profile = tuple(check for check in BUILTIN if check.code == "data.profile")
    bundle = run_audit(inputs / "decisions.toml", tmp_path / "few", checks=profile)
    steps = story.build_story(RunData(bundle))
    assert steps[0].answer == say("story.unjudged")
    assert say("story.absent_unsaid") in [step.answer for step in steps]


def test_every_verdict_is_in_a_finding_or_in_order(run: RunData) -> None:
    open_ones = {(item.rule, name) for item in list_findings(run.report) for name in item.verdicts}
    told = {(v.rule, v.measurement) for v in run.report.verdicts if v.status in overview.OPEN}
    assert told <= open_ones
    lines = overview.list_findings(run)
    assert len(lines) + sum(len(line.under) for line in lines) == len(list_findings(run.report))
    met = sum(len(rule.lines) for rule in overview.list_met(run))
    assert met == sum(v.status not in overview.OPEN for v in run.report.verdicts)
    for line in lines:
        table = overview.tabulate_lines(line.under)
        assert len(table) == len(line.under)


def test_decisions_alone_never_speak_of_a_model(runs: Path) -> None:
    """That there is none may be said; nothing else that has one."""
    run = RunData(load_bundle(runs / "decisions"))
    texts = [overview.render_headline(run), *overview.list_cautions(run)]
    texts += [line.sentence + line.reason for line in overview.list_findings(run)]
    for step in story.build_story(run):
        texts += [step.question, step.answer, step.note]
    texts += render_markdown(build_card(run.report)).splitlines()
    allowed = (
        "without a model",
        "only models of many classes",
        "none: decisions",
        "makes the model err",
    )
    for text in texts:
        if not any(words in text for words in allowed):
            assert not re.search(r"\bmodels?\b", text, re.IGNORECASE), text


def test_every_step_leads_to_the_next() -> None:
    for page, following in pairwise(REVIEW[1:]):
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.query_params["run"] = "model"
        app.run()
        app.switch_page(f"views/{page}.py").run()
        assert not app.exception
        assert say(f"story.go_{following}") in [button.label for button in app.button], page
