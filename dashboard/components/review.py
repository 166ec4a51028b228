"""People's part of a run on the page: the card's own texts, and the sign-off."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from audits.core.errors import InputError
from audits.store import DECISIONS, is_preview
from dashboard.catalogue import say
from dashboard.components.text import escape_markdown, show_text
from dashboard.viewmodels.card import review
from dashboard.viewmodels.run import RunData

ICONS = {"approved": ":material/check_circle:", "conditions": ":material/warning:",
         "rejected": ":material/cancel:"}  # fmt: skip
COLOURS = {"approved": "green", "conditions": "orange", "rejected": "red"}
PROBLEM, SAVED, NAME = "review-problem", "review-saved", "reviewer"


def _text_key(run: RunData, part: str) -> str:
    return f"part-{part}-{run.report.run.id}"


def _save(run: RunData) -> None:
    """Keep what was written (for `on_click`); what goes wrong is said, and nothing is lost."""
    texts = {p.key: str(st.session_state[_text_key(run, p.key)]) for p in review.list_parts(run)}
    try:
        count = review.save_parts(run, texts, str(st.session_state.get(NAME) or ""))
    except InputError as error:
        st.session_state[PROBLEM] = "editor", str(error)
    else:
        st.session_state[SAVED] = say("review.saved" if count else "review.unchanged", n=count)


def _take_over(run: RunData, texts: Mapping[str, str]) -> None:
    """Put other runs' texts into the fields (for `on_click`); they are kept when saved."""
    for part, text in texts.items():
        st.session_state[_text_key(run, part)] = text


def _sign(run: RunData) -> None:
    """Sign (for `on_click`)."""
    state = st.session_state
    try:
        review.sign(run, str(state["decision"]), str(state.get(NAME) or ""), state["comment"])
    except InputError as error:
        state[PROBLEM] = "sign", str(error)
    else:
        state["comment"] = ""


def _show_problem(place: str) -> None:
    where, words = st.session_state.get(PROBLEM, ("", ""))
    if where == place:
        del st.session_state[PROBLEM]
        st.error(escape_markdown(words))


def _ask_name() -> None:
    """Ask who is writing; asked once for texts and sign-off."""
    st.text_input(say("review.name"), key=NAME, max_chars=80, help=say("review.name_help"),
                  persist_state="session")  # fmt: skip


def show_editor(run: RunData) -> None:
    """Show the parts of the card that only a person can write, to be written in place."""
    parts = review.list_parts(run)
    written = sum(bool(part.text) for part in parts)
    st.progress(written / len(parts), text=say("review.progress", n=written, of=len(parts)))
    earlier = review.find_earlier(run)
    if earlier:
        st.button(say("review.take_over", n=len(earlier)), key="take-over", on_click=_take_over,
                  args=(run, earlier), icon=":material/history:")  # fmt: skip
    _ask_name()
    for part in parts:
        key = _text_key(run, part.key)
        st.session_state.setdefault(key, part.text)
        st.text_area(part.title, key=key, height=110, placeholder=say("review.prompt",
                     prompt=part.prompt), help=escape_markdown(part.prompt))  # fmt: skip
        if part.note:
            show_text(part.note, f"written-{part.key}", "note")
    st.button(say("review.save"), key="save-card", type="primary", on_click=_save, args=(run,),
              icon=":material/save:")  # fmt: skip
    _show_problem("editor")
    if SAVED in st.session_state:
        st.success(escape_markdown(st.session_state.pop(SAVED)))


def show_sign_off(run: RunData) -> None:
    """Show who signed what, and the form to sign; a first result cannot be signed."""
    if is_preview(run.bundle.path):
        show_text(say("review.unfinished"), "unfinished")
        return
    signatures = review.list_signatures(run)
    if not signatures:
        show_text(say("review.unsigned"), "unsigned")
    for position, one in enumerate(signatures):
        with st.container(border=True, key=f"signature-{position}"):
            st.badge(say(f"review.decision.{one.decision}"), icon=ICONS[one.decision],
                     color=COLOURS[one.decision])  # type: ignore[arg-type]  # fmt: skip
            show_text(one.sentence, f"signature-{position}")
            if one.comment:
                show_text(one.comment, f"signature-comment-{position}")
            if one.stale:
                show_text(say("review.stale"), f"signature-stale-{position}", "note")
    _ask_name()
    st.segmented_control(
        say("review.choose"), DECISIONS, default=DECISIONS[0], required=True, key="decision",
        format_func=lambda name: say(f"review.decision.{name}"),
    )  # fmt: skip
    st.text_area(say("review.comment"), key="comment", height=90, help=say("review.comment_help"))
    st.button(say("review.sign"), key="sign", on_click=_sign, args=(run,),
              icon=":material/draw:")  # fmt: skip
    _show_problem("sign")
