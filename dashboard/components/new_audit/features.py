"""Which columns of the data a model's inputs are, where the two have other names."""

from __future__ import annotations

import zlib

import streamlit as st

from audits.data import DataPreview
from dashboard.catalogue import say
from dashboard.components.new_audit.state import change_form, current_form, name_context
from dashboard.components.text import show_text
from dashboard.viewmodels.new_audit.audit_features import (
    fill_in_order,
    read_features,
    tabulate_features,
)
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.model_fit import ModelFit

_BASE = "features-base"


def edit_features(form: AuditForm, preview: DataPreview, fit: ModelFit) -> None:
    """Show the model's inputs as a table in which each gets its column of the data."""
    key = f"features-{zlib.crc32(repr((name_context(form), form.model, fit.inputs)).encode())}"
    kept = st.session_state.get(_BASE)
    if kept is None or kept[0] != key or key not in st.session_state:
        # The table that is being edited stays the same while it is.
        st.session_state.pop(key, None)
        kept = (key, tabulate_features(form, fit, preview))
        st.session_state[_BASE] = kept
    config = {
        say("form.input"): st.column_config.TextColumn(pinned=True, width="medium"),
        say("form.column"): st.column_config.SelectboxColumn(
            options=list(preview.names), width="medium", help=say("form.features_help"),
        ),
    }  # fmt: skip
    show_text(say("form.features"), "features", "note")
    edited = st.data_editor(
        kept[1], key=key, hide_index=True, column_config=config, alt=say("form.features_alt"),
        disabled=[say("form.input")], placeholder=say("form.features_none"),
        height=min(38 + 35 * len(fit.inputs), 420),
    )  # fmt: skip
    filled = fill_in_order(fit, preview)
    if filled:
        st.button(say("form.features_fill"), key="features-fill", on_click=_fill, args=(filled,),
                  type="tertiary", icon=":material/format_list_numbered:")  # fmt: skip
    if change_form(features=read_features(edited, fit)).features != form.features:
        st.rerun()


def _fill(filled: dict[str, str]) -> None:
    st.session_state.pop(_BASE, None)
    change_form(features={**current_form().features, **filled})
