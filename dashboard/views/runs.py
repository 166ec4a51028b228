"""Runs: every audit in the folder."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.page import go_to, show_empty
from dashboard.components.status import show_badges
from dashboard.components.text import show_text
from dashboard.state import RUN, choose_run, runs_root
from dashboard.viewmodels.runs import RunLine, list_runs


def show_run(line: RunLine, key: str) -> None:
    """Show one run with the way into it."""
    with st.container(border=True, key=f"run-{key}"):
        if line.problem:
            show_text(say("runs.broken", name=line.name, problem=line.problem), f"broken-{key}")
            return
        show_text(line.name, f"run-{key}", "finding")
        show_text(line.facts, f"facts-{key}", "note")
        show_badges(line.counts)
        if st.button(say("runs.open"), key=f"open-{key}", on_click=choose_run,
                     args=(line.folder,)):  # fmt: skip
            st.switch_page("views/overview.py", query_params={RUN: line.folder})


def main() -> None:
    """Show the page."""
    st.title(say("nav.runs"), anchor=False)
    show_text(say("runs.intro"), "intro", "lead")
    lines = list_runs(runs_root())
    if not lines:
        show_empty(say("runs.none_title"), say("runs.none"), "runs")
    for position, line in enumerate(lines):
        show_run(line, str(position))
    go_to("new_audit", say("runs.start"), "new")


main()
