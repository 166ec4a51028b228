"""Fairness: who is treated differently, where attributes meet, what another threshold would do."""

from __future__ import annotations

import streamlit as st

from audits.findings import LEGITIMATE_NOTE
from dashboard.catalogue import say
from dashboard.components.beyond import show_proxies
from dashboard.components.charts import show_chart_with_table
from dashboard.components.cohorts.people import show_people
from dashboard.components.guide import show_guide
from dashboard.components.lab import show_lab
from dashboard.components.page import choose, choose_groups, go_to, require_run, show_empty
from dashboard.components.text import show_table, show_text
from dashboard.viewmodels.cohorts import picks
from dashboard.viewmodels.fairness import fairness, intersections, rules, thresholds
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import explain_metric, name_metric


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
    pair = choose(
        say("fairness.pair_choose"), run.pairs, "pair", help_text=say("fairness.pair_help")
    )
    pair = pair or run.pairs[0]
    chart = intersections.make_intersection_chart(run, metric, pair)
    if chart is None:
        show_text(say("fairness.no_intersections"), "no-intersections")
        return
    table = intersections.tabulate_intersections(run, metric, pair)
    show_chart_with_table(chart, table, "intersections", run, picks.pick_crossed(run, pair))
    for place, note in enumerate(intersections.list_notes(run, metric, pair)):
        show_text(note, f"intersections-{place}", "note")


def show_measures(run: RunData, grouping: str, metrics: list[str], metric: str) -> None:
    """Show what the chosen measure means, the guide to another one, and its numbers by group."""
    show_text(explain_metric(metric), "metric")
    source = fairness.find_source(metric)
    if source:
        show_text(say("fairness.source", source=source), "source", "note")
    show_guide(run, grouping, [name_metric(one) for one in metrics])
    show_metric(run, grouping, metric)
    show_people(run)


def main() -> None:
    """Show the page."""
    run = require_run(cohorts=True)
    show_text(say("fairness.intro"), "intro", "lead")
    left, right = st.columns(2, gap="large")
    with left:
        grouping = choose_groups(run.groupings, "groups", fairness.choose_grouping(run))
    if grouping is None:
        show_empty(say("fairness.no_groups_title"), say("fairness.no_groups"), "no-groups")
        return
    metrics = fairness.list_metrics(run, grouping)
    metric = None
    if metrics:
        with right:
            metric = choose_metric(metrics)
        show_measures(run, grouping, metrics, metric)
    else:
        show_empty(say("fairness.unmeasured_title"), fairness.explain_absence(run), "unmeasured")
    show_impact(run, grouping)
    show_conditional(run, grouping)
    show_proxies(run.whole, grouping)
    show_summaries(run, grouping)
    if metric is not None:
        show_intersections(run, metric)
    show_law(run)
    st.header(say("fairness.lab"), anchor=False)
    if thresholds.can_move(run):
        show_lab(run, grouping)
        first = {} if grouping == fairness.choose_grouping(run) else {"groups": grouping}
        go_to("interventions", say("tradeoff.next"), "interventions", **first)
    else:
        show_text(say("lab.none" if run.task == "binary" else "lab.not_binary"), "no-lab")


def choose_metric(metrics: list[str]) -> str:
    """Let the reader choose one of the metrics; the address has its title."""
    named = {name_metric(metric): metric for metric in metrics}
    default = name_metric("selection_rate")
    chosen = choose(
        say("fairness.metric"), list(named), "metric", default, say("fairness.metric_help")
    )
    return named.get(chosen or "", metrics[0])


main()
