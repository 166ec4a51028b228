"""New audit: choose the files, say what the columns mean, watch it run."""

from __future__ import annotations

import streamlit as st

from audits.core.format import plain_text
from dashboard.catalogue import say
from dashboard.components.new_audit.page import show_from_file, show_from_parts
from dashboard.components.new_audit.progress import chosen_job, show_job, start_job
from dashboard.components.new_audit.state import remember_form
from dashboard.components.text import escape_markdown, show_text
from dashboard.state import job_board


def show_open_jobs() -> None:
    """Show the way to the audits that run or wait, whoever started them."""
    for number, state in job_board().list_open():
        words = say(f"job.is_{state.phase.value}", name=plain_text(state.name))
        st.button(
            escape_markdown(words), key=f"job-{number}", on_click=start_job, args=(number,),
            icon=":material/arrow_forward:", type="tertiary",
        )  # fmt: skip


def main() -> None:
    """Show the page."""
    remember_form()
    number = chosen_job()
    if number:
        show_job(number)
        return
    st.title(say("nav.new_audit"), anchor=False)
    show_text(say("new.intro"), "intro", "lead")
    show_open_jobs()
    ways = ["parts", "file"]
    way = st.segmented_control(
        say("nav.new_audit"), ways, default="parts", required=True, key="way",
        format_func=lambda name: escape_markdown(say(f"new.from_{name}")),
        label_visibility="collapsed", bind="query-params",
    )  # fmt: skip
    if way == "file":
        show_from_file()
    else:
        show_from_parts()


main()
