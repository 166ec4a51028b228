"""How well the model does: overall, and for each group by itself."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import lower, plain_text
from audits.core.report.codes import SLICES_CHECK
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.words.metrics import SUMMARIES, base_metric, describe
from model_cards.card import Block, Bullets, Form, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import (
    choose_metrics,
    describe_check,
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
    split_by_attribute,
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

CLASS_COLUMNS = ("prevalence", "selection_rate", "true_positive_rate", "positive_predictive_value",
           "roc_auc")  # fmt: skip
CLASS_GAPS = ("demographic_parity_difference", "equal_opportunity_difference",
        "equalized_odds_difference", "predictive_parity_difference")  # fmt: skip
_INTRO = (
    "Each class is taken as the favourable outcome in turn, and all others together as the other "
    "outcome. The numbers of single groups are in the report."
)

_SLICES_INTRO = (
    "Found by a search over all columns on one half of the rows, measured against all other rows "
    "on the other half; p-values are adjusted (Holm) over everything that was measured."
)


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


# Each class of a multiclass model against all others.


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
    children = split_by_attribute("classes", gaps, lambda mine: _tabulate_classes(mine, CLASS_GAPS))
    blocks = _tabulate_classes(whole, CLASS_COLUMNS)
    return [Section("classes", "Each class against all others", blocks, children, _INTRO)]


def _tabulate_classes(items: Sequence[Measurement], columns: tuple[str, ...]) -> tuple[Block, ...]:
    shown = [item for item in items if item.metric in columns]
    rows = [
        (plain_text(name.name), [item for item in shown if item.part == name])
        for name in list_parts(shown)
        if name is not None
    ]
    caption = join_words("By class", note_intervals(shown))
    return (pivot(caption, "Class", rows, columns),)


# Where the model does worst: parts of the data, by any columns, against the rest.


def build_slices(report: AuditReport) -> Section | None:
    """Return the worst slices by what they are worse at; None where no such check was made."""
    outcome = next((one for one in report.checks if one.code == SLICES_CHECK), None)
    if outcome is None:
        return None
    title = name_slices(report)
    if outcome.status is not CheckStatus.MEASURED:
        return Section("slices", title, (Bullets(((Text(describe_check(outcome)),),)),))
    items = [
        item for item in report.measurements if item.check == SLICES_CHECK and item.part is not None
    ]
    counts = {item.part: item for item in items if item.metric == "count"}
    gaps = [item for item in items if item.metric != "count"]
    blocks: list[Block] = [_describe_search(report, found=bool(gaps))]
    for metric in dict.fromkeys(item.metric for item in gaps):
        blocks.append(_tabulate_slices([item for item in gaps if item.metric == metric], counts))
    return Section("slices", title, tuple(blocks), (), _SLICES_INTRO)


def name_slices(report: AuditReport) -> str:
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


def _tabulate_slices(items: Sequence[Measurement], counts: dict[Part | None, Measurement]) -> Table:
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
