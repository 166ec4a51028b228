"""New audit: choose the files, say what the columns mean, watch it run."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.new_audit import show_from_file, show_from_parts
from dashboard.components.progress import show_job
from dashboard.components.text import escape_markdown, show_text

JOB = "job"


def main() -> None:
    """Show the page."""
    st.title(say("nav.new_audit"), anchor=False)
    show_text(say("new.intro"), "intro", "lead")
    if st.query_params.get(JOB) or st.session_state.get(JOB):
        show_job(str(st.session_state.get(JOB) or st.query_params[JOB]))
        return
    ways = ["parts", "file"]
    way = st.segmented_control(
        say("nav.new_audit"), ways, default="parts", required=True, key="way",
        format_func=lambda name: escape_markdown(say(f"new.from_{name}")),
        label_visibility="collapsed",
    )  # fmt: skip
    if way == "file":
        show_from_file()
    else:
        show_from_parts()


main()
