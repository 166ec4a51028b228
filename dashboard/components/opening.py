"""Parts of a page that need what is still being opened: shown without it, and again with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from dashboard.viewmodels.cohorts.rows import Absent, Opening
from dashboard.viewmodels.run import RunData

T = TypeVar("T")
LOOK_AGAIN_S = 1.0


def ask(run: RunData, find: Callable[[RunData], T | Absent]) -> T | Absent:
    """Return what `find` finds; while it is being opened, the page runs again when it is there."""
    found = find(run)
    if isinstance(found, Opening):
        _look_again(run, find)
    return found


@st.fragment(run_every=LOOK_AGAIN_S)
def _look_again(run: RunData, find: Callable[[RunData], object]) -> None:
    if not isinstance(find(run), Opening):
        st.rerun()
