"""What other thresholds would do to the gaps, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import plain_text
from audits.core.groups import FEW_ROWS
from audits.core.measurement import Measurement
from audits.core.report import AuditReport
from audits.core.words import ATTRIBUTE_WARNING, list_words
from model_cards.card import Block, Form, Line, Paragraph, Section, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import (
    join_words,
    list_slices,
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
    warning = Paragraph((Text(f"Legal warning: {ATTRIBUTE_WARNING}"),))
    return [
        Section("interventions", "What other thresholds would do", (warning,), children, _INTRO)
    ]


def _build_blocks(items: Sequence[Measurement]) -> tuple[Block, ...]:
    shown = [item for item in items if item.metric in COLUMNS]
    rows = [
        (plain_text(name), [item for item in shown if item.slice == name])
        for name in list_slices(shown)
        if name is not None
    ]
    caption = join_words("Each goal on rows not used to choose", note_intervals(shown))
    table = pivot(caption, "Thresholds", rows, COLUMNS)
    sentence = _tell_widest(rows)
    blocks: list[Block] = [Paragraph(sentence)] if sentence else []
    blocks.append(table)
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


def _tell_widest(rows: Sequence[tuple[str, Sequence[Measurement]]]) -> Line:
    """Return a sentence on the widest gap and what thresholds by group make of it, () without."""
    known = []
    for name, items in rows:
        by_metric = {item.metric: item for item in items if item.estimate is not None}
        if "thresholds by" in name and set(COLUMNS) <= by_metric.keys():
            known.append((name, by_metric))
    if not known:
        return ()
    name, found = max(known, key=lambda one: one[1]["gap_before"].value or 0.0)
    return (
        Text(f"{name[:1].upper()}{name[1:]}: the gap would go from "),
        make_number(found["gap_before"], Form.VALUE),
        Text(" to "),
        make_number(found["gap_after"], Form.VALUE),
        Text(" and accuracy would change by "),
        make_number(found["accuracy_change"], Form.VALUE),
        Text(", on rows not used to choose the thresholds."),
    )
