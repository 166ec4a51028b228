"""What is measured: the catalogue of checks, metrics and rules."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.text import show_text
from dashboard.viewmodels.catalogue import find_chapters


def main() -> None:
    """Show the page."""
    st.title(say("nav.catalogue"), anchor=False)
    show_text(say("catalogue.intro"), "intro", "lead")
    word = st.text_input(
        say("catalogue.find"), key="find", bind="query-params", help=say("catalogue.find_help")
    )
    for position, (title, table) in enumerate(find_chapters(word)):
        st.header(title, anchor=False)
        if table.empty:
            show_text(say("catalogue.none"), f"none-{position}", "note")
        else:
            st.dataframe(table, hide_index=True, key=f"chapter-{position}", alt=title)


main()
