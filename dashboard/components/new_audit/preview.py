"""What stands above every page of a first result: that it is one, and when there is more."""

from __future__ import annotations

import streamlit as st

from audits.store import is_preview
from dashboard.catalogue import say
from dashboard.components.parts import show_way_out
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
        if folder is None:
            show_text(say("job.preview_gone"), "preview", "finding")
            show_way_out("new_audit", say("job.watch"), "watch-job", **{RUN: name, JOB: name})
        elif is_preview(folder):
            show_text(say("job.preview"), "preview", "finding")
            show_way_out("new_audit", say("job.watch"), "watch-job", **{RUN: name, JOB: name})
        else:
            show_text(say("job.preview_over"), "preview", "finding")
            if st.button(say("job.open"), key="open-finished", type="primary"):
                st.rerun()  # the name leads to the finished run now
