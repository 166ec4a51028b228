"""How well the model does: overall, and for each group by itself."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.core.words.words import describe, lower
from model_cards.card import Block, Inline, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.classes import build_classes
from model_cards.sections.slices import build_slices
from model_cards.sections.tables import (
    choose_metrics,
    explain_absence,
    group_items,
    is_performance,
    join_words,
    list_attributes,
    list_parts,
    note_intervals,
    note_left_out,
    pivot,
    size_of,
    title_attribute,
)

PREFERRED = (
    "count",
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "positive_predictive_value",
    "accuracy",
    "roc_auc",
    "mean_absolute_error",
    "root_mean_squared_error",
    "r2",
    "mean_residual",
    "balanced_accuracy",
    "f1",
    "expected_calibration_error",
    "brier_score",
    "log_loss",
    "average_precision",
)
HEADLINES = ("accuracy", "roc_auc", "balanced_accuracy", "r2", "mean_absolute_error")
_COLUMNS = 7
_WORDS = ("perform", "accura", "error", "calibrat", "metric")


def build_performance(report: AuditReport) -> Section:
    """Return the performance overall and by group, group sizes first."""
    items = [item for item in report.measurements if is_performance(item)]
    slices = build_slices(report)
    if not items:
        absent = (explain_absence(report, _WORDS),)
        return Section("performance", "Performance", absent, (slices,) if slices else ())
    children = [_build_overall(report, [item for item in items if item.attribute is None])]
    for attribute in list_attributes(items):
        mine = [
            item
            for item in items
            if item.attribute == attribute
            and item.group is not None
            and item.metric != "prevalence"  # stands with the groups' sizes, under Data
        ]
        if mine:
            children.append(_build_by_group(attribute, mine))
    children += build_classes(report)
    children += [slices] if slices else []
    intro = "Every number is an estimate from the audited rows; its interval says how sure it is."
    return Section("performance", "Performance", (), tuple(children), intro)


def _build_overall(report: AuditReport, items: Sequence[Measurement]) -> Section:
    blocks: list[Block] = []
    whole = [item for item in items if item.part is None]
    if whole:
        metrics, _ = choose_metrics(whole, PREFERRED, len(whole))
        by_metric = {item.metric: item for item in whole}
        rows: list[tuple[Inline, ...]] = [
            (
                Text(describe(name).title),
                make_number(by_metric[name]),
                Text(describe(name).meaning or "See the check that measured it."),
            )
            for name in metrics
        ]
        caption = join_words("All rows", note_intervals(whole))
        blocks.append(Table(caption, ("Metric", "Value", "What it says"), tuple(rows)))
    sliced = [item for item in items if item.part is not None]
    if sliced:
        metrics, rest = choose_metrics(sliced, PREFERRED, _COLUMNS)
        names = dict.fromkeys(item.part for item in sliced if item.part is not None)
        labelled = [
            (plain_text(name.name), [item for item in sliced if item.part == name])
            for name in names
        ]
        caption = join_words("Parts of the data", note_intervals(sliced))
        blocks += [pivot(caption, "Part", labelled, metrics), *note_left_out(rest)]
    if not blocks:
        blocks.append(explain_absence(report, _WORDS))
    return Section("performance-overall", "Overall", tuple(blocks))


def _build_by_group(attribute: str, items: Sequence[Measurement]) -> Section:
    metrics, rest = choose_metrics(items, PREFERRED, _COLUMNS)
    blocks: list[Block] = []
    for part in list_parts(items):
        mine = [item for item in items if item.part == part]
        groups = group_items(mine, lambda item: item.group)
        rows = [(plain_text(group), own) for group, own in groups.items() if group is not None]
        rows.sort(key=lambda row: -size_of(row[1]))
        present = [name for name in metrics if any(item.metric == name for item in mine)]
        title = f"Performance {lower(title_attribute(attribute))}, largest group first"
        title += f", {plain_text(part.text)}" if part else ""
        caption = join_words(title, note_intervals(mine))
        drawn = next((name for name in present if name != "count"), None)
        blocks.append(pivot(caption, "Group", rows, present, bars=drawn))
    blocks += note_left_out(rest)
    return Section(f"performance-{attribute}", title_attribute(attribute), tuple(blocks))
