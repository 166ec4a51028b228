"""Card: the model card as readers get it, and its downloads."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.export import show_export
from dashboard.components.page import require_run
from dashboard.components.review import show_editor, show_sign_off
from dashboard.components.text import show_text
from dashboard.viewmodels.card import card

HEIGHT = 900


def main() -> None:
    """Show the page."""
    run = require_run()
    show_text(say("card.intro"), "intro", "lead")
    with st.container(horizontal=True, gap="small"):
        show_export(run)
        for form, file in card.FORMS.items():
            st.download_button(
                say(f"card.{form}"), data=partial(card.render, run, form),
                file_name=card.name_file(run, file.suffix), mime=file.mime, on_click="ignore",
                key=f"download-{form}", icon=":material/download:",
            )  # fmt: skip
    missing = card.list_incomplete(run)
    if missing:
        show_text(say("card.incomplete", sections=", ".join(missing)), "incomplete", "note")
    read, write, sign = st.tabs(
        [say("card.preview"), say("card.write"), say("card.sign")],
        key="card-part", on_change="rerun", bind="query-params",
    )  # fmt: skip
    if read.open:
        with read:
            st.iframe(card.render_frame(run), height=HEIGHT, alt=say("card.frame"))
    if write.open:
        with write:
            show_text(say("card.write_note"), "write", "note")
            show_editor(run)
    if sign.open:
        with sign:
            show_text(say("card.sign_note"), "sign", "note")
            show_sign_off(run)


main()
