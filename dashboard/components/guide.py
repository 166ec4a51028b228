"""The chooser that asks about the use: three questions, what fits, and what it gives up."""

from __future__ import annotations

from typing import cast

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.text import show_text
from dashboard.viewmodels.fairness import guide
from dashboard.viewmodels.fairness.guide import Advice, Answers, Harm, Law, Outcome
from dashboard.viewmodels.run import RunData

METRIC = "metric"
"""The key of the page's chooser, which the button sets."""


def show_guide(run: RunData, grouping: str, titles: list[str]) -> None:
    """Show the questions, folded until one is answered; titles: what the chooser can be set to."""
    asked = any(name in st.query_params for name in guide.QUESTIONS)
    with st.expander(say("guide.open"), expanded=asked, icon=":material/explore:"):
        show_text(say("guide.intro"), "guide-intro")
        answers = _ask()
        if answers is None:
            show_text(say("guide.unanswered"), "guide-unanswered", "note")
        else:
            for place, advice in enumerate(guide.advise(run, grouping, answers)):
                _show_advice(advice, place, titles)
        _show_disagreement(run, grouping)


def _ask() -> Answers | None:
    """Show the questions; None until all are answered. The answers stand in the address."""
    given: dict[str, str] = {}
    for column, (name, options) in zip(
        st.columns(3, gap="large"), guide.QUESTIONS.items(), strict=True
    ):
        words = {say(f"guide.answer.{name}.{option}"): option for option in options}
        with column:
            chosen = st.radio(
                say(f"guide.ask.{name}"), list(words), index=None, key=name, bind="query-params",
                help=say(f"guide.help.{name}"),
            )  # fmt: skip
        if chosen in words:
            given[name] = words[chosen]
    if len(given) < len(guide.QUESTIONS):
        return None
    return Answers(
        cast(Outcome, given["outcome"]), cast(Harm, given["harm"]), cast(Law, given["law"])
    )


def _show_advice(advice: Advice, place: int, titles: list[str]) -> None:
    with st.container(border=True, key=f"advice-{place}", gap="small"):
        show_text(advice.title, f"advice-title-{place}", "finding")
        show_text(advice.why, f"advice-why-{place}")
        show_text(advice.gives_up, f"advice-cost-{place}")
        show_text(say("guide.source", source=advice.source), f"advice-source-{place}", "note")
        if advice.missing or advice.metric not in titles:
            missing = advice.missing or say("guide.not_measured")
            show_text(missing, f"advice-missing-{place}")
        else:
            st.button(
                say("guide.show", metric=advice.metric), key=f"advice-show-{place}",
                on_click=_choose, args=(advice.metric,), icon=":material/bar_chart:",
                disabled=st.session_state.get(METRIC) == advice.metric,
            )  # fmt: skip


def _choose(title: str) -> None:
    """Set the page's chooser (for `on_click`)."""
    st.session_state[METRIC] = title


def _show_disagreement(run: RunData, grouping: str) -> None:
    sentences = guide.describe_disagreement(run, grouping)
    if not sentences:
        return
    show_text(say("guide.disagree"), "guide-disagree", "label")
    for place, sentence in enumerate(sentences):
        show_text(sentence, f"guide-says-{place}")
    show_text(say("guide.conflict"), "guide-conflict", "note")
