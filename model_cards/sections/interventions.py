"""What other thresholds would do to the gaps, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import plain_text
from audits.core.groups import FEW_ROWS
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.core.words.words import ATTRIBUTE_WARNING, list_words
from audits.findings import find_help
from model_cards.card import Block, Paragraph, Section, Text
from model_cards.sections.tables import (
    join_words,
    list_parts,
    note_intervals,
    pivot,
    split_by_attribute,
)

COLUMNS = ("gap_before", "gap_after", "accuracy_before", "accuracy_after", "accuracy_change")
_INTRO = (
    "Thresholds were chosen on one random half of the rows and measured on the other, so that "
    "none of these numbers is of rows that a threshold was fitted to."
)


def build_interventions(report: AuditReport) -> list[Section]:
    """Return the section on thresholds, nothing where none were tried."""
    items = [item for item in report.measurements if item.check == "fairness.interventions"]
    if not items:
        return []
    children = split_by_attribute("interventions", items, _build_blocks)
    found = find_help(report)
    told = () if found is None else found.sentences
    warning = f"Legal warning: {ATTRIBUTE_WARNING}"
    blocks = tuple(Paragraph((Text(text),)) for text in (*told, warning))
    return [Section("interventions", "What other thresholds would do", blocks, children, _INTRO)]


def _build_blocks(items: Sequence[Measurement]) -> tuple[Block, ...]:
    shown = [item for item in items if item.metric in COLUMNS and item.group is None]
    rows = [
        (plain_text(name.name), [item for item in shown if item.part == name])
        for name in list_parts(shown)
        if name is not None
    ]
    caption = join_words("Each goal on rows not used to choose", note_intervals(shown))
    table = pivot(caption, "Thresholds", rows, COLUMNS)
    blocks: list[Block] = [table]
    if few := _list_small(items):
        text = (
            f"Chosen on fewer than {FEW_ROWS} rows, so owing much to chance: the thresholds of "
            f"{list_words(few, limit=12)}."
        )
        blocks.append(Paragraph((Text(text),), note=True))
    return tuple(blocks)


def _list_small(items: Sequence[Measurement]) -> list[str]:
    """Return the groups whose thresholds rest on few rows."""
    return list(
        dict.fromkeys(
            plain_text(item.group)
            for item in items
            if item.metric == "score_threshold"
            and item.group is not None
            and item.estimate is not None
            and item.estimate.n < FEW_ROWS
        )
    )
