"""`assay card`, and the cards that `assay run` writes."""

from __future__ import annotations

from pathlib import Path

from audits.cli.terminal import write_text
from audits.core.errors import InputError
from audits.core.report.report import AuditReport
from audits.export import save_html
from audits.store import load_bundle
from model_cards.build import build_card
from model_cards.card import Card
from model_cards.human import load_human_text
from model_cards.render.html import render_html
from model_cards.render.json import render_json
from model_cards.render.markdown import render_markdown

RENDERERS = {"md": render_markdown, "html": render_html, "json": render_json}


def write_cards(report: AuditReport, folder: Path) -> None:
    """Write `card.md`, `card.html` and the offline `report.html` into a run's folder."""
    save_html(report, folder)
    card = build_card(report)
    for form in ("md", "html"):
        (folder / f"card.{form}").write_text(RENDERERS[form](card), encoding="utf-8")


def card_command(run: Path, form: str, out: Path | None, human: Path | None) -> None:
    """Render a run's card to a file or to stdout."""
    if form not in RENDERERS:
        raise InputError(f"--format {form!r} is unknown; use {', '.join(RENDERERS)}")
    report = load_bundle(run).report
    card: Card = build_card(report, load_human_text(human) if human else None)
    write_text(RENDERERS[form](card), out, "Card")
