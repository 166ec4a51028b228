"""Adverse impact and Local Law 144 on the fairness page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from audits.pipeline.run import run_audit
from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.fairness import fairness, rules
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import render_finding

ROOT = Path(__file__).resolve().parents[2]
AUDIT = """
[audit]
name = "Hiring"
[data]
path = "rows.csv"
protected = ["sex", "race"]
[predictions]
label = "hired"
[rules.local_law_144]
sex = "sex"
race = "race"
"""
CELLS = [("M", "White", 200, 100), ("M", "Black", 80, 32), ("F", "White", 150, 45),
         ("F", "Black", 70, 21), ("", "White", 12, 6)]  # fmt: skip
SMALL = [("M", "White", 20, 3), ("F", "White", 10, 1)]


def make_run(folder: Path, cells) -> RunData:
    folder.mkdir(exist_ok=True)
    rows = [(sex, race, int(k < x)) for sex, race, n, x in cells for k in range(n)]
    pd.DataFrame(rows, columns=["sex", "race", "hired"]).to_csv(folder / "rows.csv", index=False)
    (folder / "audit.toml").write_text(AUDIT)
    return RunData(run_audit(folder / "audit.toml", folder / "runs" / "hiring"))


@pytest.fixture(scope="module")
def hiring(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    return make_run(tmp_path_factory.mktemp("hiring"), CELLS)


def test_the_lowest_ratio_is_told_with_its_certainty_and_persons(hiring) -> None:
    sentences = rules.list_impact_sentences(hiring, "sex")
    assert sentences[0].startswith("F gets the favourable outcome 0.636 times as often as M")
    assert "under four fifths" in sentences[1]
    assert "29 CFR 1607.4(D)" in sentences[1]
    assert "p < 0.001, so chance alone hardly explains it" in sentences[2]
    # (132 * 220 - 66 * 280) / 500
    assert sentences[3].startswith("At the rate of both groups together, 21.1 more of F")
    table = rules.tabulate_impact(hiring, "sex")
    assert list(table.columns)[:3] == ["Group", "Rows", "Selection rate"]
    assert set(table["Rows"]) == {220, 12}


def test_small_numbers_are_called_small(tmp_path) -> None:
    run = make_run(tmp_path / "small", SMALL)
    sentences = rules.list_impact_sentences(run, "sex")
    assert any("One different selection would turn the result round" in x for x in sentences)
    assert any("chance alone could explain it" in x for x in sentences)


def test_law_tables_stand_apart_from_the_audits_groups(hiring) -> None:
    tables = rules.list_law_tables(hiring)
    assert [item.title for item in tables] == [
        "By sex (6 RCNY 5-301(b))", "By race (6 RCNY 5-301(b))", "By sex & race (6 RCNY 5-301(b))",
    ]  # fmt: skip
    assert list(tables[1].table[say("law.applicants")]) == [150, 350]
    note = rules.render_law_note(hiring)
    assert "sets no pass mark" in note
    assert "12 people" in note
    assert len(fairness.tabulate_metric(hiring, "selection_rate", "sex")) == 3
    for item in hiring.report.measurements:
        assert render_finding(item)


def test_a_regression_has_neither(amounts: RunData) -> None:
    assert rules.tabulate_impact(amounts, "sex").empty
    assert rules.list_impact_sentences(amounts, "sex") == []
    assert rules.list_law_tables(amounts) == []


def test_the_page_shows_both(hiring, monkeypatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(hiring.bundle.path.parent))
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.query_params["run"] = "hiring"
    app.run()
    app.switch_page("views/fairness.py").run()
    assert not app.exception
    heads = [item.value for item in app.header]
    assert say("impact.title") in heads
    assert say("law.title") in heads
    assert any("sets no pass mark" in item.value for item in app.text)
