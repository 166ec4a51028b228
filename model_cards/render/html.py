"""A card as one HTML file: no script, no request, light and dark, made to be printed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from audits.core.errors import InputError, near_misses
from audits.core.format import format_time
from model_cards.card import (
    Card,
    Number,
    Section,
    Table,
    incomplete_sections,
    number_ordinals,
    walk_sections,
)
from model_cards.human import split_paragraphs
from model_cards.sections.summary import STATUS_WORDS

_TEMPLATES = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True, slots=True)
class Bar:
    """A value drawn on a line, in percent of its width: from `left` for `width`, the interval
    from `low` to `high` (None without one), and where "nothing" lies."""

    left: float
    width: float
    low: float | None
    high: float | None
    origin: float


@dataclass(slots=True)
class _Page:
    """What the template asks while it writes: anchors, places in the register, first uses."""

    ordinals: dict[str, int]
    anchors: dict[str, str]
    seen: set[str] = field(default_factory=set)

    def first_use(self, number: Number) -> bool:
        """Whether this is the measurement's first appearance, which its entry links back to."""
        first = number.measurement_id not in self.seen
        self.seen.add(number.measurement_id)
        return first


def render_html(card: Card, figures: Mapping[str, str] | None = None) -> str:
    """Return the card as a self-contained HTML document; everything from the data is escaped.

    `figures` maps a section's key to HTML or SVG that is placed, as it is, under that section:
    it must be our own drawing, never text from the data. Raises InputError for a key without a
    section. The page forbids itself every request (Content-Security-Policy).
    """
    keys = [section.key for section in walk_sections(card)]
    for key in figures or {}:
        if key not in keys:
            raise InputError(f"no section {key!r} for a figure{near_misses(key, keys)}")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda node: type(node).__name__
    environment.filters["bind"] = bind_words
    environment.filters["time"] = format_time
    environment.filters["paragraphs"] = split_paragraphs
    css = (_TEMPLATES / "card.css").read_text(encoding="utf-8")
    return environment.get_template("card.html").render(
        card=card,
        css=Markup(css),  # ours, with nothing of the data in it
        figures={key: Markup(html) for key, html in (figures or {}).items()},
        page=_Page(number_ordinals(card), make_anchors(card.sections)),
        missing=incomplete_sections(card),
        words=STATUS_WORDS,
        compute_bars=compute_bars,
    )


def make_anchors(sections: tuple[Section, ...]) -> dict[str, str]:
    """Return a unique HTML id for each section's key, of letters, digits and hyphens alone."""
    anchors: dict[str, str] = {}
    stack = list(reversed(sections))
    while stack:
        section = stack.pop()
        slug = "s-" + re.sub(r"[^a-z0-9]+", "-", section.key.casefold()).strip("-")
        taken = sum(1 for other in anchors.values() if re.fullmatch(rf"{slug}(\.\d+)?", other))
        anchors[section.key] = f"{slug}.{taken}" if taken else slug
        stack.extend(reversed(section.children))
    return anchors


def bind_words(text: str) -> str:
    """Return a number's text with no-break spaces where a line must not end."""
    for loose in ("p = ", "p < ", "n = ", " points"):
        text = text.replace(loose, loose.replace(" ", "\u00a0"))
    return text


def compute_bars(table: Table) -> list[Bar | None]:
    """Return a bar for each row of a table on one common scale, None where no number is."""
    if table.bars is None:
        return []
    cells = [row[table.bars] for row in table.rows]
    numbers = [cell for cell in cells if isinstance(cell, Number) and cell.value is not None]
    ends = [end for cell in numbers for end in (cell.value, cell.low, cell.high)]
    known = [end for end in ends if end is not None] + [table.origin]
    low, high = min(known), max(known)
    scale = 100 / (high - low) if high > low else 0.0

    def place(value: float) -> float:
        return round((value - low) * scale, 2)

    def draw(cell: object) -> Bar | None:
        if not isinstance(cell, Number) or cell.value is None:
            return None
        ends = sorted((place(cell.value), place(table.origin)))
        return Bar(
            left=ends[0],
            width=round(ends[1] - ends[0], 2),
            low=None if cell.low is None else place(cell.low),
            high=None if cell.high is None else place(cell.high),
            origin=place(table.origin),
        )

    return [draw(cell) for cell in cells]
