"""The form that this page is about: its name stands in the address, its entries lie on the disk."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import TypeVar

import streamlit as st

from dashboard.components.text import show_text
from dashboard.file_probes import AT_ONCE_S
from dashboard.state import runs_root
from dashboard.viewmodels.new_audit.audit_form import (
    AuditForm,
    find_form_folder,
    load_form,
    make_form_id,
    save_form,
)

T = TypeVar("T")
FORM = "form"
EVERY_S = 0.5


def form_folder() -> Path:
    """Return where the form and its uploads lie: as the address says, else this session's, else a
    new one's."""
    for number in (st.query_params.get(FORM, ""), st.session_state.get(FORM, ""), make_form_id()):
        folder = find_form_folder(runs_root(), str(number))
        if folder is not None:
            st.session_state[FORM] = number
            if st.query_params.get(FORM) != number:
                st.query_params[FORM] = str(number)
            return folder
    raise AssertionError("a new form's name is always one")


def remember_form() -> None:
    """Keep the address's form for this session, also while the page shows something else."""
    number = st.query_params.get(FORM, "")
    if find_form_folder(runs_root(), number) is not None:
        st.session_state[FORM] = number


def current_form() -> AuditForm:
    """Return the entries so far."""
    return load_form(form_folder())


def change_form(**changes: object) -> AuditForm:
    """Enter something; return the entries."""
    folder = form_folder()
    before = load_form(folder)
    after = before.change(**changes)
    if after != before:
        save_form(folder, after)
    return after


def name_context(form: AuditForm) -> str:
    """Return what the keys of entries end in that belong to one data file."""
    return hashlib.sha256(form.data.encode()).hexdigest()[:8]


def wait_for(future: Future[T], text: str, key: str) -> T | None:
    """Return the answer; None where it takes longer: then the page says so and comes back."""
    try:
        return future.result(timeout=AT_ONCE_S)
    except FutureTimeoutError:
        _come_back(future, text, key)
        return None


@st.fragment(run_every=EVERY_S)
def _come_back(future: Future[T], text: str, key: str) -> None:
    if future.done():
        st.rerun()
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.badge(" ", icon=":material/hourglass_top:", color="gray")
        show_text(text, f"wait-{key}", "note")
