"""The pages and their order. Started by `dashboard.launch`."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.page import STATIC, VIEWS, apply_style

PAGES = (
    "overview",
    "performance",
    "fairness",
    "interventions",
    "explanations",
    "counterfactuals",
    "card",
    "runs",
    "new_audit",
    "catalogue",
)


def main() -> None:
    """Show the chosen page."""
    st.set_page_config(page_title=say("app.name"), page_icon=STATIC / "icon.png", layout="wide")
    apply_style()
    pages = [
        st.Page(
            VIEWS / f"{name}.py",
            title=say(f"nav.{name}"),
            url_path=name.replace("_", "-"),
            default=name == "overview",
        )
        for name in PAGES
    ]
    st.navigation(pages, position="top").run()


main()
