"""A running audit: its stage, how far it is, Cancel, and what to do when it is over."""

from __future__ import annotations

import streamlit as st

from audits.core.format import plain_text
from dashboard.catalogue import has_words, say
from dashboard.components.page import go_to
from dashboard.components.text import escape_markdown, show_text
from dashboard.jobs import JobState
from dashboard.state import choose_run, job_board

JOB = "job"
EVERY_S = 1.0


def start_job(number: str) -> None:
    """Make a started job the one that this session watches."""
    st.session_state[JOB] = number
    st.query_params[JOB] = number


def forget_job() -> None:
    """Go back to the form (for `on_click`)."""
    st.session_state.pop(JOB, None)
    st.query_params.pop(JOB, None)


def cancel_job(number: str) -> None:
    """Stop a job (for `on_click`)."""
    job = job_board().find(number)
    if job is not None:
        job.cancel()


def show_job(number: str) -> None:
    """Show a job: live while it runs, its outcome after."""
    job = job_board().find(number)
    if job is None:
        forget_job()
        st.rerun()
    state = job.snapshot()
    if state.running:
        _watch(number)
    else:
        _show_outcome(state)


@st.fragment(run_every=EVERY_S)
def _watch(number: str) -> None:
    job = job_board().find(number)
    state = None if job is None else job.snapshot()
    if state is None or not state.running:
        st.rerun()
    key = f"stage.{state.stage}"
    stage = say(key if has_words(key) else "stage.other")
    show_text(say("new.running_name", name=plain_text(state.name)), "job", "finding")
    seconds = say("new.seconds", seconds=f"{state.seconds:.0f}")
    st.progress(state.fraction or 0.0, text=escape_markdown(f"{stage} ({seconds})"))
    st.button(
        say("new.cancel"), key="cancel", on_click=cancel_job, args=(number,),
        disabled=state.cancelled, icon=":material/stop_circle:",
    )  # fmt: skip


def _show_outcome(state: JobState) -> None:
    if state.cancelled and state.run is None:
        show_text(say("new.cancelled"), "outcome", "finding")
    elif state.run is not None:
        choose_run(state.run.name)
        show_text(say("new.finished"), "outcome", "finding")
        go_to("overview", say("new.open"), "result")
    else:
        message = state.message or say("new.crashed", code=state.exit_code)
        show_text(say("new.failed", message=plain_text(message)), "outcome", "finding")
    st.button(say("new.again"), key="again", on_click=forget_job)
