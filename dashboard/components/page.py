"""What every page has: the style, the run that it is about, and what stands there if none is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from audits.core.format import format_count, format_time, plain_text
from dashboard.catalogue import say
from dashboard.cohort_state import Address, current_choice, name_parameters, read_choice
from dashboard.components.cohorts.cohort import show_cohort_chooser
from dashboard.components.new_audit.preview import show_preview_note
from dashboard.components.status import show_badge
from dashboard.components.text import escape_markdown, show_text
from dashboard.state import RUN, chosen_run, find_run, open_run
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.overview.overview import find_worst
from dashboard.viewmodels.run import RunData

STATIC = Path(__file__).resolve().parent.parent / "static"
VIEWS = Path(__file__).resolve().parent.parent / "views"


def apply_style() -> None:
    """Put our style sheet on the page."""
    st.html(STATIC / "style.css")


def show_empty(title: str, text: str, key: str) -> None:
    """Show an empty state: what is not here, and what to do about it."""
    with st.container(border=True, key=f"empty-{key}"):
        show_text(title, f"empty-title-{key}", "finding")
        show_text(text, f"empty-{key}")


def go_to(view: str, label: str, key: str, **params: str) -> None:
    """Show a button that opens another page of the same run."""
    if st.button(label, key=f"go-{key}", icon=":material/arrow_forward:", type="tertiary"):
        run = st.session_state.get(RUN)
        address: Address = {**params}
        if run:
            address = {RUN: str(run), **name_parameters(current_choice()), **params}
        st.switch_page(VIEWS / f"{view}.py", query_params=address)


def require_run(cohorts: bool = False) -> RunData:
    """Show the run's header and return the run; without one, say so and end the page.

    cohorts: whether the page can show some of the rows; it then gets the run as it is looked at.
    """
    read_choice()
    name = chosen_run()
    if name is None:
        show_empty(say("runs.none_title"), say("runs.none"), "no-run")
        go_to("new_audit", say("runs.start"), "start")
        st.stop()
    folder = find_run(name)
    if folder is None:
        st.session_state.pop(RUN, None)
        show_empty(say("problem.title"), say("runs.missing", name=plain_text(name)), "missing")
        go_to("runs", say("header.switch"), "runs")
        st.stop()
    run = open_run(folder)
    if isinstance(run, Absent):
        show_empty(say("problem.title"), say("problem.run", reason=run.reason), "broken")
        go_to("runs", say("header.switch"), "runs")
        st.stop()
    _show_header(run)
    show_preview_note(run)
    return show_cohort_chooser(run, cohorts)


def _show_header(run: RunData) -> None:
    subject = run.report.subject
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        show_text(plain_text(subject.name), "run", "title")
        show_badge(find_worst(run))
    facts = say(
        "header.facts",
        task=say(f"task.{subject.task}"),
        rows=format_count(subject.data.rows),
        created=format_time(run.report.run.created),
    )
    show_text(facts, "facts", "note")


def choose_groups(groupings: Sequence[str], key: str, default: str = "") -> str | None:
    """Let the reader choose by what people are set apart."""
    return choose(say("groups.choose"), groupings, key, default, say("groups.choose_help"))


def choose(
    label: str,
    options: Sequence[str],
    key: str,
    default: str = "",
    help_text: str = "",
) -> str | None:
    """Let the reader choose one of `options`; the choice stands in the address. help_text: what
    the choice means, one hover away."""
    if not options:
        return None
    index = options.index(default) if default in options else 0
    told = escape_markdown(help_text) if help_text else None
    return st.selectbox(
        escape_markdown(label), options, index=index, key=key, bind="query-params", help=told
    )
