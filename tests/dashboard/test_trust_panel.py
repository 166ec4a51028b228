"""An explanation's label on its page: said in words, and never better than it is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audits.core.report.codes import TRUST_CHECK
from audits.core.report.estimate import Estimate
from audits.core.report.report import AuditReport
from audits.findings.stories.trust_limits import GRADES, Grade
from dashboard.catalogue import say
from dashboard.components.explanations.trust import COLOURS, ICONS
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.explanations.explanations import find_evidence
from dashboard.viewmodels.explanations.trust import make_panel
from dashboard.viewmodels.run import RunData

ROOT = Path(__file__).resolve().parents[2]


def with_number(run: RunData, metric: str, value: float) -> RunData:
    """Return the run as if one measure of trust had come out otherwise."""
    changed = tuple(
        item.model_copy(
            update={
                "estimate": Estimate(value=value, low=value, high=value, n=200, method="t",
                                     confidence=0.95)
            }
        )
        if item.metric == metric
        else item
        for item in run.report.measurements
    )  # fmt: skip
    return with_report(run, run.report.model_copy(update={"measurements": changed}))


def with_report(run: RunData, report: AuditReport) -> RunData:
    return RunData(replace(run.bundle, report=report))


def evidence_of(run: RunData) -> str:
    found = find_evidence(run)
    assert found is not None
    return found


def test_the_panel_says_what_was_measured(run: RunData) -> None:
    panel = make_panel(run, evidence_of(run))
    assert panel.grade is not None
    assert panel.label == GRADES[panel.grade]
    assert [line.name for line in panel.aspects] == ["faithful", "agreeing", "stable", "adding_up"]
    for line in panel.aspects:
        assert len(line.help) > 100
    assert "Shuffling" in panel.aspects[0].help


def test_a_failed_explanation_is_shown_as_failed(run: RunData) -> None:
    panel = make_panel(with_number(run, "trust_deletion", 0.9), evidence_of(run))
    assert (panel.grade, panel.label) == (Grade.UNRELIABLE, "Not reliable")
    assert "0.90 times" in panel.sentence
    assert "Do not act on it" in panel.sentence
    assert "no verdict on the model" in panel.sentence
    assert panel.aspects[0].text == "The score follows it: no"


def test_a_run_without_the_check_says_so(run: RunData) -> None:
    report = run.report
    kept = tuple(item for item in report.measurements if item.check != TRUST_CHECK)
    checks = tuple(
        check.model_copy(update={"reason": "[explain] trust_rows = 0"})
        if check.code == TRUST_CHECK
        else check
        for check in report.checks
    )
    panel = make_panel(
        with_report(run, report.model_copy(update={"measurements": kept, "checks": checks})),
        evidence_of(run),
    )
    assert (panel.grade, panel.aspects) == (None, ())
    assert "trust_rows = 0" in panel.sentence
    old = report.model_copy(update={"measurements": kept, "checks": ()})
    panel = make_panel(with_report(run, old), evidence_of(run))
    assert "did not look at it" in panel.sentence


def test_every_grade_has_icon_word_and_colour() -> None:
    assert set(ICONS) == set(COLOURS) == set(Grade)
    assert len(set(ICONS.values())) == len(set(COLOURS.values())) == 3
    for grade in Grade:
        assert say(f"trust.word.{grade.value}")
        assert say(f"trust.means.{grade.value}")


def test_the_page_shows_the_label(
    run: RunData, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.query_params["run"] = "model"
    app.run()
    app.switch_page("views/explanations.py").run()
    assert not app.exception
    panel = make_panel(run, evidence_of(run))
    assert panel.sentence in [item.value for item in app.text]
    badges = " ".join(item.value for item in app.get("markdown"))
    plain = re.sub(r"[\\\u2060]", "", badges)
    for words in (panel.label, *(line.text for line in panel.aspects)):
        assert words in plain
