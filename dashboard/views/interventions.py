"""Interventions: what other thresholds would do to a gap, and what that costs."""

from __future__ import annotations

import streamlit as st

from audits.core.words.metrics import ATTRIBUTE_WARNING
from audits.mitigate import Costs
from dashboard.catalogue import say
from dashboard.components.charts import show_chart
from dashboard.components.page import choose, choose_groups, require_run, show_empty
from dashboard.components.text import show_table, show_text
from dashboard.viewmodels.fairness import fairness
from dashboard.viewmodels.interventions import interventions
from dashboard.viewmodels.interventions.interventions import Answer, Question
from dashboard.viewmodels.run import RunData

MAX_POINTS = 30.0


def ask(run: RunData) -> Question:
    """Let the reader say what is wanted, of whom, and what mistakes cost."""
    usual = interventions.default_costs(run)
    left, middle, right = st.columns(3, gap="large")
    with left:
        first = fairness.choose_grouping(run)
        grouping = choose_groups(run.groupings, "groups", first) or first
    with middle:
        goals = interventions.list_goals()
        wanted = choose(say("interventions.goal"), list(goals), "goal",
                        help_text=say("interventions.goal_help"))  # fmt: skip
        goal = goals[wanted or next(iter(goals))]
    with right:
        ways = {say("interventions.by_group"): True, say("interventions.one"): False}
        way = choose(say("interventions.way"), list(ways), "way",
                     help_text=say("interventions.way_help")) or next(iter(ways))  # fmt: skip
    show_text(interventions.explain_goal(goal), "goal")
    allowed = min(run.spec.mitigate.gap * 100, MAX_POINTS)
    points = st.slider(
        say("interventions.allowed"), 0.0, MAX_POINTS, allowed, 0.5, format="%.1f",
        key="allowed", bind="query-params", disabled=goal == "least_cost",
        help=say("interventions.allowed_help"),
    )  # fmt: skip
    with st.expander(say("interventions.costs"), expanded=goal == "least_cost"):
        show_text(say("interventions.costs_note"), "costs", "note")
        one, other = st.columns(2, gap="large")
        with one:
            positive = st.number_input(
                say("interventions.false_positive"), 0.0, 1e6, usual.false_positive, key="cost-fp"
            )
        with other:
            negative = st.number_input(
                say("interventions.false_negative"), 0.0, 1e6, usual.false_negative, key="cost-fn"
            )
    free = positive == negative == 0
    if free:
        show_text(say("interventions.costs_zero"), "costs-zero")
    costs = usual if free else Costs(positive, negative)
    return Question(grouping, goal, ways[way], points / 100, costs)


def show_warning() -> None:
    """Show that thresholds by group may be forbidden: icon, word and text."""
    with st.container(border=True, key="legal-warning"):
        st.badge(say("interventions.warning"), icon=":material/gavel:", color="orange")
        show_text(ATTRIBUTE_WARNING, "legal")


def show_answer(found: Answer) -> None:
    """Show what the thresholds would do, for everybody and by group."""
    show_text(found.sentence, "answer", "finding")
    if found.uses_attribute:
        show_warning()
    if found.groups is None or found.overall is None:
        return
    if found.caution:
        show_text(found.caution, "caution")
    show_text(say("interventions.note"), "answer", "note")
    show_table(found.overall, "overall", found.sentence)
    st.header(say("interventions.groups"), anchor=False)
    if found.chart is not None:
        show_chart(found.chart, "groups")
    show_table(found.groups, "groups", say("interventions.groups"))


@st.fragment
def show_lab(run: RunData) -> None:
    """Show question and answer: only this part runs again when a choice changes."""
    question = ask(run)
    show_answer(interventions.answer(run, question))
    chart = interventions.make_frontier_chart(run, question)
    if chart is not None:
        st.header(say("interventions.frontier"), anchor=False)
        show_text(say("interventions.frontier_note"), "frontier", "note")
        show_chart(chart, "frontier")


def main() -> None:
    """Show the page."""
    run = require_run(cohorts=True)
    show_text(say("interventions.intro"), "intro", "lead")
    obstacle = interventions.find_obstacle(run)
    if obstacle:
        show_empty(say("interventions.none_title"), obstacle, "none")
    else:
        show_lab(run)


main()
