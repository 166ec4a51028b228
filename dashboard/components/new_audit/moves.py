"""What people can change: guessed, and corrected in place."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection

import streamlit as st

from audits.data import DataPreview
from audits.recourse import DIRECTIONS
from dashboard.catalogue import say
from dashboard.components.new_audit.state import change_form, current_form, name_context
from dashboard.components.text import show_text
from dashboard.viewmodels.new_audit.audit_moves import list_move_rows, read_moves, tabulate_moves
from dashboard.viewmodels.new_audit.model_fit import ModelFit

_BASE = "moves-base"


def edit_moves(
    preview: DataPreview,
    fit: ModelFit,
    protected: Collection[str],
    show_problem: Callable[[str], None],
) -> None:
    """Show the features as a table in which it can be said how each may change.

    show_problem: shows what is wrong with a field as it now is.
    """
    form = current_form()
    rows = list_move_rows(form, preview, fit, protected)
    if not rows:
        return
    with st.expander(say("form.moves"), key="moves"):
        show_text(say("form.moves_intro"), "moves-intro", "note")
        signature = (name_context(form), form.model, tuple((row.name, row.guess) for row in rows))
        kept = st.session_state.get(_BASE)
        key = f"moves-{zlib.crc32(repr(signature).encode())}"
        if kept is None or kept[0] != key or key not in st.session_state:
            # The table that is being edited stays the same while it is.
            st.session_state.pop(key, None)
            kept = (key, tabulate_moves(rows))
            st.session_state[_BASE] = kept
        config = {
            say("form.column"): st.column_config.TextColumn(pinned=True, width="medium"),
            say("form.move"): st.column_config.SelectboxColumn(
                options=[say(f"move.{move}") for move in DIRECTIONS], required=True,
                width="medium", help=say("form.move_help"),
            ),
        }  # fmt: skip
        edited = st.data_editor(
            kept[1], key=key, hide_index=True, column_config=config, alt=say("form.moves_alt"),
            disabled=[say("form.column")], height=min(38 + 35 * len(rows), 420),
        )  # fmt: skip
        change_form(moves=read_moves(form, edited, rows).moves)
    show_problem("moves")
