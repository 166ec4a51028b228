"""Gaps in selection with legitimate columns held fixed."""

from __future__ import annotations

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.report import AuditReport
from audits.findings import LEGITIMATE_NOTE, render_conditional
from model_cards.card import Block, Paragraph, Section, Text
from model_cards.sections.tables import (
    join_words,
    note_intervals,
    pivot,
    split_by_attribute,
)

COLUMNS = ("conditional_selection_rate_difference", "conditional_demographic_disparity")


def build_conditional(report: AuditReport) -> list[Section]:
    """Return the section on conditional disparity, nothing where no column is held fixed."""
    items = [item for item in report.measurements if item.check == "fairness.conditional"]
    if not items:
        return []
    children = split_by_attribute("conditional", items, lambda mine: _build_blocks(report, mine))
    note = Paragraph((Text(LEGITIMATE_NOTE),), note=True)
    return [Section("conditional", "With legitimate columns held fixed", (note,), children)]


def _build_blocks(report: AuditReport, items: list[Measurement]) -> tuple[Block, ...]:
    sentences = [
        render_conditional(item, _find_plain(report, item))
        for item in items
        if item.metric == "conditional_selection_rate_difference"
    ]
    groups = dict.fromkeys(item.group for item in items)
    rows = [
        (plain_text(group or ""), [item for item in items if item.group == group])
        for group in groups
    ]
    caption = join_words(plain_text(items[0].part_name), note_intervals(items))
    return (
        *(Paragraph((Text(sentence),)) for sentence in sentences if sentence),
        pivot(caption, "Group", rows, COLUMNS),
    )


def _find_plain(report: AuditReport, item: Measurement) -> Measurement | None:
    name = measurement_id(
        "selection_rate_difference", item.attribute, item.group, item.reference_group
    )
    return report.by_id.get(name)
