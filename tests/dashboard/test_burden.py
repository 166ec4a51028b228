"""The page's part on equal recourse: what it says is what the audit measured."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from audits.core.format import plain_text
from audits.figures.theme import MAX_POINTS
from audits.findings.stories.recourse import FLIP_NOTE
from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.counterfactuals import burden
from dashboard.viewmodels.run import RunData
from tests.figures.marks import count_points

pages = import_module("tests.dashboard.test_pages")


def test_every_protected_column_was_compared(run: RunData) -> None:
    assert set(run.attributes) <= set(burden.list_groupings(run))


def test_the_curve_passes_through_the_reports_numbers(run: RunData) -> None:
    effort = run.overall("recourse_effort").value
    for attribute in run.attributes:
        chart = burden.make_effort_chart(run, attribute)
        lines = [t for t in chart.figure.data if t.fill is None]
        stored = {i.group: i.value for i in run.by_group("recourse_within_effort", attribute)}
        assert len(lines) == len(stored) == 2
        items = sorted(run.by_group("recourse_rows", attribute), key=lambda i: -i.value)
        for line, item in zip(lines, items, strict=True):
            at = int(np.argmin(np.abs(np.asarray(line.x) - effort)))
            assert line.x[at] == pytest.approx(effort)
            assert line.y[at] == pytest.approx(stored[item.group])
            assert (np.diff(line.y) >= 0).all()
        assert count_points(chart.figure) < MAX_POINTS
        # 93 and fewer rejected rows were searched in each group: they make no title.
        assert "no two groups of 100 rows or more surely differ" in chart.title


def test_columns_parts_are_those_of_the_report(run: RunData, rude_names: tuple[str, ...]) -> None:
    chart = burden.make_parts_chart(run, run.attributes[0])
    points = next(t for t in chart.figure.data if t.mode == "markers")
    parts = [
        item.value
        for item in run.by_group("recourse_mean_cost_difference", run.attributes[0])
        if item.slice is not None
    ]
    np.testing.assert_allclose(sorted(points.x), sorted(parts))
    whole = run.by_group("recourse_mean_cost_difference", run.attributes[0])[0]
    assert sum(parts) == pytest.approx(whole.value)


def test_sentences_name_both_groups_and_how_sure(run: RunData) -> None:
    for grouping in burden.list_groupings(run):
        for sentence in burden.list_findings(run, grouping):
            assert "95% interval" in sentence
            assert "adjusted" in sentence or "no significant difference" in sentence
    table = burden.tabulate_groups(run, run.attributes[0])
    assert len(table) == 2
    assert table[say("column.group")].tolist() == ["Female", "Male"]


def test_the_page_shows_it(runs: Path, monkeypatch: pytest.MonkeyPatch, run: RunData) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    app = pages.open_page("counterfactuals")
    assert not app.exception
    shown = pages.texts(app)
    assert say("burden.intro") in shown
    for sentence in burden.list_findings(run, app.selectbox(key="ways").value):
        assert sentence in shown
    app.selectbox(key="ways").set_value(run.attributes[1]).run()
    assert not app.exception
    for sentence in burden.list_findings(run, run.attributes[1]):
        assert sentence in pages.texts(app)
    pairs = [name for name in burden.list_groupings(run) if name not in run.attributes]
    for name in pairs:
        app.selectbox(key="ways").set_value(name).run()
        assert not app.exception


def test_a_model_without_protected_columns_says_that_flips_were_not_asked(
    runs: Path, monkeypatch: pytest.MonkeyPatch, run: RunData
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    shown = pages.texts(pages.open_page("counterfactuals"))
    assert say("burden.flips") not in shown
    assert any(text.startswith("Not asked: the model is not given sex") for text in shown)
    assert FLIP_NOTE not in shown
    assert not burden.list_flips(run, "sex")


def test_decisions_have_no_ways_back_to_compare(decisions: RunData) -> None:
    assert burden.list_groupings(decisions) == ()
    assert burden.make_effort_chart(decisions, "sex") is None


def test_old_runs_without_the_check_still_open(run: RunData) -> None:
    """A report as it was before: the page has nothing to compare, and says so."""
    kept = [m for m in run.report.measurements if m.check != "recourse.fairness"]
    old = RunData(run.bundle)
    old._index.clear()
    for item in kept:
        old._index[item.metric, item.attribute].append(item)
    assert burden.list_groupings(old) == ()
    assert burden.list_findings(old, "sex") == []
    assert burden.make_parts_chart(old, "sex") is None
    assert plain_text(say("burden.none_checked"))
