"""What drives a gap: the columns that make it, in the card."""

from __future__ import annotations

from collections.abc import Iterator

from audits.core.findings import FEATURE, find_selection_gap, render_gap
from audits.core.format import plain_text
from audits.core.measurement import Measurement
from audits.core.report import AuditReport
from audits.core.words import describe
from model_cards.card import Block, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import join_words, note_intervals

_TOP = 5


def build_gaps(report: AuditReport) -> Iterator[Section]:
    """Yield one section that says for every group which columns make its gap, if measured."""
    shares = [item for item in report.measurements if item.metric == "gap_share"]
    if not shares:
        return
    blocks: list[Block] = []
    for pair in dict.fromkeys((i.attribute, i.group, i.reference_group) for i in shares):
        mine = [i for i in shares if (i.attribute, i.group, i.reference_group) == pair]
        blocks += _build_pair(report, mine)
    intro = (
        "People of two groups are paired and the columns of one taken over by the other, one at a "
        "time, in many orders. What that changes in the decisions is laid on the columns; the "
        "shares add up to the gap."
    )
    yield Section("gap", "What drives the gaps", tuple(blocks), intro=intro)


def _build_pair(report: AuditReport, shares: list[Measurement]) -> Iterator[Block]:
    first = shares[0]
    plain = find_selection_gap(report, first.attribute, first.group, first.reference_group)
    sentence = render_gap(plain, shares) if plain is not None else None
    if sentence:
        yield Paragraph((Text(sentence),))
    ranked = sorted(shares, key=lambda item: -abs(item.value or 0.0))[:_TOP]
    rows: list[tuple[Inline, ...]] = [
        (Text(plain_text((item.slice or "").removeprefix(FEATURE))), make_number(item))
        for item in ranked
    ]
    names = f"{plain_text(first.group or '')} against {plain_text(first.reference_group or '')}"
    caption = join_words(f"{names}, strongest first", note_intervals(ranked))
    yield Table(caption, ("Column", describe("gap_share").title), tuple(rows))
