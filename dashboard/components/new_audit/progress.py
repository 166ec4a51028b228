"""A job on the page: its first result, how far each part is, Cancel, and what to do at the end."""

from __future__ import annotations

import streamlit as st

from audits.core.format import plain_text
from audits.core.report.verdict import Status
from dashboard.catalogue import say
from dashboard.components.new_audit.preview import JOB
from dashboard.components.page import go_to, show_empty
from dashboard.components.parts import show_way_out
from dashboard.components.status import show_badge, show_badges
from dashboard.components.text import escape_markdown, show_text
from dashboard.job_state import JobState, Phase
from dashboard.state import RUN, choose_run, find_run, job_board, open_run
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.new_audit.job import (
    Step,
    find_share,
    list_steps,
    render_failure,
    render_progress,
    render_seconds,
)
from dashboard.viewmodels.overview import overview

EVERY_S = 1.0
FIRST = 5
_LOOKS = {
    "done": (":material/check_circle:", "green"),
    "running": (":material/progress_activity:", "blue"),
    "waiting": (":material/schedule:", "gray"),
}


def start_job(number: str) -> None:
    """Make a started job the one that this session watches."""
    st.session_state[JOB] = number
    st.query_params[JOB] = number


def chosen_job() -> str:
    """Return the job that the address names, "" where it names none."""
    return str(st.query_params.get(JOB) or st.session_state.get(JOB) or "")


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
    st.query_params[JOB] = number
    st.session_state[JOB] = number
    state = job_board().snapshot(number)
    if state is None:
        _show_unknown(number)
    elif state.running:
        _watch(number)
    else:
        _show_outcome(number, state)


def _show_unknown(number: str) -> None:
    """A job of another server, or of this one before it was started again: is there a run?"""
    if find_run(number) is None:
        show_empty(say("job.unknown_title"), say("job.unknown", name=plain_text(number)), "job")
    else:
        choose_run(number)
        show_text(say("job.finished_before"), "outcome", "finding")
        go_to("overview", say("job.open"), "result")
    st.button(say("job.again"), key="again", on_click=forget_job)


@st.fragment(run_every=EVERY_S)
def _watch(number: str) -> None:
    state = job_board().snapshot(number)
    if state is None or not state.running:
        st.rerun()
    show_text(plain_text(state.name), "job", "title")
    if state.phase is Phase.QUEUED:
        show_text(say("job.queued", n=state.ahead), "queued", "finding")
        _show_cancel(number, state)
        return
    st.progress(find_share(state), text=escape_markdown(render_progress(state)))
    _show_cancel(number, state)
    left, right = st.columns([3, 2], gap="large")
    with right:
        st.header(say("job.steps"), anchor=False)
        for step in list_steps(state):
            _show_step(step)
    with left:
        st.header(say("job.first"), anchor=False)
        _show_first(number, state)


def _show_cancel(number: str, state: JobState) -> None:
    words = "job.cancelling" if state.cancelled else "job.cancel"
    st.button(
        say(words), key="cancel", on_click=cancel_job, args=(number,),
        disabled=state.cancelled, icon=":material/stop_circle:",
    )  # fmt: skip


def _show_step(step: Step) -> None:
    icon, colour = _LOOKS[step.status]
    with st.container(key=f"part-{step.key}", gap="xxsmall"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.badge(say(f"job.{step.status}"), icon=icon, color=colour)  # type: ignore[arg-type]
            show_text(step.title, f"part-{step.key}")
        facts = []
        if step.status == "running":
            facts = [step.now] if step.now else []
            facts.append(say("job.of", done=step.done, of=step.of))
        if step.status != "waiting":
            facts.append(render_seconds(step.seconds))
        if facts:
            show_text(", ".join(facts), f"facts-{step.key}", "note")


def _show_first(number: str, state: JobState) -> None:
    """Show the first result: its headline, how many verdicts of each kind, the worst ones."""
    folder = None if state.preview is None else find_run(number)
    run = None if folder is None else open_run(folder)
    if run is None or isinstance(run, Absent):
        show_text(say("job.first_soon"), "first-soon")
        return
    show_text(say("job.preview"), "preview", "note")
    show_text(overview.render_headline(run), "first-headline", "lead")
    counts = overview.count_statuses(run).items()
    show_badges([(status, say(f"count.{status.value}", n=n)) for status, n in counts])
    for position, line in enumerate(overview.list_findings(run)[:FIRST]):
        _show_line(line.status, line.sentence, position)
    show_way_out("overview", say("job.open_first"), "open-first", **{RUN: number})


def _show_line(status: Status, sentence: str, position: int) -> None:
    with st.container(key=f"verdict-{status.value}-first-{position}", gap="xxsmall"):
        show_badge(status)
        show_text(sentence, f"first-{position}")


def _show_outcome(number: str, state: JobState) -> None:
    show_text(plain_text(state.name), "job", "title")
    if state.run is not None:
        choose_run(state.run.name)
        text = say("job.finished", time=render_seconds(state.seconds))
        show_text(text, "outcome", "finding")
        _show_result(state.run.name)
        go_to("overview", say("job.open"), "result")
        st.button(say("job.again"), key="again", on_click=forget_job)
        return
    if state.cancelled:
        show_text(say("job.cancelled"), "outcome", "finding")
    else:
        with st.container(border=True, key="verdict-broken-job"):
            show_text(say("job.failed_title"), "outcome", "finding")
            show_text(render_failure(state), "failure")
    st.button(say("job.back"), key="again", on_click=forget_job, type="primary")


def _show_result(name: str) -> None:
    folder = find_run(name)
    run = None if folder is None else open_run(folder)
    if run is None or isinstance(run, Absent):
        return
    show_text(overview.render_headline(run), "first-headline", "lead")
    counts = overview.count_statuses(run).items()
    show_badges([(status, say(f"count.{status.value}", n=n)) for status, n in counts])
