"""A card as Markdown (GitHub's dialect): readable as text, each number a link to its line in
the register, whose title is the measurement's id."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from audits.core.format import format_time, plain_text
from audits.core.report.verdict import Status
from model_cards.card import (
    Block,
    Bullets,
    Card,
    Entry,
    HumanText,
    Inline,
    Line,
    Number,
    Outcome,
    Pairs,
    Paragraph,
    Register,
    Section,
    Table,
    Tiles,
    Verdicts,
    incomplete_sections,
    number_ordinals,
)
from model_cards.human import split_paragraphs
from model_cards.sections.summary import STATUS_WORDS

ICONS = {
    Status.FAIL: "✗",
    Status.WARN: "▲",
    Status.INSUFFICIENT: "?",
    Status.PASS: "✓",
    Status.NOT_APPLICABLE: "–",
}
_SPECIAL = re.compile(r"([\\`*_\[\]|~$#])")
_MAX_DEPTH = 6
Ordinals = Mapping[str, int]


def render_markdown(card: Card) -> str:
    """Return the card as Markdown. Names from the data are escaped: they cannot be markup."""
    ordinals = number_ordinals(card)
    parts = [
        f"# {card.kind}: {escape_markdown(card.title)}",
        f"Audit {code_span(card.run)}, made {escape_markdown(format_time(card.created))}. "
        f"report.json has sha256 {code_span(card.report_sha256)}.",
    ]
    missing = incomplete_sections(card)
    if missing:
        parts.append(f"> **Incomplete.** Not yet written by people: {', '.join(missing)}.")
    for section in card.sections:
        parts += _render_section(section, ordinals, 2)
    return "\n\n".join(parts) + "\n"


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows as it is, on one line: no markup, link, HTML or image."""
    text = plain_text(text)
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    text = _SPECIAL.sub(r"\\\1", text).replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r":(?=//)", "&#58;", text)  # GitHub turns bare addresses into links
    text = re.sub(r"(?i)\bwww\.", lambda found: found.group()[:-1] + "&#46;", text)
    text = re.sub(r"^([-+=])", r"\\\1", text)  # a list, or a line under a heading
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", text)


def code_span(text: str) -> str:
    """Return text as code, safe in a table: pipes escaped, a fence longer than any inside.

    Control characters show as their pictures, so that an identifier stays on its line and can
    be read back (`model_cards.verify.find_references`).
    """
    shown = text.translate({code: 0x2400 + code for code in range(32)})
    runs = [len(run) for run in re.findall(r"`+", shown)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if shown[:1] == "`" or shown[-1:] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}".replace("|", "\\|")


def render_entry(entry: Entry, ordinal: int) -> str:
    """Return a measurement's line in the register."""
    cells = [
        f'<a id="n{ordinal}"></a>{ordinal}',
        code_span(entry.number.measurement_id),
        escape_markdown(entry.number.display),
        entry.rows or "—",
        escape_markdown(entry.method) or "—",
        escape_markdown(entry.p_value) or "—",
        ", ".join(code_span(path) for path in entry.evidence) or "—",
    ]
    return _row(cells)


def _render_section(section: Section, ordinals: Ordinals, depth: int) -> list[str]:
    parts = [f"{'#' * min(depth, _MAX_DEPTH)} {escape_markdown(section.title)}"]
    if section.intro:
        parts.append(escape_markdown(section.intro))
    for block in section.blocks:
        parts.append(_render_block(block, ordinals))
    for child in section.children:
        parts += _render_section(child, ordinals, depth + 1)
    return parts


def _render_inline(inline: Inline, ordinals: Ordinals) -> str:
    if isinstance(inline, Number):
        return f"[{escape_markdown(inline.display)}](#n{ordinals[inline.measurement_id]})"
    if inline.code:
        return code_span(inline.text)
    text = inline.text
    lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return lead + escape_markdown(text) + (tail if text.strip() else "")


def _render_line(line: Line, ordinals: Ordinals) -> str:
    return "".join(_render_inline(inline, ordinals) for inline in line)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _grid(columns: list[str], rows: list[list[str]], numeric: bool = False) -> str:
    rule = ["---"] + ["--:" if numeric else "---"] * (len(columns) - 1)
    return "\n".join([_row(columns), _row(rule), *(_row(row) for row in rows)])


def _render_paragraph(block: Paragraph, ordinals: Ordinals) -> str:
    text = _render_line(block.line, ordinals)
    return f"*{text}*" if block.note else text


def _render_bullets(block: Bullets, ordinals: Ordinals) -> str:
    return "\n".join(f"- {_render_line(item, ordinals)}" for item in block.items)


def _render_pairs(block: Pairs, ordinals: Ordinals) -> str:
    return "\n".join(
        f"- **{escape_markdown(name)}**: {_render_line(line, ordinals)}"
        for name, line in block.rows
    )


def _render_tiles(block: Tiles, ordinals: Ordinals) -> str:
    return "\n".join(
        f"- **{escape_markdown(tile.label)}**: {_render_inline(tile.number, ordinals)}. "
        f"{escape_markdown(tile.meaning)}"
        for tile in block.tiles
    )


def _render_table(block: Table, ordinals: Ordinals) -> str:
    columns = [escape_markdown(name) for name in block.columns]
    rows = [[_render_inline(cell, ordinals) for cell in row] for row in block.rows]
    return f"**{escape_markdown(block.caption)}**\n\n{_grid(columns, rows)}"


def _render_outcome(block: Outcome, _: Ordinals) -> str:
    if block.status is None:
        return escape_markdown(block.sentence)
    word = STATUS_WORDS[block.status]
    return f"**{ICONS[block.status]} {word}.** {escape_markdown(block.sentence)}"


def _render_verdicts(block: Verdicts, ordinals: Ordinals) -> str:
    lines = []
    for line in block.lines:
        measured = "" if line.number.value is None else "Measured: "
        limit = f"; limit {escape_markdown(line.limit)}" if line.limit else ""
        lines.append(
            f"- **{ICONS[line.status]} {STATUS_WORDS[line.status]}.** "
            f"{escape_markdown(line.sentence)} {measured}"
            f"{_render_inline(line.number, ordinals)}{limit}; rule {code_span(line.rule)}."
        )
    return "\n".join(lines)


def _render_human(block: HumanText, _: Ordinals) -> str:
    if block.text is None:
        return f"**Not yet written:** {escape_markdown(block.prompt)}."
    parts = []
    for paragraph in split_paragraphs(block.text):
        lead, glue = ("- ", "\n") if paragraph.listed else ("", "  \n")
        parts.append(glue.join(lead + escape_markdown(line) for line in paragraph.lines))
    return "\n\n".join(parts)


def _render_register(block: Register, ordinals: Ordinals) -> str:
    columns = ["#", "Measurement", "Value", "Rows", "Interval by", "p-value", "Evidence"]
    head = _grid(columns, [])
    lines = [render_entry(entry, ordinals[entry.number.measurement_id]) for entry in block.entries]
    return "\n".join([head, *lines])


_RENDERERS: dict[type[Block], Callable[..., str]] = {
    Paragraph: _render_paragraph,
    Bullets: _render_bullets,
    Pairs: _render_pairs,
    Tiles: _render_tiles,
    Table: _render_table,
    Outcome: _render_outcome,
    Verdicts: _render_verdicts,
    HumanText: _render_human,
    Register: _render_register,
}


def _render_block(block: Block, ordinals: Ordinals) -> str:
    return _RENDERERS[type(block)](block, ordinals)
