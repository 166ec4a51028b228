"""Counterfactuals: pick a row, see what would change its decision, edit it and ask the model."""

from __future__ import annotations

from typing import Any

import streamlit as st

from audits.core.format import format_count
from audits.findings import FLIP_NOTE
from dashboard.catalogue import say
from dashboard.components.beyond import show_about_all
from dashboard.components.charts import show_chart
from dashboard.components.explanations.own_rules import show_own_rules
from dashboard.components.explanations.whatif import show_editor
from dashboard.components.page import choose_groups, require_run
from dashboard.components.text import show_table, show_text
from dashboard.viewmodels.cohorts.rows import read_score
from dashboard.viewmodels.counterfactuals import burden, recourse
from dashboard.viewmodels.fairness.fairness import choose_grouping
from dashboard.viewmodels.overview.overview import find_check_reason, find_reason
from dashboard.viewmodels.run import RunData


def show_overall(run: RunData) -> None:
    """Show the findings over all rows that were searched."""
    st.header(say("recourse.overall"), anchor=False)
    for position, sentence in enumerate(recourse.list_sentences(run)):
        show_text(sentence, f"overall-{position}")
    left, right = st.columns(2, gap="large")
    with left:
        attribute = choose_groups(run.attributes, "groups", choose_grouping(run))
        chart = recourse.make_group_chart(run, attribute) if attribute else None
        if chart is not None:
            show_chart(chart, "by-group")
    with right:
        columns = recourse.make_columns_chart(run)
        if columns is not None:
            show_chart(columns, "columns")
    rules = recourse.list_rules(run)
    if rules:
        with st.expander(say("recourse.rules")):
            for position, rule in enumerate(rules):
                show_text(rule, f"rule-{position}")


def choose_row(run: RunData) -> str | None:
    """Let the reader pick a row in the table or by its id; the id stands in the address."""
    answers = recourse.load_answers(run)
    table = recourse.tabulate_rows(run)
    show_text(say("recourse.choose_note"), "choose", "note")

    def take_selection() -> None:
        chosen: Any = st.session_state["rows-table"]
        places = chosen["selection"]["rows"]
        if places:
            st.session_state["row"] = answers.rows[places[0]]

    st.dataframe(
        table, hide_index=True, key="rows-table", on_select=take_selection,
        selection_mode="single-row", height=280, alt=say("recourse.choose"),
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in (say("column.score"), say("column.cost"))
        },
    )  # fmt: skip
    row = st.selectbox(
        say("recourse.row"), answers.rows, index=None, key="row", bind="query-params",
        placeholder=say("recourse.pick"),
    )  # fmt: skip
    return None if row is None else str(row)


def show_answers(run: RunData, row: str) -> None:
    """Show what would change one row's decision."""
    answers = recourse.load_answers(run)
    missing = answers.without.get(row)
    if missing is not None:
        show_text(recourse.render_none(missing), "no-answer", "finding")
        show_text(recourse.render_searched(missing), "searched", "note")
        return
    facts = read_score(run, row) or {}
    score = facts.get(recourse.name_score(run))
    known = float(score) if isinstance(score, float) else None
    for position, answer in enumerate(answers.by_row.get(row, ())):
        with st.container(border=True, key=f"answer-{position}"):
            show_text(say("recourse.answer", n=position + 1), f"answer-{position}", "label")
            sentence = recourse.render_answer(run, answer, known)
            show_text(sentence, f"answer-{position}", "finding")
            show_table(recourse.tabulate_answer(answer), f"answer-{position}", sentence)
            show_text(recourse.render_cost(answer), f"cost-{position}", "note")
            for number, note in enumerate(recourse.list_notes(run, answer)):
                show_text(note, f"note-{position}-{number}", "note")


def show_burden(run: RunData) -> None:
    """Show whether recourse costs every group the same."""
    st.header(say("burden.title"), anchor=False)
    groupings = burden.list_groupings(run)
    if not groupings:
        reason = find_reason(run, "recourse.fairness") or say("burden.none_checked")
        show_text(say("burden.none", reason=reason), "no-burden")
        return
    show_text(say("burden.intro"), "burden", "note")
    grouping = choose_groups(groupings, "ways", choose_grouping(run))
    if grouping is None:
        return
    for position, sentence in enumerate(burden.list_findings(run, grouping)):
        show_text(sentence, f"burden-{position}", "finding")
    charts = (burden.make_effort_chart(run, grouping), burden.make_parts_chart(run, grouping))
    for column, chart, key in zip(
        st.columns(2, gap="large"), charts, ("effort", "parts"), strict=True
    ):
        if chart is not None:
            with column:
                show_chart(chart, key)
    if charts[1] is not None:
        show_text(say("burden.parts_note"), "parts", "note")
    with st.expander(say("burden.by_group")):
        table = burden.tabulate_groups(run, grouping)
        show_table(table, "burden", say("burden.by_group"))
    rows = len(recourse.load_answers(run).rows)
    show_text(say("burden.sampling", rows=format_count(rows)), "sampling", "note")


def show_flips(run: RunData) -> None:
    """Show what the model decides of rows that are made rows of another group."""
    told = {name: burden.list_flips(run, name) for name in run.attributes}
    reason = find_reason(run, "fairness.counterfactual")
    if not any(told.values()) and not reason:
        return
    st.header(say("burden.flips"), anchor=False)
    if reason:
        show_text(say("burden.no_flip", reason=reason), "no-flips")
        return
    show_text(FLIP_NOTE, "flips", "note")
    for place, (attribute, sentences) in enumerate(told.items()):
        for position, sentence in enumerate(sentences):
            show_text(sentence, f"flip-{place}-{position}")
        table = burden.tabulate_flips(run, attribute)
        if not table.empty:
            show_table(table, f"flips-{place}", say("burden.flips"))


def main() -> None:
    """Show the page."""
    run = require_run(cohorts=True)
    show_text(say("recourse.intro"), "intro", "lead")
    if not recourse.has_answers(run):
        reason = find_check_reason(run.whole, "recourse.counterfactuals") or say(
            "recourse.none_checked"
        )
        show_text(say("recourse.none", reason=reason), "none")
        show_flips(run.whole)
        return
    st.header(say("recourse.choose"), anchor=False)
    searched = bool(recourse.load_answers(run).rows)
    if not searched:
        show_text(say("recourse.none_of_these"), "none-of-these")
    row = choose_row(run) if searched else None
    if row is not None:
        left, right = st.columns(2, gap="large")
        with left:
            st.header(say("recourse.what"), anchor=False)
            show_answers(run, row)
            show_own_rules(run, row)
        with right:
            st.header(say("whatif.title"), anchor=False)
            show_editor(run, row)
    show_about_all("recourse")
    show_overall(run.whole)
    show_burden(run.whole)
    show_flips(run.whole)


main()
