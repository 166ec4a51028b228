"""The chooser of rows in every page's header: everybody, a saved cohort, or conditions."""

from __future__ import annotations

from functools import partial

import streamlit as st

from audits.core.cohort import Cohort
from audits.core.errors import InputError
from audits.core.format import format_count, plain_text
from audits.store import MAX_NAME
from dashboard.catalogue import say
from dashboard.cohort_state import (
    EVERYBODY,
    Choice,
    current_choice,
    find_conditions,
    list_saved,
    open_workspace,
    see_cohort,
    show_rows,
    write_choice,
)
from dashboard.components.opening import ask
from dashboard.components.text import escape_markdown, show_text
from dashboard.state import find_rows
from dashboard.viewmodels.cohorts import cohort_form
from dashboard.viewmodels.cohorts.cohort_form import Field, render_conditions
from dashboard.viewmodels.cohorts.cohort_run import picks_result
from dashboard.viewmodels.cohorts.rows import Absent, Opening, RowSource, render_cell
from dashboard.viewmodels.run import RunData

_EVERYBODY, _UNSAVED = "", "\0unsaved"
"""Options that no saved cohort can be called: a name is never empty, nor has it a null."""


def show_cohort_chooser(run: RunData, usable: bool) -> RunData:
    """Show which rows are looked at, and let the reader choose others; return the run seen so.

    usable: whether the page can show a cohort; else it gets the whole run, and says so. Ends the
    page, with the reason, where the chosen rows cannot be looked at.
    """
    saved, problem = list_saved()
    choice = current_choice()
    conditions = find_conditions(choice, saved)
    found = ask(run, partial(see_cohort, conditions=conditions)) if conditions else run
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="cohorts"):
        _show_names(saved, choice, conditions)
        if choice.name and conditions:
            _show_remove(choice.name)
        elif conditions and not isinstance(found, Absent):
            _show_save(conditions)
        show_form(run, conditions or ())
    if problem:
        show_text(problem, "cohorts-problem", "note")
    if conditions is None:
        show_text(say("cohorts.unknown", name=plain_text(choice.name)), "cohort-unknown")
    if not conditions:
        return run
    if not usable:
        show_text(say("cohorts.all_rows_page"), "cohort-all-rows", "note")
        return run
    _show_chosen(run, found, choice, conditions)
    return run if isinstance(found, Absent) else found


def _show_chosen(
    run: RunData, found: RunData | Absent, choice: Choice, conditions: tuple[str, ...]
) -> None:
    """Say which rows are looked at, and the ways out; end the page where they cannot be."""
    if isinstance(found, Opening):
        show_text(found.reason, "cohort-opening")
        _show_ways_out(conditions)
        st.stop()
    if isinstance(found, Absent) or found.cohort is None:
        reason = found.reason.rstrip(".") if isinstance(found, Absent) else ""
        show_text(say("cohorts.impossible", reason=reason), "cohort-impossible", "finding")
        _show_ways_out(conditions)
        st.stop()
    line = say(
        "cohorts.named" if choice.name else "cohorts.line",
        rows=format_count(found.cohort.rows),
        total=format_count(run.report.subject.data.rows),
        name=plain_text(choice.name),
        conditions=render_conditions(conditions),
    )
    show_text(line, "cohort", "finding")
    _show_ways_out(conditions)
    caution = "chosen_by_result" if picks_result(run, conditions) else "chosen_after"
    show_text(say(f"cohorts.{caution}"), "cohort-caution", "note")


def _show_ways_out(conditions: tuple[str, ...]) -> None:
    with st.container(horizontal=True, gap="small", key="cohort-ways-out"):
        st.button(
            say("cohorts.show_everybody"), key="show-everybody", type="tertiary",
            icon=":material/groups:", on_click=write_choice, args=(EVERYBODY,),
        )  # fmt: skip
        for place, words in enumerate(conditions if len(conditions) > 1 else ()):
            rest = [*conditions[:place], *conditions[place + 1 :]]
            st.button(
                say("cohorts.remove_condition", condition=escape_markdown(words)),
                key=f"without-{place}", type="tertiary", icon=":material/close:",
                on_click=show_rows, args=(rest,),
            )  # fmt: skip


def _show_names(saved: list[Cohort], choice: Choice, conditions: tuple[str, ...] | None) -> None:
    options = [_EVERYBODY, *(one.name for one in saved)]
    current = _EVERYBODY
    if conditions and choice.name:
        current = choice.name
    elif conditions:
        options.append(_UNSAVED)
        current = _UNSAVED
    words = {_EVERYBODY: say("cohorts.everybody"), _UNSAVED: say("cohorts.unsaved")}
    st.session_state["cohort-name"] = current
    st.selectbox(
        say("cohorts.looking"), options, key="cohort-name", on_change=_take_name, width=260,
        format_func=lambda name: words.get(name) or plain_text(name),
    )  # fmt: skip


