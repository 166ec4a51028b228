"""The model card of a run in its forms, made anew from the report."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache

from dashboard.catalogue import say
from dashboard.viewmodels.run import RunData
from model_cards.build import build_card
from model_cards.card import Card, incomplete_sections
from model_cards.render.html import render_html
from model_cards.render.json import render_json
from model_cards.render.markdown import render_markdown


@dataclass(frozen=True, slots=True)
class Form:
    """How a form of the card is stored."""

    suffix: str
    mime: str


FORMS = {
    "html": Form("card.html", "text/html"),
    "markdown": Form("card.md", "text/markdown"),
    "json": Form("card.json", "application/json"),
    "report": Form("report.json", "application/json"),
}


@lru_cache(maxsize=8)
def _build(run: RunData) -> Card:
    return build_card(run.report)


@lru_cache(maxsize=16)
def render(run: RunData, form: str) -> str:
    """Return the card, or the report that it rests on, as text."""
    if form == "report":
        return run.report.to_json()
    renderers = {"html": render_html, "markdown": render_markdown, "json": render_json}
    return renderers[form](_build(run))


def render_frame(run: RunData) -> str:
    """Return a page with the card in a frame that may do nothing: no script, no form, no link."""
    content = html.escape(render(run, "html"), quote=True)
    title = html.escape(say("card.frame"), quote=True)
    return (
        "<style>html,body{margin:0;height:100%}iframe{border:0;width:100%;height:100%}</style>"
        f'<iframe sandbox title="{title}" srcdoc="{content}"></iframe>'
    )


def name_file(run: RunData, suffix: str) -> str:
    """Return a file name for a download."""
    slug = re.sub(r"[^a-z0-9]+", "-", run.report.subject.name.lower()).strip("-") or "audit"
    return f"{slug}-{suffix}"


def list_incomplete(run: RunData) -> list[str]:
    """Return the sections that only people can write and nobody has."""
    return list(incomplete_sections(_build(run)))
