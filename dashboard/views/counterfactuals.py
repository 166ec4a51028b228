"""Counterfactuals: pick a row, see what would change its decision, edit it and ask the model."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.charts import show_chart
from dashboard.components.page import choose, require_run
from dashboard.components.text import show_table, show_text
from dashboard.components.whatif import show_editor
from dashboard.viewmodels import recourse
from dashboard.viewmodels.fairness import choose_grouping
from dashboard.viewmodels.overview import find_check_reason
from dashboard.viewmodels.rows import read_score
from dashboard.viewmodels.run import RunData


def show_overall(run: RunData) -> None:
    """Show the findings over all rows that were searched."""
    st.header(say("recourse.overall"), anchor=False)
    for position, sentence in enumerate(recourse.list_sentences(run)):
        show_text(sentence, f"overall-{position}")
    left, right = st.columns(2, gap="large")
    with left:
        attribute = choose(
            say("recourse.attribute"), run.attributes, "groups", choose_grouping(run)
        )
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
    score = facts.get("y_score")
    known = float(score) if isinstance(score, float) else None
    for position, answer in enumerate(answers.by_row.get(row, ())):
        with st.container(border=True, key=f"answer-{position}"):
            show_text(say("recourse.answer", n=position + 1), f"answer-{position}", "label")
            sentence = recourse.render_answer(answer, known, recourse.find_threshold(run))
            show_text(sentence, f"answer-{position}", "finding")
            show_table(recourse.tabulate_answer(answer), f"answer-{position}", sentence)
            likely = "recourse.plausible" if answer.plausible else "recourse.implausible"
            cost = say("recourse.cost", cost=f"{answer.cost:.2f}")
            show_text(f"{cost} {say(likely)}", f"cost-{position}", "note")


def main() -> None:
    """Show the page."""
    run = require_run()
    show_text(say("recourse.intro"), "intro", "lead")
    if not recourse.has_answers(run):
        reason = find_check_reason(run, "recourse.counterfactuals") or say("recourse.none_checked")
        show_text(say("recourse.none", reason=reason), "none")
        return
    st.header(say("recourse.choose"), anchor=False)
    row = choose_row(run)
    if row is not None:
        left, right = st.columns(2, gap="large")
        with left:
            st.header(say("recourse.what"), anchor=False)
            show_answers(run, row)
        with right:
            st.header(say("whatif.title"), anchor=False)
            show_editor(run, row)
    show_overall(run)


main()
