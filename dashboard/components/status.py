"""Verdicts on a page: icon, word and colour together, never colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from audits.core.report.verdict import Status
from dashboard.catalogue import say
from dashboard.components.text import show_text
from dashboard.viewmodels.overview.overview import FindingLine

Colour = Literal["red", "orange", "gray", "green"]

ICONS = {
    Status.FAIL: ":material/cancel:",
    Status.WARN: ":material/warning:",
    Status.INSUFFICIENT: ":material/help:",
    Status.PASS: ":material/check_circle:",
    Status.NOT_APPLICABLE: ":material/remove_circle:",
}
COLOURS: dict[Status, Colour] = {
    Status.FAIL: "red",
    Status.WARN: "orange",
    Status.INSUFFICIENT: "gray",
    Status.PASS: "green",
    Status.NOT_APPLICABLE: "gray",
}


def show_badge(status: Status | None, text: str = "") -> None:
    """Show a status; `text` in place of its word."""
    if status is None:
        st.badge(text or say("status.none"), icon=":material/remove_circle:", color="gray")
    else:
        word = text or say(f"status.{status.value}")
        st.badge(word, icon=ICONS[status], color=COLOURS[status])


def show_badges(counts: Sequence[tuple[Status, str]]) -> None:
    """Show several statuses side by side."""
    with st.container(horizontal=True, gap="small"):
        for status, text in counts:
            show_badge(status, text)


def show_verdict(line: FindingLine, key: str) -> None:
    """Show one finding: what it is, by what it was accepted, why it is judged so, and the rule."""
    with st.container(key=f"verdict-{line.status.value}-{key}", gap="xsmall"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            show_badge(line.status)
            if line.grouping:
                show_text(say("overview.by", attribute=line.grouping), f"by-{key}", "label")
        show_text(line.sentence, f"finding-{key}", "finding")
        if line.accepted:
            show_text(line.accepted, f"accepted-{key}", "note")
        with st.expander(say("overview.why"), type="compact"):
            show_text(line.reason, f"reason-{key}")
            show_text(say("overview.rule", rule=line.rule), f"rule-{key}", "note")
            if line.source:
                show_text(say("overview.source", source=line.source), f"source-{key}", "note")
