"""An explanation's label on a page: icon, word and colour together, never colour alone."""

from __future__ import annotations

import streamlit as st

from audits.findings import Grade
from dashboard.components.status import Colour
from dashboard.components.text import escape_markdown, show_text
from dashboard.viewmodels.explanations.trust import TrustPanel

ICONS = {
    Grade.RELIABLE: ":material/verified:",
    Grade.CARE: ":material/warning:",
    Grade.UNRELIABLE: ":material/cancel:",
}
COLOURS: dict[Grade, Colour] = {
    Grade.RELIABLE: "green",
    Grade.CARE: "orange",
    Grade.UNRELIABLE: "red",
}


def show_trust(panel: TrustPanel) -> None:
    """Show the label and its sentence, then each aspect; what was measured is one hover away."""
    grade = "none" if panel.grade is None else panel.grade.value
    with st.container(key=f"trust-{grade}", gap="xsmall"):
        _show_grade(panel.label, panel.grade)
        show_text(panel.sentence, "trust-sentence", "finding")
        if panel.aspects:
            with st.container(horizontal=True, gap="small"):
                for line in panel.aspects:
                    _show_grade(line.text, line.grade, line.help)


def _show_grade(text: str, grade: Grade | None, told: str = "") -> None:
    paragraphs = "\n\n".join(escape_markdown(part) for part in told.split("\n\n"))
    st.badge(
        text,
        icon=":material/help:" if grade is None else ICONS[grade],
        color="gray" if grade is None else COLOURS[grade],
        help=paragraphs or None,
    )
