"""Each class of a multiclass model against all others."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.parts import PartKind
from audits.core.report.report import AuditReport
from audits.core.words.words import SUMMARIES
from model_cards.card import Block, Section
from model_cards.sections.tables import (
    join_words,
    list_parts,
    note_intervals,
    pivot,
    split_by_attribute,
)

COLUMNS = ("prevalence", "selection_rate", "true_positive_rate", "positive_predictive_value",
           "roc_auc")  # fmt: skip
GAPS = ("demographic_parity_difference", "equal_opportunity_difference",
        "equalized_odds_difference", "predictive_parity_difference")  # fmt: skip
_INTRO = (
    "Each class is taken as the favourable outcome in turn, and all others together as the other "
    "outcome. The numbers of single groups are in the report."
)


def build_classes(report: AuditReport) -> list[Section]:
    """Return the section on single classes, nothing where the model has but two."""
    items = [
        item
        for item in report.measurements
        if item.check == "performance.classes" and item.is_of(PartKind.CLASS)
    ]
    if not items:
        return []
    whole = [item for item in items if item.attribute is None]
    gaps = [item for item in items if item.metric in SUMMARIES]
    children = split_by_attribute("classes", gaps, lambda mine: _tabulate(mine, GAPS))
    blocks = _tabulate(whole, COLUMNS)
    return [Section("classes", "Each class against all others", blocks, children, _INTRO)]


def _tabulate(items: Sequence[Measurement], columns: tuple[str, ...]) -> tuple[Block, ...]:
    shown = [item for item in items if item.metric in columns]
    rows = [
        (plain_text(name.name), [item for item in shown if item.part == name])
        for name in list_parts(shown)
        if name is not None
    ]
    caption = join_words("By class", note_intervals(shown))
    return (pivot(caption, "Class", rows, columns),)
