"""What the card's numbers cannot say: what people know of it, and what the report shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.words.words import (
    ANCHORS_CHECK,
    EFFECTS_CHECK,
    PERMUTATION_CHECK,
    describe,
    list_words,
    lower,
)
from model_cards.card import Block, Bullets, Inline, Line, Paragraph, Section, Text
from model_cards.human import make_human_section
from model_cards.numbers import make_fact, make_number
from model_cards.sections.fairness import describe_insufficient
from model_cards.sections.tables import (
    UNKNOWN_GROUP,
    describe_check,
    full,
    is_explanation,
    is_recourse,
)

_SAMPLED_APART = {
    EFFECTS_CHECK: "Effects of single columns",
    PERMUTATION_CHECK: "What is lost without a column",
}
"""Checks that draw rows of their own, by what the card calls their numbers."""


def build_limitations(report: AuditReport, human: Mapping[str, str]) -> Section:
    """Return the makers' own limitations and those that follow from the report."""
    found = Section("limitations-found", "Limitations of this audit", tuple(_build_found(report)))
    return Section("limits", "Limitations", (), (make_human_section("limitations", human), found))


def _build_found(report: AuditReport) -> list[Block]:
    parts: list[tuple[str, Bullets | None]] = [
        ("Too little data to judge:", describe_insufficient(report)),
        ("Numbers that could not be measured:", _bullets(_describe_unavailable(report))),
        ("Rows whose group is not known:", _bullets(_describe_unknown(report))),
        ("Parts of the data that were used:", _bullets(_describe_sampled(report))),
        ("Checks that gave no number:", _bullets(_describe_checks(report))),
        ("What else to keep in mind:", _bullets(_describe_missing_inputs(report))),
    ]
    blocks: list[Block] = []
    for title, bullets in parts:
        if bullets is not None:
            blocks += [Paragraph((Text(title),)), bullets]
    text = "The numbers describe the audited data only, as it was when it was read."
    blocks.append(Paragraph((Text(text),)))
    return blocks


def _bullets(lines: Iterable[Line]) -> Bullets | None:
    items = tuple(lines)
    return Bullets(items) if items else None


def _describe_unavailable(report: AuditReport) -> list[Line]:
    """Return one line for each group without numbers: which metrics, and why.

    A gap is left out where its group is listed already: it lacks a number for that reason.
    """
    missing = [item for item in report.measurements if item.unavailable is not None]
    groups = {(item.attribute, item.group) for item in missing if item.reference_group is None}
    scopes: dict[str, dict[str, list[Measurement]]] = {}
    for item in missing:
        if item.reference_group is None or (item.attribute, item.group) not in groups:
            reasons = scopes.setdefault(_name_scope(item), {})
            reasons.setdefault(make_number(item).text, []).append(item)
    return [_describe_scope(scope, list(reasons.values())) for scope, reasons in scopes.items()]


def _describe_scope(scope: str, reasons: list[list[Measurement]]) -> Line:
    line: list[Inline] = [Text(f"{scope}: ")]
    for items in reasons:
        metrics = dict.fromkeys(lower(describe(item.metric).title) for item in items)
        lead = "; " if len(line) > 1 else ""
        line += [Text(f"{lead}{list_words(list(metrics))} "), make_number(items[0])]
    return (*line, Text("."))


def _name_scope(item: Measurement) -> str:
    if item.attribute is None:
        return plain_text(item.part_text) if item.part else "All rows"
    name = plain_text(item.attribute)
    if item.group is None:
        return name
    against = f" against {plain_text(item.reference_group)}" if item.reference_group else ""
    return f"{plain_text(item.group)}{against} ({name})"


def _describe_unknown(report: AuditReport) -> list[Line]:
    """Return one line for each attribute with rows that have no value."""
    return [
        (
            Text(f"{plain_text(item.attribute or '')}: "),
            make_number(item),
            Text(f" rows have no value. They are shown as the group “{UNKNOWN_GROUP}”."),
        )
        for item in report.find("count", group=UNKNOWN_GROUP, part=None)
        if item.value
    ]


def _describe_sampled(report: AuditReport) -> list[Line]:
    """Return what rests on fewer rows than the data has."""
    lines: list[Line] = []
    rows = report.subject.data.rows
    explained = [item for item in report.measurements if is_explanation(item)]
    apart = (*_SAMPLED_APART, ANCHORS_CHECK)  # a rule is one row's, and rests on no sample
    kinds = {"Explanations": [item for item in explained if item.check not in apart]}
    for check, what in _SAMPLED_APART.items():
        kinds[what] = [item for item in explained if item.check == check]
    for what, items in kinds.items():
        sampled = _find_sampled(items, rows)
        if sampled is not None:
            lines.append(_describe_sample(report, what, sampled))
    sampled = _find_sampled(report.find("recourse_share", attribute=None), rows)
    if sampled is not None:
        limit = report.spec.effective.get("recourse")
        line: list[Inline] = [
            Text("Recourse was sought for some of the rows only: "),
            full(sampled),
        ]
        if isinstance(limit, dict) and "rows" in limit:
            line += [Text("; at most "), make_fact(report, "spec.effective.recourse.rows")]
            line.append(Text(" rejected rows, as set"))
        lines.append((*line, Text(".")))
    return lines


def _find_sampled(items: Iterable[Measurement], rows: int) -> Measurement | None:
    for item in items:
        if item.attribute is None and item.estimate is not None and item.estimate.n < rows:
            return item
    return None


def _describe_sample(report: AuditReport, what: str, item: Measurement) -> Line:
    return (
        Text(f"{what} rest on a part of the "),
        make_fact(report, "subject.data.rows"),
        Text(" rows, drawn with the seed "),
        make_fact(report, "run.seed", code=True),
        Text(": "),
        full(item),
        Text("."),
    )


def _describe_checks(report: AuditReport) -> list[Line]:
    return [
        (Text(describe_check(c)),) for c in report.checks if c.status is not CheckStatus.MEASURED
    ]


def _describe_missing_inputs(report: AuditReport) -> list[Line]:
    subject = report.subject
    lines: list[Line] = []
    if subject.data.target is None:
        lines.append(
            (Text("There is no true outcome, so nothing says how often decisions are right."),)
        )
    if subject.model is None:
        lines.append(
            (Text("Decisions were audited without a model, so they could not be explained."),)
        )
    if subject.reference is None:
        lines.append((Text("There is no reference data, so nothing says how the data has moved."),))
    if not subject.data.protected:
        lines.append((Text("There is no protected attribute, so no groups were compared."),))
    if any(is_recourse(item) for item in report.measurements):
        lines.append((Text("Recourse shows what the model accepts, not what a person can do."),))
    return lines
