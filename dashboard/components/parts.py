"""Parts of a page that rerun by themselves, and leaving the page that they are on."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_SHOWN = "shown-page"


def forget_other_parts(page: str) -> None:
    """Let no part of another page run any more. Called before a page is run.

    Streamlit forgets them only after the new page has run. A part's timer that goes off meanwhile
    is then answered as if the old page were shown, and the browser drops the new one's elements.
    """
    if st.session_state.get(_SHOWN) == page:
        return
    st.session_state[_SHOWN] = page
    context = get_script_run_ctx()
    if context is not None:
        context.fragment_storage.clear()


def show_way_out(view: str, label: str, key: str, **params: str) -> None:
    """Show a link to another page, for parts that rerun by themselves: the browser opens it like
    one of the pages above. A button's answer would race with the part's next rerun."""
    with st.container(key=key):
        st.page_link(
            f"views/{view}.py", label=label, icon=":material/arrow_forward:", query_params=params
        )
