"""Which columns move the model's output, and how far the attributions can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audits.core.format import lower, plain_text
from audits.core.report.codes import TRUST_CHECK
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.core.report.report import AuditReport
from audits.core.words.metrics import describe
from audits.findings import (
    Explained,
    list_explained,
    list_tested,
    name_column,
    render_error_driver,
    render_group_push,
)
from model_cards.card import Block, Form, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.explained.trust import build_trust
from model_cards.sections.tables import (
    explain_absence,
    full,
    is_explanation,
    join_words,
    list_attributes,
    note_intervals,
    title_attribute,
)

_TOP = 15
_TOP_BY_GROUP = 8
_GROUPS = 6
_SENTENCES = 3
_LOST = "permutation_"
_CURVES = ("partial_dependence_range", "accumulated_effect_range")

ERRORS_CHECK = "explain.errors"
_TOP_OF_ERRORS = 10
_MEAN, _WRONG = "mean_loss_attribution", "mean_loss_attribution_wrong"

_TOP_OF_GAP = 5


def build_explanations(report: AuditReport) -> Section:
    """Return the top features, by group where measured, and the attributions' errors."""
    items = [
        item for item in report.measurements if is_explanation(item) and item.check != ERRORS_CHECK
    ]
    if not items:
        words = ("expl", "attribut", "shap", "gradient")
        return Section("explanations", "Explanations", (explain_absence(report, words),))
    features = [item for item in items if item.is_of(PartKind.FEATURE)]
    blocks: list[Block] = []
    whole = [item for item in features if item.attribute is None]
    if whole:
        blocks += _build_top(_choose_shown(whole))
    blocks += [
        _describe_error(item)
        for item in items
        if item not in features and item.attribute is None and item.check != TRUST_CHECK
    ]
    moves = [item for item in features if item.metric == "mean_absolute_attribution"]
    children = (
        *build_trust(report),
        *(
            _build_by_group(report, attribute, [i for i in moves if i.attribute == attribute])
            for attribute in list_attributes(moves)
        ),
        *build_gaps(report),
        *build_errors(report),
    )
    intro = (
        "An attribution says how far one column moved one row's output from the model's "
        "average. It describes the model, not what causes what in the world."
    )
    return Section("explanations", "Explanations", tuple(blocks), children, intro)


def _choose_shown(items: Sequence[Measurement]) -> list[Measurement]:
    """Leave out the ranges of single columns' effects, and all ways to measure what is lost
    without a column but the first."""
    lost = next((i.metric for i in items if i.metric.startswith(_LOST)), None)
    return [
        item
        for item in items
        if item.metric not in _CURVES and (item.metric == lost or not item.metric.startswith(_LOST))
    ]


def _build_top(items: Sequence[Measurement]) -> list[Block]:
    ranked = sorted(items, key=_strength)
    metrics = list(dict.fromkeys(item.metric for item in items))
    blocks: list[Block] = []
    for metric in metrics:
        mine = [item for item in ranked if item.metric == metric]
        rows: list[tuple[Inline, ...]] = [
            (Text(_feature_name(item)), make_number(item)) for item in mine[:_TOP]
        ]
        caption = join_words("Strongest first", note_intervals(mine))
        blocks.append(Table(caption, ("Column", describe(metric).title), tuple(rows), bars=1))
        if len(mine) > _TOP:
            blocks.append(Paragraph((Text("The weaker columns are in the report."),), note=True))
    return blocks


def _describe_error(item: Measurement) -> Block:
    word = describe(item.metric)
    name = word.title
    if item.part or item.attribute:
        inside = ", ".join(plain_text(part) for part in (item.group, item.part_text) if part)
        name += f" ({inside})" if inside else ""
    meaning = f" {word.meaning}" if word.meaning else ""
    return Paragraph((Text(f"{name}: "), full(item), Text(f".{meaning}")))


def _build_by_group(report: AuditReport, attribute: str, items: Sequence[Measurement]) -> Section:
    found = list(dict.fromkeys(item.group for item in items if item.group is not None))
    groups = found[:_GROUPS]
    cells = {(item.part, item.group): item for item in items}
    slices = dict.fromkeys(item.part for item in sorted(items, key=_strength))
    rows: list[tuple[Inline, ...]] = []
    for part in list(slices)[:_TOP_BY_GROUP]:
        row = [cells.get((part, group)) for group in groups]
        numbers: list[Inline] = [
            Text("not reported") if item is None else make_number(item) for item in row
        ]
        rows.append((Text(plain_text(part.name if part else "")), *numbers))
    title = lower(describe(items[0].metric).title)
    caption = join_words(f"{title.capitalize()} by group", note_intervals(items))
    if len(slices) > _TOP_BY_GROUP or len(found) > _GROUPS:
        caption += "; the other columns and groups are in the report"
    columns = ("Column", *(plain_text(group) for group in groups))
    table = Table(caption, columns, tuple(rows))
    told = [*_describe_groups(report, attribute), table]
    return Section(f"explanations-{attribute}", title_attribute(attribute), tuple(told))


