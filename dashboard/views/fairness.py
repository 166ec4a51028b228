"""Fairness: who is treated differently, where attributes meet, what another threshold would do."""

from __future__ import annotations

import streamlit as st

from audits.core.findings import LEGITIMATE_NOTE
from dashboard.catalogue import say
from dashboard.components.beyond import show_proxies
from dashboard.components.charts import show_chart, show_chart_with_table, show_selectable_chart
from dashboard.components.page import choose, require_run
from dashboard.components.people import show_people
from dashboard.components.text import show_table, show_text
from dashboard.viewmodels import fairness, picks, rules, thresholds
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import explain_metric, name_metric

GUIDE = ("demographic_parity", "equal_opportunity", "equalized_odds", "predictive_parity",
         "conflict")  # fmt: skip


def show_metric(run: RunData, grouping: str, metric: str) -> None:
    """Show one metric by group: the finding, the figure, the sentences, the table."""
    chart = fairness.make_group_chart(run, metric, grouping)
    if chart is None:
        reason = fairness.find_reason(run, metric, grouping)
        show_text(say("fairness.unavailable", reason=reason), "unavailable")
        return
    table = fairness.tabulate_metric(run, metric, grouping)
    marks = picks.pick_measured(run, metric, grouping)
    show_chart_with_table(chart, table, "metric", run, marks)
    for position, sentence in enumerate(fairness.list_sentences(run, metric, grouping)):
        show_text(sentence, f"sentence-{position}")


def show_summaries(run: RunData, grouping: str) -> None:
    """Show the well-known gaps, and the heat map where two attributes meet."""
    table = fairness.list_summaries(run, grouping)
    if not table.empty:
        st.header(say("fairness.summaries"), anchor=False)
        show_text(say("fairness.summaries_note"), "summaries", "note")
        show_table(table, "summaries", say("fairness.summaries"))


def show_impact(run: RunData, grouping: str) -> None:
    """Show every group against the one selected most often."""
    table = rules.tabulate_impact(run, grouping)
    if table.empty:
        return
    st.header(say("impact.title"), anchor=False)
    show_text(say("impact.note"), "impact", "note")
    for position, sentence in enumerate(rules.list_impact_sentences(run, grouping)):
        show_text(sentence, f"impact-{position}")
    show_table(table, "impact", say("impact.title"))


def show_conditional(run: RunData, grouping: str) -> None:
    """Show what remains of the gaps in selection when legitimate columns are held fixed."""
    sentences = fairness.list_conditional(run, grouping)
    if not sentences:
        return
    st.header(say("fairness.conditional"), anchor=False)
    show_text(LEGITIMATE_NOTE, "conditional", "note")
    for position, sentence in enumerate(sentences):
        show_text(sentence, f"conditional-{position}")


def show_law(run: RunData) -> None:
    """Show the tables of Local Law 144, where the audit has them."""
    tables = rules.list_law_tables(run)
    if not tables:
        return
    st.header(say("law.title"), anchor=False)
    show_text(rules.render_law_note(run), "law", "note")
    for position, item in enumerate(tables):
        show_text(item.title, f"law-{position}", "label")
        show_table(item.table, f"law-{position}", item.title)


def show_intersections(run: RunData, metric: str) -> None:
    """Show the metric where two attributes meet."""
    if not run.pairs:
        return
    st.header(say("fairness.intersections"), anchor=False)
    pair = choose(say("fairness.attribute"), run.pairs, "pair")
    pair = pair or run.pairs[0]
    chart = fairness.make_intersection_chart(run, metric, pair)
    if chart is None:
        show_text(say("performance.no_group_numbers"), "no-intersections")
        return
    show_selectable_chart(run, chart, "intersections", picks.pick_crossed(run, pair))
    show_text(say("fairness.intersection_note"), "intersections", "note")


def reset_threshold(value: float) -> None:
    """Put the slider back (for `on_click`)."""
    st.session_state["threshold"] = value


@st.fragment
def show_lab(run: RunData, grouping: str) -> None:
    """Show the threshold lab: only this part runs again when the slider moves."""
    audited = thresholds.audited_threshold(run)
    named = {name_metric(rate): rate for rate in thresholds.list_rates(run)}
    left, right = st.columns([2, 1], vertical_alignment="bottom", gap="large")
    with right:
        rate = named[choose(say("lab.rate"), list(named), "rate") or next(iter(named))]
    with left:
        threshold = st.slider(
            say("lab.threshold"), 0.0, 1.0, audited, 0.01, key="threshold", bind="query-params"
        )
    moved = thresholds.compute_moved(run, grouping, rate, threshold)
    show_text(moved.sentence, "lab", "finding")
    show_text(say("lab.note" if run.cube.threshold is not None else "lab.note_given"), "lab",
              "note")  # fmt: skip
    st.button(say("lab.reset"), key="lab-reset", on_click=reset_threshold, args=(audited,),
              disabled=threshold == audited)  # fmt: skip
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_chart(moved.chart, "lab")
    with right:
        show_table(moved.overall, "lab-overall", moved.sentence)
    show_table(moved.groups, "lab-groups", moved.chart.title)
    with st.expander(say("lab.curves")):
        show_chart(thresholds.make_threshold_chart(run, grouping, rate, threshold), "lab-curves")


def main() -> None:
    """Show the page."""
    run = require_run(cohorts=True)
    show_text(say("fairness.intro"), "intro", "lead")
    left, right = st.columns(2, gap="large")
    with left:
        grouping = choose(
            say("fairness.attribute"), run.groupings, "groups", fairness.choose_grouping(run)
        )
    if grouping is None:
        show_text(say("fairness.no_groups"), "no-groups")
        return
    metrics = fairness.list_metrics(run, grouping)
    with right:
        metric = choose_metric(metrics)
    show_text(explain_metric(metric), "metric")
    source = fairness.find_source(metric)
    if source:
        show_text(say("fairness.source", source=source), "source", "note")
    with st.expander(say("fairness.choose")):
        for part in GUIDE:
            st.markdown(say(f"fairness.guide.{part}"))
    show_metric(run, grouping, metric)
    show_people(run)
    show_impact(run, grouping)
    show_conditional(run, grouping)
    show_proxies(run.whole, grouping)
    show_summaries(run, grouping)
    show_intersections(run, metric)
    show_law(run)
    st.header(say("fairness.lab"), anchor=False)
    if thresholds.can_move(run):
        show_lab(run, grouping)
    else:
        show_text(say("lab.none" if run.task == "binary" else "lab.not_binary"), "no-lab")


def choose_metric(metrics: list[str]) -> str:
    """Let the reader choose a metric; the address has its title."""
    named = {name_metric(metric): metric for metric in metrics}
    default = name_metric("selection_rate")
    return named[choose(say("fairness.metric"), list(named), "metric", default) or default]


main()