def _take_name() -> None:
    name = st.session_state["cohort-name"]
    if name != _UNSAVED:
        write_choice(Choice(name, ()))


def _show_save(conditions: tuple[str, ...]) -> None:
    with st.popover(say("cohorts.save"), icon=":material/bookmark_add:", key="save-cohort"):
        show_text(render_conditions(conditions), "save-conditions")
        st.text_input(say("cohorts.name"), max_chars=MAX_NAME, key="save-name")
        show_text(say("cohorts.saved_note"), "save", "note")
        st.button(say("cohorts.save_button"), key="save", on_click=_save, args=(conditions,))
        problem = st.session_state.pop("save-problem", "")
        if problem:
            show_text(problem, "save-problem")


def _save(conditions: tuple[str, ...]) -> None:
    name = str(st.session_state.get("save-name", "")).strip()
    try:
        open_workspace().save_cohort(Cohort(name, conditions))
    except InputError as error:
        st.session_state["save-problem"] = plain_text(str(error))
    else:
        st.session_state["save-name"] = ""
        write_choice(Choice(name, ()))


def _show_remove(name: str) -> None:
    with st.popover(say("cohorts.remove"), icon=":material/delete:", key="remove-cohort"):
        show_text(say("cohorts.remove_note", name=plain_text(name)), "remove")
        st.button(say("cohorts.remove"), key="remove", on_click=_remove, args=(name,))


def _remove(name: str) -> None:
    try:
        open_workspace().remove_cohort(name)
    except InputError as error:
        st.session_state["save-problem"] = plain_text(str(error))
    write_choice(EVERYBODY)


# The form that makes a condition: a column, and what it holds.


@st.fragment
def show_form(run: RunData, conditions: tuple[str, ...]) -> None:
    """Show the button with the form behind it; what it needs is read when it is opened."""
    # The number of conditions is in the key, so that the form closes when one is added.
    with st.popover(
        say("cohorts.choose"), icon=":material/filter_alt:", on_change="rerun",
        key=f"choose-rows-{len(conditions)}",
    ) as box:  # fmt: skip
        if box.open:
            _show_fields(run, conditions)


def _show_fields(run: RunData, conditions: tuple[str, ...]) -> None:
    found = find_rows(run)
    source = None if isinstance(found, Absent) else found
    fields = {field.name: field for field in cohort_form.list_fields(run, source)}
    name = st.selectbox(
        say("cohorts.column"), list(fields), key="where-column", format_func=plain_text
    )
    if name is None:
        return
    words = _ask(run, fields[name], source)
    if conditions:
        show_text(say("cohorts.narrow_note"), "narrow", "note")
    if isinstance(found, Absent):
        reason = found.reason
        show_text(say("cohorts.no_data_note", reason=reason), "form-no-data", "note")
    if st.button(
        say("cohorts.look"), key="where-look", type="primary", disabled=not words,
        on_click=show_rows, args=([*conditions, words],),
    ):  # fmt: skip
        st.rerun()


def _ask(run: RunData, field: Field, source: RowSource | None) -> str:
    """Let the reader say what the column holds; return the condition, "" while there is none."""
    if field.numeric:
        return _ask_range(field, source)
    values = cohort_form.list_values(run, field, source)
    value = st.selectbox(
        say("cohorts.value"), values, key=f"where-value-{field.name}", format_func=plain_text,
        accept_new_options=field.origin == "data",
    )  # fmt: skip
    return "" if value is None else cohort_form.say_value(run, field, str(value))


def _ask_range(field: Field, source: RowSource | None) -> str:
    left, right = st.columns(2)
    with left:
        low = st.number_input(say("cohorts.low"), value=None, key=f"where-low-{field.name}")
    with right:
        high = st.number_input(say("cohorts.high"), value=None, key=f"where-high-{field.name}")
    ends = source.find_range(field.name) if source and field.origin == "data" else None
    if ends is not None:
        first, last = (render_cell(end) for end in ends)
        show_text(say("cohorts.ends", low=first, high=last), "ends", "note")
    missing = field.origin == "data" and st.checkbox(
        say("cohorts.missing"), key=f"where-missing-{field.name}"
    )
    if missing:
        return cohort_form.say_missing(field)
    words = cohort_form.say_range(field, low, high)
    if not words and (low is not None or high is not None):
        show_text(say("cohorts.empty_range"), "empty-range", "note")
    return words
