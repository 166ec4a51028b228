"""What was audited: the model's file and the data."""

from __future__ import annotations

from audits.core.format import lower, plain_text
from audits.core.report.measurement import Measurement, is_significant
from audits.core.report.report import AuditReport
from audits.core.words.metrics import describe
from model_cards.card import Block, Fact, Form, Inline, Line, Pairs, Paragraph, Section, Table, Text
from model_cards.numbers import make_fact, make_number
from model_cards.sections.tables import (
    DATA_CHECKS,
    explain_absence,
    is_performance,
    join_words,
    list_attributes,
    note_intervals,
    pivot,
    size_of,
    title_attribute,
)

_TASKS = {
    "binary": "Binary: each row gets the favourable outcome or not",
    "multiclass": "Multiclass: each row gets one of several classes",
    "regression": "Regression: each row gets a number",
}

_SHOWN = (
    "repeated_rows", "constant_columns", "duplicate_columns", "identifier_columns",
    "reference_overlap", "reference_overlap_expected", "reference_overlap_excess",
    "strongest_column_auc", "typical_column_auc",
)  # fmt: skip
_MAX_LISTED = 20


def build_model(report: AuditReport) -> Section:
    """Return the model's details, or that decisions were audited without a model."""
    subject = report.subject
    rows: list[tuple[str, Line]] = [
        ("Name", (make_fact(report, "subject.name"),)),
        ("Kind of prediction", (Text(_TASKS[subject.task]),)),
    ]
    if subject.model is None:
        rows.append(("Model", (Text("none: decisions were audited as they stand in the data"),)))
    else:
        rows += [
            ("Format", (make_fact(report, "subject.model.format"),)),
            ("File", (make_fact(report, "subject.model.path", code=True),)),
            ("sha256", (make_fact(report, "subject.model.sha256", code=True),)),
            ("Input columns", (make_fact(report, "subject.model.n_features"),)),
        ]
        if subject.model.classes:
            rows.append(("Classes", (make_fact(report, "subject.model.classes"),)))
        threshold = _find_threshold(report)
        if threshold is not None:
            rows.append(("Selected from a score of", (threshold,)))
    title = "Model details" if subject.model is not None else "What was audited"
    return Section("model", title, (Pairs(tuple(rows)),))


def _find_threshold(report: AuditReport) -> Fact | None:
    model = report.spec.effective.get("model")
    if report.subject.task != "binary" or not isinstance(model, dict) or "threshold" not in model:
        return None
    return make_fact(report, "spec.effective.model.threshold")


def build_data(report: AuditReport) -> Section:
    """Return the data's details and the size of each group."""
    blocks: list[Block] = [Pairs(tuple(_describe_data(report, "data")))]
    if report.subject.reference is not None:
        reference = Section(
            "reference-data",
            "Reference data",
            (Pairs(tuple(_describe_data(report, "reference"))),),
            intro="What the audited data is compared with, such as the model's training data.",
        )
    groups = _build_groups(report)
    children = [groups, *([] if report.subject.reference is None else [reference])]
    quality = build_quality(report)
    children += [quality] if quality else []
    return Section("data", "Data", tuple(blocks), tuple(children))


def _describe_data(report: AuditReport, which: str) -> list[tuple[str, Line]]:
    data = report.subject.data if which == "data" else report.subject.reference
    path = f"subject.{which}"
    rows: list[tuple[str, Line]] = [
        ("Source", (make_fact(report, f"{path}.source", code=True),)),
        ("sha256", (make_fact(report, f"{path}.sha256", code=True),)),
        ("Rows", (make_fact(report, f"{path}.rows"),)),
        ("Columns", (make_fact(report, f"{path}.columns"),)),
    ]
    if data is None or data.target is None:
        rows.append(("True outcome", (Text("none in the data"),)))
    else:
        rows.append(("True outcome", (make_fact(report, f"{path}.target"),)))
    if data is not None and data.positive is not None:
        rows.append(("Favourable value", (make_fact(report, f"{path}.positive"),)))
    if data is not None and data.protected:
        rows.append(("Protected attributes", (make_fact(report, f"{path}.protected"),)))
    return rows


def _build_groups(report: AuditReport) -> Section:
    counts = [
        item
        for item in report.measurements
        if is_performance(item)
        and item.metric in ("count", "prevalence")
        and item.group is not None
        and item.part is None
    ]
    blocks: list[Block] = []
    for attribute in list_attributes(counts):
        mine = [item for item in counts if item.attribute == attribute]
        rows = [
            (plain_text(group), [item for item in mine if item.group == group])
            for group in dict.fromkeys(item.group for item in mine if item.group is not None)
        ]
        rows.sort(key=lambda row: -size_of(row[1]))
        metrics = [name for name in ("count", "prevalence") if any(i.metric == name for i in mine)]
        caption = join_words(f"Groups {lower(title_attribute(attribute))}", note_intervals(mine))
        blocks.append(pivot(caption, "Group", rows, metrics, bars="count"))
    if not blocks:
        blocks.append(explain_absence(report, ("data", "profile", "group", "perform")))
    else:
        text = "Largest first. A number about a small group is uncertain, however it looks."
        blocks.insert(0, Paragraph((Text(text),), note=True))
    return Section("groups", "Groups in the data", tuple(blocks))


# What was looked for in the data: repeated rows, columns that give the outcome away, values that
# are missing more often for one group.


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