def _describe_groups(report: AuditReport, attribute: str) -> list[Block]:
    """Return the largest differences between groups that a test supports, as sentences."""
    gaps = report.find("mean_attribution_difference", attribute=attribute)
    told = [f"{render_group_push(item)}." for item in list_tested(gaps)[:_SENTENCES]]
    if gaps and not told:
        told = ["No column surely moves one group more than another, all comparisons counted."]
    return [Paragraph((Text(sentence),)) for sentence in told]


def _strength(item: Measurement) -> float:
    """Sort key: strongest first, columns without a number last."""
    return -abs(item.value) if item.value is not None else 1.0


def _feature_name(item: Measurement) -> str:
    return plain_text(item.part_name)


# What makes the model err, in the card.


def build_errors(report: AuditReport) -> Iterator[Section]:
    """Yield the section on what each column does to the error, if measured."""
    items = [item for item in report.measurements if item.check == ERRORS_CHECK]
    whole = [item for item in items if item.metric == _MEAN and item.attribute is None]
    if not whole:
        return
    tested = list_tested(whole)
    harmful = [item for item in tested if (item.value or 0.0) > 0]
    told = [f"{render_error_driver(item)}." for item in harmful]
    if not harmful:
        told = ["No column was shown to make predictions worse."]
    blocks: list[Block] = [Paragraph((Text(sentence),)) for sentence in told]
    among = {item.part: item for item in items if item.metric == _WRONG}
    blocks.append(_tabulate_errors(whole, among))
    described = next((e.description for e in report.evidence if "loss_attributions" in e.path), "")
    if described:
        blocks.append(Paragraph((Text(f"{described}."),), note=True))
    intro = (
        "What knowing a column changes in the model's error; below 0 it makes predictions better. "
        "Wrong rows were chosen for being wrong, so that columns that mislead stand out there."
    )
    yield Section("errors", "What makes the model err", tuple(blocks), intro=intro)


def _tabulate_errors(items: list[Measurement], among: dict[Part | None, Measurement]) -> Table:
    ranked = sorted(items, key=lambda item: -abs(item.value or 0.0))[:_TOP_OF_ERRORS]
    rows: list[tuple[Inline, ...]] = [
        (
            Text(name_column(item)),
            make_number(item, Form.TEST),
            make_number(among[item.part], Form.TEST)
            if item.part in among
            else Text("not reported"),
        )
        for item in ranked
    ]
    caption = join_words("Strongest first", note_intervals(ranked), "p-values adjusted by Holm")
    titles = (describe(_MEAN).title, describe(_WRONG).title)
    return Table(caption, ("Column", *titles), tuple(rows))


# What drives a gap: the columns that make it, in the card.


def build_gaps(report: AuditReport) -> Iterator[Section]:
    """Yield one section that says of every gap in selection that is a finding which columns make
    it, if that was measured; a gap that is no finding is not explained."""
    if not any(item.metric == "gap_share" for item in report.measurements):
        return
    blocks = [block for found in list_explained(report) for block in _build_gap(found)]
    intro = (
        "People of two groups are paired and the columns of one taken over by the other, one at a "
        "time, in many orders. What that changes in the decisions is attributed to the columns; "
        "the shares add up to the gap."
    )
    if not blocks:
        blocks = [Paragraph((Text("No gap in selection is a finding, so none is explained."),))]
    yield Section("gap", "What drives the gaps", tuple(blocks), intro=intro)


def _build_gap(found: Explained) -> Iterator[Block]:
    shares, first = found.shares, found.shares[0]
    if found.sentence:
        yield Paragraph((Text(found.sentence),))
    ranked = sorted(shares, key=lambda item: -abs(item.value or 0.0))[:_TOP_OF_GAP]
    rows: list[tuple[Inline, ...]] = [
        (Text(plain_text(item.part_name)), make_number(item)) for item in ranked
    ]
    names = f"{plain_text(first.group or '')} against {plain_text(first.reference_group or '')}"
    caption = join_words(f"{names}, strongest first", note_intervals(ranked))
    yield Table(caption, ("Column", describe("gap_share").title), tuple(rows))
