"""Data: how large groups are, who has the good outcome, what gives it away, what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from audits.checks import MISSING_CHECK
from audits.core.format import plain_text
from dashboard.catalogue import say
from dashboard.components.charts import show_chart, show_chart_with_table
from dashboard.components.page import choose, choose_groups, require_run
from dashboard.components.text import show_table, show_text
from dashboard.viewmodels.data import data, leakage, missing, schema
from dashboard.viewmodels.fairness.fairness import choose_grouping
from dashboard.viewmodels.overview.overview import find_check_reason
from dashboard.viewmodels.run import RunData

MAX_SHOWN = 4
"""Sentences of one kind on the page; a table has the rest."""


def show_sentences(texts: Sequence[str], key: str) -> None:
    """Show the first sentences, and how many more there are."""
    for place, text in enumerate(texts[:MAX_SHOWN]):
        show_text(text, f"{key}-{place}")
    if texts[MAX_SHOWN:]:
        show_text(say("data.more", n=len(texts) - MAX_SHOWN), f"{key}-more", "note")


def show_sizes(run: RunData, grouping: str) -> None:
    """Show how many rows every group has."""
    chart = data.make_sizes_chart(run, grouping)
    if chart is None:
        show_text(say("overview.group_missing"), "no-sizes")
        return
    show_chart_with_table(chart, data.tabulate_sizes(run, grouping), "sizes")


def show_balance(run: RunData, grouping: str | None) -> None:
    """Show how often each group has the outcome."""
    st.header(say("data.balance"), anchor=False)
    classes = data.list_classes(run)
    name = choose(say("data.class"), classes, "class") or ""
    chart = None if grouping is None else data.make_balance_chart(run, grouping, name)
    if chart is None or grouping is None:
        show_text(data.explain_no_balance(run), "no-balance")
        return
    show_chart_with_table(chart, data.tabulate_balance(run, grouping, name), "balance")
    show_text(say("data.balance_note"), "balance", "note")


def show_leakage(run: RunData, columns: list[schema.ColumnLine]) -> None:
    """Show what may give the outcome away, or what was looked for without finding it."""
    st.header(say("leakage.title"), anchor=False)
    found = leakage.make_leakage(run, columns)
    for place, text in enumerate(found.suspects):
        with st.container(key=f"verdict-warn-suspect-{place}"):
            show_text(text, f"suspect-{place}", "finding")
    if not found.suspects and found.looked_for:
        show_text(say("leakage.none"), "no-suspects", "finding")
    for place, text in enumerate(found.looked_for):
        show_text(text, f"looked-{place}")
    for place, text in enumerate(found.absent):
        show_text(text, f"absent-{place}", "note")
    if not found.table.empty:
        with st.expander(say("leakage.table"), type="compact"):
            show_table(found.table, "leakage", say("leakage.table"))
            show_text(say("leakage.note"), "leakage", "note")


def show_missing(run: RunData) -> None:
    """Show which columns have missing values, and for whom more."""
    st.header(say("data.missing_title_section"), anchor=False)
    chart = schema.make_missing_chart(run)
    if chart is None:
        show_text(say("data.nothing_missing"), "nothing-missing")
        return
    show_chart(chart, "missing")
    compared = missing.list_compared(run)
    if not compared:
        reason = find_check_reason(run, MISSING_CHECK).rstrip(".")
        text = say("data.absent", reason=reason) if reason else say("data.absent_old")
        show_text(text, "no-missing-groups", "note")
        return
    sentences = missing.list_sentences(run)
    show_sentences(sentences or [say("data.missing_even")], "missing-groups")
    with st.expander(say("data.missing_table"), type="compact"):
        show_table(missing.tabulate_compared(run), "missing-groups", say("data.missing_table"))


def show_reference(run: RunData) -> None:
    """Show where the audited rows go beyond the reference rows."""
    if run.report.subject.reference is None or not leakage.columns_were_checked(run):
        return
    st.header(say("data.beside_reference"), anchor=False)
    sentences = leakage.list_strange(run)
    show_sentences(sentences or [say("data.nothing_strange")], "strange")


def show_schema(run: RunData, columns: list[schema.ColumnLine]) -> None:
    """Show every column, and what is wrong with some."""
    st.header(say("data.schema"), anchor=False)
    if not columns:
        show_text(schema.explain_absence(run), "no-schema")
        return
    show_sentences(schema.list_remarks(run, columns), "remark")
    word = st.text_input(
        say("data.find"), key="find", bind="query-params", help=say("data.find_help")
    )
    table = schema.tabulate_columns(columns, word or "")
    if table.empty:
        show_text(say("data.find_none", word=plain_text(word or "")), "find-none", "note")
        return
    show_table(table, "schema", say("data.schema"))
    show_text(say("data.privacy"), "privacy", "note")


def main() -> None:
    """Show the page."""
    run = require_run()
    show_text(data.render_lead(run), "lead", "lead")
    columns = schema.load_columns(run)
    st.header(say("data.sizes"), anchor=False)
    grouping = None
    if run.groupings:
        show_text(data.render_small(run), "small")
        grouping = choose_groups(run.groupings, "groups", choose_grouping(run))
        show_sizes(run, grouping or run.groupings[0])
    else:
        show_text(say("overview.no_protected"), "no-groups")
    show_balance(run, grouping)
    show_leakage(run, columns)
    show_missing(run)
    show_reference(run)
    show_schema(run, columns)


main()
