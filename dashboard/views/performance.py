"""Performance: how often the model is right, for everybody and by group."""

from __future__ import annotations

import streamlit as st

from audits.core.format import plain_text
from dashboard.catalogue import say
from dashboard.components.beyond import show_about_all, show_drivers
from dashboard.components.charts import show_chart, show_chart_with_table
from dashboard.components.cohorts.people import show_people, show_slice_table
from dashboard.components.page import choose, choose_groups, require_run, show_empty
from dashboard.components.text import show_table, show_text
from dashboard.viewmodels.cohorts import picks
from dashboard.viewmodels.fairness.fairness import choose_grouping
from dashboard.viewmodels.performance import classes, curve_tables, performance, slices
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import explain_metric, name_metric, say_about


def show_headlines(run: RunData) -> None:
    """Show the main numbers of the whole data."""
    headlines = performance.list_headlines(run)
    columns = st.columns(max(len(headlines), 1), border=True)
    for position, (column, headline) in enumerate(zip(columns, headlines, strict=False)):
        with column:
            show_text(headline.title, f"headline-{position}", "label")
            show_text(headline.value, f"headline-{position}", "number")
            show_text(headline.detail, f"headline-{position}", "note")
            show_text(headline.meaning, f"meaning-{position}", "note")
    with st.expander(say("performance.all_numbers")):
        show_table(performance.tabulate_overall(run), "overall", say("performance.overall"))


def show_groups(run: RunData) -> str:
    """Show one measure by group; return the chosen groups."""
    left, right = st.columns(2, gap="large")
    with left:
        first = choose_grouping(run)
        grouping = choose_groups(run.groupings, "groups", first) or first
    named = {name_metric(metric): metric for metric in performance.list_metrics(run, grouping)}
    with right:
        chosen = choose(
            say("performance.metric"), list(named), "measure", name_metric("accuracy"),
            say("performance.measure_help"),
        )  # fmt: skip
    chart = performance.make_group_chart(run, named[chosen], grouping) if chosen else None
    if chosen is None or chart is None:
        show_text(say("performance.no_group_numbers"), "no-group-numbers")
        return grouping
    show_text(explain_metric(named[chosen]), "measure", "note")
    table = performance.tabulate_groups(run, grouping)
    marks = picks.pick_measured(run, named[chosen], grouping)
    show_chart_with_table(chart, table, "by-group", run, marks)
    return grouping


def show_classes(run: RunData, grouping: str | None) -> None:
    """Show each class of a multiclass model against all others."""
    table = classes.tabulate_classes(run)
    if table.empty:
        return
    st.header(say("performance.classes"), anchor=False)
    show_text(say("performance.classes_note"), "classes", "note")
    show_table(table, "classes", say("performance.classes"))
    gaps = classes.tabulate_class_gaps(run, grouping) if grouping else table.iloc[:0]
    if grouping and not gaps.empty:
        show_text(say("performance.class_gaps", attribute=plain_text(grouping)), "gaps", "label")
        show_table(gaps, "class-gaps", say("performance.classes"))


def show_curves(run: RunData) -> None:
    """Show ranking, calibration and confusion."""
    st.header(say("performance.curves"), anchor=False)
    whole = say("performance.whole")
    compared = choose(
        say("performance.compare"), [whole, *run.groupings], "compare",
        help_text=say("performance.compare_help"),
    )  # fmt: skip
    shown = None if compared in (None, whole) else compared
    if performance.has_curves(run):
        left, right = st.columns(2, gap="large")
        with left:
            table = curve_tables.tabulate_roc_points(run, shown)
            show_chart_with_table(performance.make_roc(run, shown), table, "roc")
        with right:
            table = curve_tables.tabulate_precision_recall_points(run, shown)
            show_chart_with_table(performance.make_precision_recall(run, shown), table, "pr")
    else:
        key = "no_scores" if run.task == "binary" else "no_curves"
        show_text(say(f"performance.{key}"), "no-scores", "note")
    group = ""
    if shown is not None:
        group = choose(say("performance.group"), run.view(shown).labels, "group") or ""
    left, right = st.columns(2, gap="large")
    if performance.has_curves(run):
        with left:
            table = curve_tables.tabulate_calibration(run, shown, group)
            chart = performance.make_calibration(run, shown, group)
            show_chart_with_table(chart, table, "calibration")
    with right:
        chart = performance.make_confusion(run, shown, group)
        table = curve_tables.tabulate_confusion(run, shown, group)
        marks = picks.pick_confusion(run, shown, group)
        show_chart_with_table(chart, table, "confusion", run, marks)


def show_slices(run: RunData) -> None:
    """Show where the model does worst, on any columns."""
    worst = slices.make_worst_slices(run.whole)
    if worst is None:
        return
    st.header(say_about(run, "slices.title"), anchor=False)
    show_about_all("slices")
    for position, sentence in enumerate(worst.sentences):
        show_text(sentence, f"slice-{position}", "finding")
    if worst.chart is not None:
        show_chart(worst.chart, "slice-map")
        show_text(say("slices.map_note"), "slice-map", "note")
        show_text(say("slices.all"), "slices-all", "label")
        show_slice_table(run, worst.table)
    show_drivers(run.whole)
    show_text(worst.note, "slices", "note")


def main() -> None:
    """Show the page."""
    run = require_run(cohorts=True)
    show_text(say_about(run, "performance.intro"), "intro", "lead")
    if not performance.has_truth(run):
        show_empty(say("performance.no_truth_title"), say("performance.no_truth"), "no-truth")
        show_slices(run)
        return
    if performance.list_headlines(run):
        show_headlines(run)
    else:
        show_text(say("performance.no_overall"), "no-overall")
    grouping = None
    if run.groupings:
        st.header(say("performance.groups"), anchor=False)
        grouping = show_groups(run)
    show_people(run)
    show_classes(run, grouping)
    show_slices(run)
    if run.task != "regression":
        show_curves(run)


main()
