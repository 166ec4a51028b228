"""What rejected people could change, and whether every group has a way."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.core.words.metrics import describe
from model_cards.card import Block, Inline, Line, Pairs, Section, Table, Text
from model_cards.numbers import format_field, make_fact, make_number
from model_cards.sections.explained.burden import BURDEN_CHECK, build_burden
from model_cards.sections.tables import (
    choose_metrics,
    explain_absence,
    is_recourse,
    join_words,
    list_attributes,
    note_intervals,
    note_left_out,
    pivot,
    title_attribute,
)

PREFERRED = ("recourse_share", "recourse_cost", "recourse_changes")
_RULES = {
    "engine": "Engine",
    "immutable": "Never changed",
    "increase_only": "May only grow",
    "decrease_only": "May only shrink",
    "max_changes": "Columns changed at most",
}


def build_recourse(report: AuditReport) -> Section:
    """Return the recourse found overall and by group, and the rules of the search."""
    items = [
        item for item in report.measurements if is_recourse(item) and item.check != BURDEN_CHECK
    ]
    if not items:
        words = ("recourse", "counterfactual")
        return Section("recourse", "Recourse", (explain_absence(report, words),))
    blocks: list[Block] = []
    whole = [item for item in items if item.attribute is None]
    if whole:
        blocks.append(_tabulate_whole(whole))
    rules = _list_rules(report)
    if rules:
        blocks.append(Pairs(tuple(rules)))
    children = tuple(
        _build_by_group(attribute, [item for item in items if item.attribute == attribute])
        for attribute in list_attributes(items)
    )
    burden = build_burden(report)
    children += (burden,) if burden else ()
    intro = "Recourse is a change of a rejected row, within the rules, that the model accepts."
    return Section("recourse", "Recourse", tuple(blocks), children, intro)


def _tabulate_whole(items: Sequence[Measurement]) -> Table:
    rows: list[tuple[Inline, ...]] = [
        (Text(describe(item.metric).title), make_number(item), Text(describe(item.metric).meaning))
        for item in items
    ]
    caption = join_words("All rejected rows searched", note_intervals(items))
    return Table(caption, ("Metric", "Value", "What it says"), tuple(rows))


def _list_rules(report: AuditReport) -> list[tuple[str, Line]]:
    settings = report.spec.effective.get("recourse")
    if not isinstance(settings, dict):
        return []
    return [
        (title, (make_fact(report, f"spec.effective.recourse.{key}"),))
        for key, title in _RULES.items()
        if key in settings and format_field(settings[key])
    ]


def _build_by_group(attribute: str, items: Sequence[Measurement]) -> Section:
    metrics, rest = choose_metrics(items, PREFERRED, 5)
    groups = dict.fromkeys(item.group for item in items)
    rows = [
        (plain_text(group or "all groups"), [item for item in items if item.group == group])
        for group in groups
    ]
    rows.sort(key=lambda row: min(i.value or 0.0 for i in row[1] if i.metric == metrics[0]))
    title = title_attribute(attribute)
    caption = join_words(f"{title}, least recourse first", note_intervals(items))
    table = pivot(caption, "Group", rows, metrics, bars=metrics[0])
    return Section(f"recourse-{attribute}", title, (table, *note_left_out(rest)))
