"""The threshold lab: a slider, what it would do to every group, and what a narrower gap costs."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.charts import show_chart
from dashboard.components.page import choose
from dashboard.components.text import show_table, show_text
from dashboard.viewmodels.fairness import thresholds, tradeoff
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric


def reset_threshold(value: float) -> None:
    """Put the slider back (for `on_click`)."""
    st.session_state["threshold"] = value


@st.fragment
def show_lab(run: RunData, grouping: str) -> None:
    """Show the threshold lab: only this part runs again when the slider moves."""
    audited = thresholds.audited_threshold(run)
    named = {name_metric(rate): rate for rate in thresholds.list_rates(run)}
    left, right = st.columns([2, 1], vertical_alignment="bottom", gap="large")
    with right:
        chosen = choose(say("lab.rate"), list(named), "rate", help_text=say("lab.rate_help"))
        rate = named[chosen or next(iter(named))]
    with left:
        threshold = st.slider(
            say("lab.threshold"), 0.0, 1.0, audited, 0.01, key="threshold", bind="query-params",
            help=say("lab.threshold_help"),
        )  # fmt: skip
    moved = thresholds.compute_moved(run, grouping, rate, threshold)
    show_text(moved.sentence, "lab", "finding")
    show_text(say("lab.note" if run.cube.threshold is not None else "lab.note_given"), "lab",
              "note")  # fmt: skip
    st.button(say("lab.reset"), key="lab-reset", on_click=reset_threshold, args=(audited,),
              disabled=threshold == audited)  # fmt: skip
    _show_groups(moved)
    _show_tradeoff(run, grouping, rate, threshold)
    with st.expander(say("lab.curves")):
        show_chart(thresholds.make_threshold_chart(run, grouping, rate, threshold), "lab-curves")


def _show_groups(moved: thresholds.Moved) -> None:
    """Show every group before and after, and what it does to the well-known gaps."""
    left, right = st.columns(2, gap="medium")
    with left:
        show_chart(moved.chart, "lab")
    with right:
        show_table(moved.overall, "lab-overall", moved.sentence)
        show_text(say("lab.brackets"), "lab-brackets", "note")
    with st.expander(say("lab.groups"), type="compact"):
        show_table(moved.groups, "lab-groups", moved.chart.title)


def _show_tradeoff(run: RunData, grouping: str, rate: str, threshold: float) -> None:
    """Show what every threshold would bring and cost, with the audited and the current one."""
    found = tradeoff.make_tradeoff(run, grouping, rate, threshold)
    if found is None:
        return
    show_text(say("tradeoff.title"), "tradeoff-title", "lead")
    show_chart(found.chart, "tradeoff")
    if found.caution:
        show_text(found.caution, "tradeoff-caution")
    show_text(say("tradeoff.note"), "tradeoff", "note")
