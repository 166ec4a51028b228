"""Charts on a page: the finding above as text, the figure and its description, the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from audits.figures import Chart, make_pickable
from dashboard.catalogue import say
from dashboard.cohort_state import show_rows
from dashboard.components.text import show_table, show_text
from dashboard.viewmodels.cohorts.cohort_form import render_conditions
from dashboard.viewmodels.cohorts.picks import Conditions, Picks
from dashboard.viewmodels.run import RunData

CONFIG = {"displayModeBar": False, "showSendToCloud": False, "responsive": True}


def show_chart(chart: Chart, key: str) -> None:
    """Show a chart under its title."""
    show_text(chart.title, key, "chart")
    st.plotly_chart(chart.figure, key=f"chart-{key}", config=CONFIG, alt=chart.alt)


@st.fragment
def show_selectable_chart(run: RunData, chart: Chart, key: str, picks: Picks) -> None:
    """Show a chart whose marks can be clicked to look at their rows: only this part runs again.

    picks: the conditions of everything drawn, in the order given to the figure; nothing drawn
    without conditions can be looked at.
    """
    if not any(picks):
        show_chart(chart, key)
        return
    show_text(chart.title, key, "chart")
    ready = make_pickable(chart)
    # Other rows are another chart, so that nothing stays selected in it.
    held = run.cohort.conditions if run.cohort else ()
    state: Any = st.plotly_chart(
        ready.figure, key=f"chart-{key}-{len(held)}", config=CONFIG, alt=ready.alt,
        on_select="rerun", selection_mode="points",
    )  # fmt: skip
    show_pick(run, find_pick(chart, picks, state["selection"]["points"]), key)


def find_pick(chart: Chart, picks: Picks, points: Sequence[Mapping[str, Any]]) -> Conditions:
    """Return the conditions of the mark that was clicked, none where none was."""
    for point in points:
        down, across = str(point.get("y")), str(point.get("x"))
        for labels in ((down, across), (down,)):
            place = chart.picks.get(labels)
            if place is not None and place < len(picks):
                return picks[place]
    return ()


def show_pick(run: RunData, picked: Conditions, key: str) -> None:
    """Show what was clicked, and the way to look at its rows; a hint where nothing was."""
    if not picked:
        show_text(say("cohorts.pick_note"), f"pick-{key}", "note")
        return
    held = run.cohort.conditions if run.cohort else ()
    conditions = tuple(dict.fromkeys((*held, *picked)))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        show_text(say("cohorts.picked", conditions=render_conditions(picked)), f"picked-{key}")
        if st.button(
            say("cohorts.look"), key=f"look-{key}", icon=":material/filter_alt:", type="primary",
            on_click=show_rows, args=(conditions,), disabled=conditions == held,
        ):  # fmt: skip
            st.rerun()


def show_chart_with_table(
    chart: Chart, table: pd.DataFrame, key: str, run: RunData | None = None, picks: Picks = ()
) -> None:
    """Show a chart and, folded under it, the same numbers as a table. run, picks: what its marks
    lead to, see `show_selectable_chart`."""
    if run is None:
        show_chart(chart, key)
    else:
        show_selectable_chart(run, chart, key, picks)
    with st.expander(say("chart.table"), type="compact"):
        show_table(table, key, chart.title)
