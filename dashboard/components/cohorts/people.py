"""From numbers to the rows behind them: who is in a cohort, and the rows of a slice."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from audits.core.format import plain_text
from dashboard.catalogue import say
from dashboard.components.charts import show_pick
from dashboard.components.page import go_to
from dashboard.components.text import escape_markdown, show_selectable_table, show_text
from dashboard.state import find_rows
from dashboard.viewmodels.cohorts import people
from dashboard.viewmodels.cohorts.picks import list_slice_conditions
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import say_about


def show_people(run: RunData) -> None:
    """Show the first rows of the chosen cohort; nothing where everybody is looked at."""
    if run.cohort is None:
        return
    st.header(say("people.title"), anchor=False)
    found = find_rows(run)
    listed = people.list_people(run, None if isinstance(found, Absent) else found)
    show_text(people.describe(run, len(listed.rows)), "people", "note")
    _show_listed(run, listed)


@st.fragment
def _show_listed(run: RunData, listed: people.People) -> None:
    key = f"people-{len(run.cohort.conditions) if run.cohort else 0}"
    place = show_selectable_table(listed.table, key, say("people.title"))
    if place is None:
        show_text(say("people.choose"), "people-choose", "note")
        return
    row, ways = listed.rows[place], people.find_ways(run, listed.rows[place])
    with st.container(horizontal=True, gap="small"):
        if "explain" in ways:
            label = say("people.explain", row=escape_markdown(row))
            go_to("explanations", label, "explain-row", part=say("explanations.row"), row=row)
        if "change" in ways:
            go_to(
                "counterfactuals", say("people.change", row=escape_markdown(row)), "change-row",
                row=row,
            )  # fmt: skip
    if not ways:
        show_text(say("people.no_way", row=plain_text(row)), "people-no-way", "note")


@st.fragment
def show_slice_table(run: RunData, table: pd.DataFrame) -> None:
    """Show the worst slices; the rows of the one that is chosen can be looked at."""
    place = show_selectable_table(table, "slices", say_about(run, "slices.title"))
    known = {plain_text(name): own for name, own in list_slice_conditions(run).items()}
    name = "" if place is None else str(table[say("column.slice")].iloc[place])
    show_pick(run.whole, known.get(name, ()), "slice-row")
