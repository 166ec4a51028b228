"""The form that makes a condition: a column, and what it holds."""

from __future__ import annotations

import streamlit as st

from audits.core.format import plain_text
from dashboard.catalogue import say
from dashboard.cohort_state import show_rows
from dashboard.components.text import show_text
from dashboard.state import find_rows
from dashboard.viewmodels.cohorts import cohort_form
from dashboard.viewmodels.cohorts.cohort_form import Field
from dashboard.viewmodels.cohorts.rows import Absent, RowSource, render_cell
from dashboard.viewmodels.run import RunData


@st.fragment
def show_form(run: RunData, conditions: tuple[str, ...]) -> None:
    """Show the button with the form behind it; what it needs is read when it is opened."""
    # The number of conditions is in the key, so that the form closes when one is added.
    with st.popover(
        say("cohorts.choose"), icon=":material/filter_alt:", on_change="rerun",
        key=f"choose-rows-{len(conditions)}",
    ) as box:  # fmt: skip
        if box.open:
            _show_fields(run, conditions)


def _show_fields(run: RunData, conditions: tuple[str, ...]) -> None:
    found = find_rows(run)
    source = None if isinstance(found, Absent) else found
    fields = {field.name: field for field in cohort_form.list_fields(run, source)}
    name = st.selectbox(
        say("cohorts.column"), list(fields), key="where-column", format_func=plain_text
    )
    if name is None:
        return
    words = _ask(run, fields[name], source)
    if conditions:
        show_text(say("cohorts.narrow_note"), "narrow", "note")
    if isinstance(found, Absent):
        reason = found.reason
        show_text(say("cohorts.no_data_note", reason=reason), "form-no-data", "note")
    if st.button(
        say("cohorts.look"), key="where-look", type="primary", disabled=not words,
        on_click=show_rows, args=([*conditions, words],),
    ):  # fmt: skip
        st.rerun()


def _ask(run: RunData, field: Field, source: RowSource | None) -> str:
    """Let the reader say what the column holds; return the condition, "" while there is none."""
    if field.numeric:
        return _ask_range(field, source)
    values = cohort_form.list_values(run, field, source)
    value = st.selectbox(
        say("cohorts.value"), values, key=f"where-value-{field.name}", format_func=plain_text,
        accept_new_options=field.origin == "data",
    )  # fmt: skip
    return "" if value is None else cohort_form.say_value(run, field, str(value))


def _ask_range(field: Field, source: RowSource | None) -> str:
    left, right = st.columns(2)
    with left:
        low = st.number_input(say("cohorts.low"), value=None, key=f"where-low-{field.name}")
    with right:
        high = st.number_input(say("cohorts.high"), value=None, key=f"where-high-{field.name}")
    ends = source.find_range(field.name) if source and field.origin == "data" else None
    if ends is not None:
        first, last = (render_cell(end) for end in ends)
        show_text(say("cohorts.ends", low=first, high=last), "ends", "note")
    missing = field.origin == "data" and st.checkbox(
        say("cohorts.missing"), key=f"where-missing-{field.name}"
    )
    if missing:
        return cohort_form.say_missing(field)
    words = cohort_form.say_range(field, low, high)
    if not words and (low is not None or high is not None):
        show_text(say("cohorts.empty_range"), "empty-range", "note")
    return words
