"""Columns that give a protected attribute away, in the card."""

from __future__ import annotations

from audits.core.format import plain_text
from audits.core.report.codes import PROXIES_CHECK
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.core.words.words import describe
from audits.findings import list_faint, list_proxies, render_faint, render_proxy, render_whole
from model_cards.card import Block, Form, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import join_words, note_intervals, split_by_attribute

_TOP = 8
_INTRO = (
    "How well each column, all columns together and the score tell the people of a group from the "
    "others, learned on one half of the rows and measured on the other. A proxy is a way by which "
    "groups can be treated differently by who was not told the group."
)


def build_proxies(report: AuditReport) -> list[Section]:
    """Return the section on proxies, nothing where none were looked for."""
    items = [item for item in report.measurements if item.check == PROXIES_CHECK]
    if not items:
        return []
    children = split_by_attribute("proxies", items, lambda mine: _build_attribute(report, mine))
    return [Section("proxies", "Columns that give groups away", (), children, _INTRO)]


def _build_attribute(report: AuditReport, items: list[Measurement]) -> tuple[Block, ...]:
    attribute = items[0].attribute or ""
    told = [render_proxy(one) for one in list_proxies(report.measurements, attribute)]
    if not told:
        name = plain_text(attribute)
        told = [f"No column is a proxy for {name}."]
    faint = render_faint(list_faint(report.measurements, attribute), attribute)
    told += [faint] if faint else []
    told += render_whole(items)
    known = [item for item in items if item.metric == "proxy_auc" and item.estimate is not None]
    shown = sorted(known, key=lambda item: -(item.value or 0.0))[:_TOP]
    sentences = tuple(Paragraph((Text(sentence),)) for sentence in told)
    return (*sentences, _tabulate(shown)) if shown else sentences


def _tabulate(items: list[Measurement]) -> Table:
    rows: list[tuple[Inline, ...]] = [
        (
            Text(plain_text(item.part_name)),
            Text(plain_text(item.group or "")),
            make_number(item, Form.TEST),
        )
        for item in items
    ]
    caption = join_words("Clearest first", note_intervals(items), "p-values adjusted by Holm")
    return Table(caption, ("Column", "Group", describe("proxy_auc").title), tuple(rows))
