"""Parts of the explanations page that rest on attributions: methods compared, and one column's
attributions against its values."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.charts import show_chart_with_table
from dashboard.components.page import choose
from dashboard.components.text import escape_markdown, show_text
from dashboard.state import find_dependence
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.explanations import agreement, dependence, explanations
from dashboard.viewmodels.run import RunData


def show_agreement(run: RunData, evidence: str) -> None:
    """Show how far other methods explain the same rows alike."""
    items = agreement.list_agreements(run, evidence)
    st.header(say("agreement.header"), anchor=False)
    if not items:
        show_text(say("agreement.none"), "no-agreement")
        return
    table = agreement.tabulate_agreement(run, items)
    show_chart_with_table(agreement.make_agreement_chart(items), table, "agreement")
    show_text(agreement.explain_agreement(items), "agreement", "note")


def show_dependence(run: RunData, feature: str | None) -> None:
    """Show a column's attributions against its own values; None lets the reader choose one."""
    features = explanations.list_features(run)
    if explanations.find_evidence(run) is None or not features:
        show_text(say("dependence.none"), "no-dependence")
        return
    if feature is None:
        chosen = choose(
            say("effects.feature"), features, "feature", help_text=say("dependence.choose_help")
        )
        feature = chosen or features[0]
    st.header(
        say("dependence.header", feature=escape_markdown(feature)), anchor=False,
        help=say("dependence.choose_help"),
    )  # fmt: skip
    found = find_dependence(run, feature)
    if isinstance(found, Absent):
        show_text(say("dependence.absent", reason=found.reason.rstrip(".")), "dependence-absent")
        return
    chart = dependence.make_dependence_chart(found)
    show_chart_with_table(chart, dependence.tabulate_dependence(found), "dependence")
    show_text(dependence.explain_dependence(found), "dependence", "note")
