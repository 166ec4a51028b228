"""Whether recourse is equally hard for every group, and rows made rows of another group."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.words.words import describe
from audits.findings import FLIP_NOTE, render_flip, render_recourse_gap
from model_cards.card import Block, Bullets, Form, Inline, Line, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import (
    describe_check,
    join_words,
    note_intervals,
    pivot,
    split_by_attribute,
)

BURDEN_CHECK = "recourse.fairness"
FLIP_CHECK = "fairness.counterfactual"

_GROUPS = ("recourse_rows", "recourse_within_effort", "recourse_median_cost")
_COMPARED = ("recourse_dearer", "recourse_cost_shift", "recourse_within_effort_difference")
_PARTS = ("recourse_mean_cost_difference", "recourse_change_share_difference")
_FLIPS = ("flip_gained_share", "flip_lost_share", "flip_score_change")
_INTRO = (
    "Of two rejected people, one of each group, whose cheapest allowed change costs more? A person "
    "without any counts as having the costlier one. A cost of 1 is one typical step in one column."
)


def build_burden(report: AuditReport) -> Section | None:
    """Return how groups compare in what recourse costs; None where no such check was made."""
    outcome = next((one for one in report.checks if one.code == BURDEN_CHECK), None)
    items = [item for item in report.measurements if item.check == BURDEN_CHECK]
    title = "Is recourse equally hard for everyone?"
    if outcome is None:
        return None
    if outcome.status is not CheckStatus.MEASURED:
        return Section("burden", title, (Bullets(((Text(describe_check(outcome)),),)),))
    effort = [item for item in items if item.metric == "recourse_effort"]
    said: Line = (
        (Text("Compared at an effort of "), make_number(effort[0], Form.VALUE),
         Text(" typical steps."))
        if effort
        else (Text("No effort was chosen."),)
    )  # fmt: skip
    children = split_by_attribute(
        "burden", items, lambda mine: _build_attribute(mine, effort[0] if effort else None)
    )
    return Section("burden", title, (Paragraph(said, note=True),), children, _INTRO)


def _build_attribute(items: Sequence[Measurement], effort: Measurement | None) -> tuple[Block, ...]:
    compared = [item for item in items if item.metric == "recourse_dearer"]
    sentences = [_tell(items, item, effort) for item in compared]
    blocks: list[Block] = [Paragraph((Text(text),)) for text in sentences if text]
    blocks.append(_tabulate("Each group by itself", items, _GROUPS))
    if compared:
        caption = f"Against {plain_text(compared[0].reference_group or '')}"
        blocks.append(_tabulate(caption, items, _COMPARED, Form.TEST))
    for item in compared:
        mine = [part for part in items if part.group == item.group and part.part is not None]
        if mine:
            blocks.append(_tabulate_columns(item, mine))
    return tuple(blocks)


def _tell(
    items: Sequence[Measurement], costlier: Measurement, effort: Measurement | None
) -> str | None:
    def find(metric: str, group: str | None) -> Measurement | None:
        return next(
            (i for i in items if i.metric == metric and i.group == group and i.part is None), None
        )

    within = (
        find("recourse_within_effort", costlier.group),
        find("recourse_within_effort", costlier.reference_group),
    )
    parts = [
        item for item in items
        if item.metric == "recourse_mean_cost_difference"
        and item.group == costlier.group
        and item.part is not None
    ]  # fmt: skip
    shift = find("recourse_cost_shift", costlier.group)
    return render_recourse_gap(costlier, shift, effort, within, parts)


def _tabulate(
    caption: str, items: Sequence[Measurement], metrics: Sequence[str], form: Form = Form.INTERVAL
) -> Table:
    shown = [item for item in items if item.metric in metrics and item.part is None]
    groups = dict.fromkeys(item.group for item in shown)
    rows = [
        (plain_text(group or ""), [item for item in shown if item.group == group])
        for group in groups
    ]
    return pivot(join_words(caption, note_intervals(shown)), "Group", rows, metrics, form=form)


def _tabulate_columns(compared: Measurement, parts: Sequence[Measurement]) -> Table:
    names = dict.fromkeys(item.part for item in parts)
    rows = [
        (
            plain_text(name.name if name else ""),
            [item for item in parts if item.part == name],
        )
        for name in names
    ]
    group, reference = (
        plain_text(name or "") for name in (compared.group, compared.reference_group)
    )
    caption = join_words(
        f"Through which columns {group} pays more than {reference}, among those with recourse",
        note_intervals(parts),
    )
    return pivot(caption, "Column", rows, _PARTS, form=Form.TEST)


def build_flips(report: AuditReport) -> list[Section]:
    """Return the section on rows made rows of another group; nothing where no such check was
    made, or where it does not apply."""
    items = [item for item in report.measurements if item.check == FLIP_CHECK]
    if not items:
        return []
    note = Paragraph((Text(FLIP_NOTE),), note=True)
    children = split_by_attribute("flips", items, _build_flipped)
    return [Section("flips", "The same row in another group", (note,), children)]


def _build_flipped(items: list[Measurement]) -> tuple[Block, ...]:
    whole = [item for item in items if item.group is None]
    told = [render_flip(item) for item in whole]
    blocks: list[Block] = [Paragraph((Text(text),)) for text in told if text]
    blocks += [
        Paragraph((Text(f"Not asked: {plain_text(item.unavailable.reason)}."),))
        for item in whole
        if item.unavailable is not None
    ]
    ways = dict.fromkeys((item.group, item.part) for item in items if item.group is not None)
    if ways:
        metrics = [name for name in _FLIPS if any(item.metric == name for item in items)]
        rows: list[tuple[Inline, ...]] = []
        for group, other in ways:
            mine = {i.metric: i for i in items if (i.group, i.part) == (group, other)}
            cells: list[Inline] = [
                Text(f"{plain_text(group or '')} {plain_text(other.text if other else '')}")
            ]
            rows.append((*cells, *(make_number(mine[name]) for name in metrics)))
        heads = ("Group", *(describe(name).title for name in metrics))
        caption = join_words("Rows made rows of another group", note_intervals(items))
        blocks.append(Table(caption, heads, tuple(rows)))
    return tuple(blocks)
