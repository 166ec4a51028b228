"""The pages and their order. Started by `dashboard.launch`."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.catalogue import say
from dashboard.components.journey import show_next
from dashboard.components.page import STATIC, VIEWS, apply_style
from dashboard.components.parts import forget_other_parts
from dashboard.nav import PAGES, REVIEW, name_address, name_page


def main() -> None:
    """Show the chosen page."""
    st.set_page_config(page_title=say("app.name"), page_icon=STATIC / "icon.png", layout="wide")
    apply_style()
    pages = {name: _make_page(name) for name in PAGES}
    chosen = st.navigation(list(pages.values()), position="top")
    forget_other_parts(chosen.url_path)
    chosen.run()
    show_next(next(name for name, page in pages.items() if page == chosen))


def _make_page(name: str) -> StreamlitPage:
    return st.Page(
        VIEWS / f"{name}.py",
        title=name_page(name),
        url_path=name_address(name) or name,
        default=name == REVIEW[0],
    )


main()
