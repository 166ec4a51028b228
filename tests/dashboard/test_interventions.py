"""The page of interventions: what it says is what the audit's check measured."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from audits.core.format import format_value
from audits.core.words.words import ATTRIBUTE_WARNING
from audits.figures.theme import MAX_POINTS
from audits.mitigate.goals import GOALS, Costs
from audits.mitigate.remedies import name_intervention
from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.interventions import interventions
from dashboard.viewmodels.interventions.interventions import Question
from dashboard.viewmodels.run import RunData
from tests.figures.marks import count_points

pages = import_module("tests.dashboard.test_pages")


def ask(run: RunData, **changes: object) -> Question:
    usual = {"grouping": run.attributes[0], "goal": "demographic_parity", "by_group": True,
             "gap": 0.02, "costs": Costs()}  # fmt: skip
    return Question(**(usual | changes))


def test_the_page_agrees_with_the_audit(run: RunData) -> None:
    """The same halves, the same thresholds: the page's gap is the report's."""
    for attribute in run.attributes:
        for by_group in (True, False):
            for goal in ("demographic_parity", "equal_opportunity", "equalized_odds"):
                question = ask(run, grouping=attribute, goal=goal, by_group=by_group)
                shown = interventions.answer(run, question).overall
                name = name_intervention(goal, attribute, by_group=by_group)
                after = run.report.by_id[f"gap_after[{attribute}]@{name}"].value
                assert shown.iloc[0, 2].startswith(format_value(after, "points"))


def test_sentences_say_what_it_brings_and_what_it_costs(run: RunData) -> None:
    found = interventions.answer(run, ask(run, grouping=run.attributes[1]))
    assert "would shrink the demographic parity difference from" in found.sentence
    assert "on rows not used to choose them" in found.sentence
    assert found.uses_attribute
    assert not interventions.answer(run, ask(run, by_group=False)).uses_attribute


@pytest.mark.parametrize("goal", sorted(GOALS))
@pytest.mark.parametrize("by_group", [True, False])
def test_every_goal_has_an_answer(run: RunData, goal: str, by_group: bool) -> None:
    for grouping in run.groupings:
        for costs in (Costs(), Costs(1.0, 4.0)):
            question = ask(run, goal=goal, by_group=by_group, grouping=grouping, costs=costs)
            found = interventions.answer(run, question)
            assert found.sentence
            texts = [found.sentence]
            for table in (found.groups, found.overall):
                texts += [] if table is None else table.astype(str).to_numpy().ravel().tolist()
            assert not [text for text in texts if "nan" in text.split() or "inf" in text.split()]
            chart = interventions.make_frontier_chart(run, question)
            assert (chart is None) == (goal == "least_cost")
            if chart is not None:
                assert count_points(chart.figure) < MAX_POINTS
                assert all(np.isfinite(np.asarray(t.x, float)).all() for t in chart.figure.data)


def test_a_gap_out_of_reach_says_the_smallest(run: RunData) -> None:
    question = ask(run, goal="equal_accuracy", gap=0.0, by_group=False, grouping=run.attributes[1])
    found = interventions.answer(run, question)
    assert found.groups is None
    assert "the smallest possible is" in found.sentence


def test_runs_without_scores_say_so(decisions: RunData, amounts: RunData, run: RunData) -> None:
    assert interventions.find_obstacle(decisions) == say("lab.none")
    assert interventions.find_obstacle(amounts) == say("lab.not_binary")
    assert not interventions.find_obstacle(run)


def test_choices_on_the_page(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    app = pages.open_page("interventions")
    assert not app.exception
    assert ATTRIBUTE_WARNING in pages.texts(app)
    before = pages.texts(app)
    app.slider(key="allowed").set_value(10.0).run()
    assert not app.exception
    assert pages.texts(app) != before
    app.selectbox(key="way").set_value(say("interventions.one")).run()
    assert ATTRIBUTE_WARNING not in pages.texts(app)
    app.selectbox(key="goal").set_value("Least cost").run()
    app.number_input(key="cost-fp").set_value(0.0).run()
    app.number_input(key="cost-fn").set_value(0.0).run()
    assert say("interventions.costs_zero") in pages.texts(app)
    assert not app.exception
