"""The button that takes a run along: one HTML file that works without a server."""

from __future__ import annotations

from functools import partial

import streamlit as st

from audits.export import render_html
from dashboard.catalogue import say
from dashboard.viewmodels.card.card import name_file
from dashboard.viewmodels.run import RunData


def show_export(run: RunData, key: str = "export") -> None:
    """Show the button "Export report"; the file is made when it is pressed."""
    st.download_button(
        say("export.button"), data=partial(render_html, run.bundle),
        file_name=name_file(run, "report.html"), mime="text/html", on_click="ignore",
        key=key, icon=":material/ios_share:", help=say("export.help"),
    )  # fmt: skip
