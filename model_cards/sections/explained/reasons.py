"""The reasons that rejected people can be told: how often each, and how firm they are."""

from __future__ import annotations

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.core.words.clauses import ADVERSE_ACTION
from audits.core.words.words import describe
from model_cards.card import Block, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import full, join_words, note_intervals

_BESIDE = ("reason_stability", "reason_agreement", "prohibited_reason_share")


def build_reasons(report: AuditReport) -> Section | None:
    """Return the section on reasons for rejections, None where none were asked for."""
    items = [item for item in report.measurements if item.check == "rules.adverse_action"]
    if not items:
        return None
    blocks: list[Block] = [_tabulate(items), *(_tell(i) for i in items if i.metric in _BESIDE)]
    described = next((e.description for e in report.evidence if "reasons.parquet" in e.path), "")
    note = f"{described}. {ADVERSE_ACTION.meaning} {ADVERSE_ACTION.citation}."
    blocks.append(Paragraph((Text(note),), note=True))
    intro = "Up to four principal reasons for each rejection, in the words of the audit's settings."
    return Section("reasons", "Reasons for rejections", tuple(blocks), intro=intro)


def _tabulate(items: list[Measurement]) -> Table:
    shares = [item for item in items if item.metric == "reason_share"]
    ranked = sorted(shares, key=lambda item: -(item.value or 0.0))
    rows: list[tuple[Inline, ...]] = [
        (Text(plain_text(item.part_name)), make_number(item)) for item in ranked
    ]
    caption = join_words("Most frequent first", note_intervals(ranked))
    return Table(caption, ("Reason", describe("reason_share").title), tuple(rows), bars=1)


def _tell(item: Measurement) -> Block:
    word = describe(item.metric)
    return Paragraph((Text(f"{word.title}: "), full(item), Text(f". {word.meaning}")))
