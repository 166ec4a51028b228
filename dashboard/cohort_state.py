"""Which rows the pages look at: the cohort's name or its conditions stand in the address, and go
along from page to page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from audits.core.cohort import Cohort
from audits.core.errors import AssayError, InputError
from audits.core.format import plain_text
from audits.slices import Mask
from audits.store import Workspace
from dashboard.catalogue import say
from dashboard.state import RUN, find_rows, runs_root
from dashboard.viewmodels.cohorts.cohort_run import CohortRun, needs_data, open_cohort
from dashboard.viewmodels.cohorts.rows import Absent, Opening, RowSource
from dashboard.viewmodels.run import RunData

COHORT, WHERE = "cohort", "where"
_CHOSEN = "cohort-chosen"
Address = dict[str, str | list[str]]
MAX_CONDITIONS = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for: a saved cohort by its name, or conditions that have none ("")."""

    name: str
    conditions: tuple[str, ...]


EVERYBODY = Choice("", ())


def read_choice() -> Choice:
    """Return what this session looks at. An address that names a run says it all; one without,
    as the bar of pages makes it, goes on with what was looked at. To be asked before the run."""
    if RUN in st.query_params:
        choice = Choice(st.query_params.get(COHORT, ""), tuple(st.query_params.get_all(WHERE)))
        st.session_state[_CHOSEN] = choice
        return choice
    choice, run = current_choice(), st.session_state.get(RUN)
    if run and choice != EVERYBODY:
        _write_address({RUN: str(run), **name_parameters(choice)})
    return choice


def current_choice() -> Choice:
    """Return what was last looked at in this session."""
    found = st.session_state.get(_CHOSEN, EVERYBODY)
    assert isinstance(found, Choice)
    return found


def name_parameters(choice: Choice) -> Address:
    """Return a choice as parameters of an address."""
    if choice.name:
        return {COHORT: choice.name}
    return {WHERE: list(choice.conditions)} if choice.conditions else {}


def write_choice(choice: Choice) -> None:
    """Let the pages look at other rows (for callbacks)."""
    st.session_state[_CHOSEN] = choice
    _write_address(name_parameters(choice))


def _write_address(parameters: Address) -> None:
    """Put the parameters in the place of a cohort's, all at once: one step in the history. Those
    of widgets are left alone; one that is empty does not stand in the address."""
    st.query_params.update({COHORT: [], WHERE: [], **parameters})


def show_rows(conditions: Sequence[str]) -> None:
    """Look at the rows that meet all conditions (for callbacks)."""
    write_choice(Choice("", tuple(dict.fromkeys(conditions))))


def open_workspace() -> Workspace:
    """Return the workspace beside the runs."""
    return Workspace(runs_root())


def list_saved() -> tuple[list[Cohort], str]:
    """Return the saved cohorts; and why they cannot be read, "" where they can."""
    try:
        return open_workspace().list_cohorts(), ""
    except InputError as error:
        return [], plain_text(str(error))


def find_conditions(choice: Choice, saved: Sequence[Cohort]) -> tuple[str, ...] | None:
    """Return a choice's conditions; None for a cohort that is not saved (any more)."""
    if not choice.name:
        return choice.conditions
    return next((one.conditions for one in saved if one.name == choice.name), None)


def see_cohort(run: RunData, conditions: tuple[str, ...]) -> CohortRun | Absent:
    """Return the run seen through conditions, or why it cannot be, `Opening` while the data is
    opened that it needs; counted once for everybody."""
    if len(conditions) > MAX_CONDITIONS:
        return Absent(say("cohorts.too_many", most=MAX_CONDITIONS))
    try:
        source = find_rows(run) if needs_data(run, conditions) else None
    except AssayError as error:
        return Absent(plain_text(str(error)))
    except OSError as error:  # a first result makes way for the whole audit
        return Absent(say("cohorts.no_evidence", reason=error.strerror or str(error)))
    if isinstance(source, Opening):
        return source
    if isinstance(source, Absent):
        return Absent(say("cohorts.no_data", reason=source.reason.rstrip(".")))
    return _see_cohort(str(run.bundle.path), run.bundle.key, conditions, run, source)


@st.cache_resource(max_entries=16, ttl=3600, show_spinner=say("cohorts.counting"))
def _see_cohort(
    path: str, key: str, conditions: tuple[str, ...], _run: RunData, _source: RowSource | None
) -> CohortRun | Absent:
    def find_in_data(words: Sequence[str]) -> Mask:
        assert _source is not None  # see_cohort asked for the data where it is needed
        return _source.find(words)

    return open_cohort(_run, conditions, find_in_data)


def shown_run(run: RunData) -> RunData:
    """Return the run as the pages look at it; all of it where the cohort cannot be seen."""
    conditions = find_conditions(current_choice(), list_saved()[0])
    found = see_cohort(run, conditions) if conditions else run
    return run if isinstance(found, Absent) else found
