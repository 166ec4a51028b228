"""Explanations beyond one row: by group, of errors, of slices, and of what gives groups away."""

from __future__ import annotations

from functools import partial

import streamlit as st

from audits.core.format import plain_text
from dashboard.catalogue import say
from dashboard.cohort_state import EVERYBODY, current_choice
from dashboard.components.charts import show_chart_with_table, show_pick
from dashboard.components.opening import ask
from dashboard.components.page import choose, choose_groups
from dashboard.components.text import show_table, show_text
from dashboard.state import find_drivers
from dashboard.viewmodels.cohorts import cohorts
from dashboard.viewmodels.cohorts.picks import list_slice_conditions
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.explanations import errors, group_importance
from dashboard.viewmodels.fairness import proxies
from dashboard.viewmodels.fairness.fairness import choose_grouping
from dashboard.viewmodels.overview.overview import find_check_reason
from dashboard.viewmodels.run import RunData


def show_about_all(key: str) -> None:
    """Say of a part that it is about all rows, where a cohort is looked at."""
    if current_choice() != EVERYBODY:
        show_text(say("cohorts.all_rows"), f"all-rows-{key}", "note")


def show_group_importance(run: RunData) -> None:
    """Show what moves the model for each group, and the differences that a test supports."""
    attributes = group_importance.list_attributes(run)
    if not attributes:
        reason = find_check_reason(run, "explain.groups") or say("explanations.none_checked")
        shown = say("moves.absent", reason=reason.rstrip(".")) if run.attributes else say(
            "fairness.no_groups"
        )  # fmt: skip
        show_text(shown, "no-groups")
        return
    left, right = st.columns(2, gap="large")
    with left:
        attribute = choose_groups(attributes, "groups", choose_grouping(run))
    with right:
        named = {say(f"moves.{name}"): name for name in group_importance.MEASURES}
        chosen = choose(
            say("moves.measure"), list(named), "measure", help_text=say("moves.measure_help")
        )
        measure = named[chosen or next(iter(named))]
    attribute = attribute or attributes[0]
    chart = group_importance.make_group_chart(run, measure, attribute)
    if chart is None:
        show_text(say("performance.no_group_numbers"), "no-group-numbers")
        return
    for place, sentence in enumerate(group_importance.list_sentences(run, measure, attribute)):
        show_text(sentence, f"moves-{place}", "finding" if not place else "body")
    table = group_importance.tabulate_groups(run, measure, attribute)
    show_chart_with_table(chart, table, "by-group")
    show_text(say("moves.note"), "moves", "note")


def show_errors(run: RunData) -> None:
    """Show which columns make predictions better and which worse."""
    choices = errors.list_choices(run)
    if not choices:
        reason = find_check_reason(run, "explain.errors") or say("explanations.none_checked")
        show_text(say("errors.absent", reason=reason.rstrip(".")), "no-errors")
        return
    for place, sentence in enumerate(errors.list_sentences(run)):
        show_text(sentence, f"errors-{place}", "finding" if not place else "body")
    chosen = choose(
        say("errors.rows"), list(choices), "error-rows", help_text=say("errors.rows_help")
    )
    words = chosen or next(iter(choices))
    metric, attribute, group = choices[words]
    items = errors.list_items(run, metric, attribute, group)
    if items:
        chart = errors.make_errors_chart(run, items, words)
        show_chart_with_table(chart, errors.tabulate_errors(run, items), "errors")
    else:
        reason = errors.find_reason(run, metric, attribute, group)
        show_text(say("errors.unavailable", reason=reason), "errors-unavailable")
    show_text(errors.describe_errors(run), "errors-rows", "note")
    show_text(say("errors.meaning"), "errors-meaning", "note")


def show_proxies(run: RunData, grouping: str) -> None:
    """Show which columns give an attribute away, those that the model uses first."""
    found = proxies.make_proxies(run, grouping)
    if found is None:
        return
    st.header(say("proxies.title"), anchor=False)
    show_about_all("proxies")
    for place, sentence in enumerate(found.sentences):
        show_text(sentence, f"proxy-{place}")
    with st.expander(say("proxies.table")):
        show_table(found.table, "proxies", say("proxies.table"))
    show_text(say("proxies.note", described=found.note), "proxies", "note")


def show_drivers(run: RunData) -> None:
    """Let the reader choose a slice and show what drives it."""
    names = cohorts.list_slices(run)
    if not names:
        return
    name = st.selectbox(
        say("cohort.choose"), names, index=None, placeholder=say("cohort.placeholder"),
        key="slice", bind="query-params",
    )  # fmt: skip
    if name is None:
        return
    show_pick(run, list_slice_conditions(run).get(name, ()), "slice")
    found = ask(run, partial(find_drivers, name=name))
    if isinstance(found, Absent):
        shown = say("cohort.absent", name=plain_text(name), reason=found.reason)
        show_text(shown, "cohort-absent")
        return
    for place, sentence in enumerate(cohorts.list_sentences(found, name)):
        show_text(sentence, f"cohort-{place}")
    chart = cohorts.make_cohort_chart(found, name)
    show_chart_with_table(chart, cohorts.tabulate_cohort(found), "cohort")
