"""The way on: at the foot of each step of a review, the question that comes next."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.cohort_state import shown_run
from dashboard.components.page import go_to
from dashboard.components.text import show_text
from dashboard.nav import REVIEW
from dashboard.state import chosen_run, find_run, open_run
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.overview.story import describe_step


def show_next(page: str) -> None:
    """Show the next step after `page`, where it is a step and its run can be opened."""
    if page not in REVIEW[1:-1]:
        return
    name = chosen_run()
    folder = None if name is None else find_run(name)
    run = None if folder is None else open_run(folder)
    if run is None or isinstance(run, Absent):
        return
    following = REVIEW[REVIEW.index(page) + 1]
    step = describe_step(shown_run(run), following)
    if step is None:
        return
    with st.container(border=True, key="next-step", horizontal=True, vertical_alignment="center"):
        show_text(say("story.next"), "next", "label")
        show_text(step.question, "next-question", "finding")
        go_to(step.page, say(f"story.go_{step.page}"), "next", **step.params)
