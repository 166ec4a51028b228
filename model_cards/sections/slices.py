"""Where the model does worst: parts of the data, by any columns, against the rest."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.words.words import SLICES_CHECK, base_metric, describe, lower
from model_cards.card import Block, Bullets, Form, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import describe_check, join_words, note_intervals

_INTRO = (
    "Found by a search over all columns on one half of the rows, measured against all other rows "
    "on the other half; p-values are adjusted (Holm) over everything that was measured."
)


def build_slices(report: AuditReport) -> Section | None:
    """Return the worst slices by what they are worse at; None where no such check was made."""
    outcome = next((one for one in report.checks if one.code == SLICES_CHECK), None)
    if outcome is None:
        return None
    title = name_section(report)
    if outcome.status is not CheckStatus.MEASURED:
        return Section("slices", title, (Bullets(((Text(describe_check(outcome)),),)),))
    items = [
        item for item in report.measurements if item.check == SLICES_CHECK and item.part is not None
    ]
    counts = {item.part: item for item in items if item.metric == "count"}
    gaps = [item for item in items if item.metric != "count"]
    blocks: list[Block] = [_describe_search(report, found=bool(gaps))]
    for metric in dict.fromkeys(item.metric for item in gaps):
        blocks.append(_tabulate([item for item in gaps if item.metric == metric], counts))
    return Section("slices", title, tuple(blocks), (), _INTRO)


def name_section(report: AuditReport) -> str:
    """Return the section's title: decisions without a model have none that does worst."""
    what = "the model does" if report.subject.model is not None else "decisions are"
    return f"Where {what} worst"


def _describe_search(report: AuditReport, *, found: bool) -> Paragraph:
    looked_at = report.find("slices_searched")
    number: Inline = make_number(looked_at[0], Form.VALUE) if looked_at else Text("the")
    if found:
        return Paragraph((number, Text(" parts of the data were looked at.")), note=True)
    words = " parts of the data were looked at; none was shown to be worse than the rest."
    return Paragraph((number, Text(words)))


def _tabulate(items: Sequence[Measurement], counts: dict[Part | None, Measurement]) -> Table:
    base = lower(describe(base_metric(items[0].metric)).title)
    caption = join_words(f"Worst {base}: each part minus all other rows", note_intervals(items))
    rows: list[tuple[Inline, ...]] = [
        (
            Text(plain_text(item.part_name)),
            make_number(counts[item.part]) if item.part in counts else Text("not reported"),
            make_number(item, Form.TEST),
        )
        for item in items
    ]
    return Table(caption, ("Part", "Rows", describe(items[0].metric).title), tuple(rows), 2)
