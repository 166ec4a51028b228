"""What was looked for in the data: repeated rows, columns that give the outcome away, values that
are missing more often for one group."""

from __future__ import annotations

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement, is_significant
from audits.core.report.report import AuditReport
from audits.core.words.words import describe
from model_cards.card import Block, Form, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import DATA_CHECKS, join_words, note_intervals

_SHOWN = (
    "repeated_rows", "constant_columns", "duplicate_columns", "identifier_columns",
    "reference_overlap", "reference_overlap_expected", "reference_overlap_excess",
    "strongest_column_auc", "typical_column_auc",
)  # fmt: skip
_MAX_LISTED = 20


def build_quality(report: AuditReport) -> Section | None:
    """Return what was found in the data, None where nobody looked."""
    items = [item for item in report.measurements if item.check in DATA_CHECKS]
    shown = [item for name in _SHOWN for item in items if item.metric == name]
    if not shown:
        return None
    rows: list[tuple[Inline, ...]] = [
        (Text(_name(item)), make_number(item), Text(describe(item.metric).meaning))
        for item in shown
    ]
    caption = join_words("Looked for in the data", note_intervals(shown))
    blocks: list[Block] = [Table(caption, ("Metric", "Value", "What it says"), tuple(rows))]
    blocks += _build_missing(items)
    return Section("data-quality", "What the data holds", tuple(blocks))


def _name(item: Measurement) -> str:
    title = describe(item.metric).title
    return f"{title}: {_column(item)}" if item.part else title


def _column(item: Measurement) -> str:
    return plain_text(item.part_name)


def _build_missing(items: list[Measurement]) -> list[Block]:
    compared = [item for item in items if item.metric == "missing_share_difference"]
    sure = [item for item in compared if is_significant(item)]
    if not compared:
        return []
    if not sure:
        text = "No value is surely missing more often for one group, all comparisons counted."
        return [Paragraph((Text(text),))]
    sure.sort(key=lambda item: -abs(item.value or 0.0))
    rows: list[tuple[Inline, ...]] = [
        (
            Text(_column(item)),
            Text(plain_text(item.group or "")),
            Text(plain_text(item.reference_group or "")),
            make_number(item, Form.TEST),
        )
        for item in sure[:_MAX_LISTED]
    ]
    caption = join_words(
        "Values that are missing more or less often for a group", note_intervals(sure)
    )
    return [Table(caption, ("Column", "Group", "Against", "Gap"), tuple(rows))]
