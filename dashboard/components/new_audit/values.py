"""What each value of an outcome, or of decisions, means: asked where it is not plain."""

from __future__ import annotations

import streamlit as st

from audits.core.format import format_count
from audits.data import ColumnLook
from dashboard.catalogue import say
from dashboard.components.new_audit.state import change_form, current_form, name_context
from dashboard.components.text import escape_markdown, show_text
from dashboard.viewmodels.new_audit.audit_values import (
    list_counts,
    list_meanings,
    name_meaning,
    offer_meanings,
    render_values,
)

_WIDTH = 270


def edit_meanings(one: ColumnLook, *, is_decision: bool = False) -> None:
    """Show a column's values with their rows, and let the reader say of each what it means."""
    form, name = current_form(), one.column.name
    now = list_meanings(form, one)
    chosen: dict[str, str] = {}
    place = f"{'label' if is_decision else 'target'}-{name_context(form)}-{name}"
    with st.container(border=True, key=f"values-{place[:5]}"):
        show_text(render_values(one), f"values-{place[:5]}")
        with st.container(horizontal=True, gap="small"):
            for value, count in list_counts(one):
                offered = offer_meanings(one, value, is_decision=is_decision)
                before = now.get(str(value), "")
                picked = st.selectbox(
                    escape_markdown(say("form.value", value=value, n=format_count(count))),
                    offered, index=offered.index(before) if before in offered else None,
                    format_func=name_meaning, key=f"value-{place}-{value}",
                    placeholder=say("form.value_none"), width=_WIDTH,
                )  # fmt: skip
                if picked:
                    chosen[str(value)] = picked
        about = "form.decisions_help" if is_decision else "form.values_help"
        show_text(say(about), f"values-help-{place[:5]}", "note")
    change_form(meanings=form.meanings | {name: chosen})
