"""The model card of a run in its forms, made anew from the report."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache

from audits.store import Workspace, find_runs_folder
from dashboard.catalogue import say
from dashboard.viewmodels.run import RunData
from model_cards.build import build_card
from model_cards.card import Card
from model_cards.human import PROMPTS
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


Texts = tuple[tuple[str, str], ...]
"""What people wrote: parts of the card with their texts; hashable, so that cards are kept."""


def find_workspace(run: RunData) -> Workspace:
    """Return the workspace beside a run."""
    return Workspace(find_runs_folder(run.bundle.path))


def read_texts(run: RunData) -> Texts:
    """Return what people wrote for this run's card."""
    found = find_workspace(run).read_card_texts(run.report.run.id)
    return tuple((part, found[part].text) for part in PROMPTS if part in found and found[part].text)


@lru_cache(maxsize=8)
def _build(run: RunData, texts: Texts) -> Card:
    return build_card(run.report, dict(texts))


def render(run: RunData, form: str) -> str:
    """Return the card with people's texts as they are now, or the report that it rests on."""
    return run.report.to_json() if form == "report" else _render(run, form, read_texts(run))


@lru_cache(maxsize=16)
def _render(run: RunData, form: str, texts: Texts) -> str:
    renderers = {"html": render_html, "markdown": render_markdown, "json": render_json}
    return renderers[form](_build(run, texts))


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
    """Return the titles of the parts that only people can write and nobody has."""
    written = dict(read_texts(run))
    return [title for part, (title, _) in PROMPTS.items() if part not in written]
