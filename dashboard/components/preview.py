"""What stands above every page of a first result: that it is one, and when there is more."""

from __future__ import annotations

import streamlit as st

from audits.store.preview import is_preview
from dashboard.catalogue import say
from dashboard.components.text import show_text
from dashboard.state import RUN, find_run
from dashboard.viewmodels.run import RunData

JOB = "job"
EVERY_S = 3.0


def show_preview_note(run: RunData) -> None:
    """Say that the run is a first result, with the way to its progress; nothing for others."""
    if is_preview(run.bundle.path):
        _show_note(run.bundle.path.name)


@st.fragment(run_every=EVERY_S)
def _show_note(name: str) -> None:
    folder = find_run(name)
    with st.container(border=True, key="preview-note"):
        if folder is not None and is_preview(folder):
            show_text(say("job.preview"), "preview", "finding")
            if st.button(say("job.watch"), key="watch-job", icon=":material/arrow_forward:",
                         type="tertiary"):  # fmt: skip
                st.switch_page("views/new_audit.py", query_params={RUN: name, JOB: name})
            return
        show_text(say("job.preview_over" if folder else "job.preview_gone"), "preview", "finding")
        # The page is run again by the press alone: the name now leads to the finished run.
        if st.button(say("job.open" if folder else "job.watch"), key="open-finished",
                     type="primary"):  # fmt: skip
            if folder is None:
                st.switch_page("views/new_audit.py", query_params={RUN: name, JOB: name})
            st.rerun()
