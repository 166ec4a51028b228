"""What drives a gap: the columns that make it, in the card."""

from __future__ import annotations

from collections.abc import Iterator

from audits.core.format import plain_text
from audits.core.report.report import AuditReport
from audits.core.words.words import describe
from audits.findings import Explained, list_explained
from model_cards.card import Block, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import join_words, note_intervals

_TOP = 5


def build_gaps(report: AuditReport) -> Iterator[Section]:
    """Yield one section that says of every gap in selection that is a finding which columns make
    it, if that was measured; a gap that is no finding is not explained."""
    if not any(item.metric == "gap_share" for item in report.measurements):
        return
    blocks = [block for found in list_explained(report) for block in _build_pair(found)]
    intro = (
        "People of two groups are paired and the columns of one taken over by the other, one at a "
        "time, in many orders. What that changes in the decisions is attributed to the columns; "
        "the shares add up to the gap."
    )
    if not blocks:
        blocks = [Paragraph((Text("No gap in selection is a finding, so none is explained."),))]
    yield Section("gap", "What drives the gaps", tuple(blocks), intro=intro)


def _build_pair(found: Explained) -> Iterator[Block]:
    shares, first = found.shares, found.shares[0]
    if found.sentence:
        yield Paragraph((Text(found.sentence),))
    ranked = sorted(shares, key=lambda item: -abs(item.value or 0.0))[:_TOP]
    rows: list[tuple[Inline, ...]] = [
        (Text(plain_text(item.part_name)), make_number(item)) for item in ranked
    ]
    names = f"{plain_text(first.group or '')} against {plain_text(first.reference_group or '')}"
    caption = join_words(f"{names}, strongest first", note_intervals(ranked))
    yield Table(caption, ("Column", describe("gap_share").title), tuple(rows))
