"""What differs between groups, and what the policy concluded from it."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import format_value, plain_text
from audits.core.measurement import Measurement
from audits.core.report import AuditReport
from audits.core.verdict import SEVERITY, Status, Verdict
from audits.core.words import SUMMARIES, base_metric, describe, lower
from model_cards.card import (
    Block,
    Bullets,
    Form,
    Inline,
    Line,
    Paragraph,
    Section,
    Table,
    Text,
    VerdictLine,
    Verdicts,
)
from model_cards.numbers import make_number
from model_cards.sections.burden import build_flips
from model_cards.sections.conditional import build_conditional
from model_cards.sections.interventions import build_interventions
from model_cards.sections.proxies import build_proxies
from model_cards.sections.rules import build_adverse_impact, build_local_law_144
from model_cards.sections.tables import (
    choose_metrics,
    explain_absence,
    group_items,
    is_disparity,
    join_words,
    list_attributes,
    list_slices,
    note_intervals,
    note_left_out,
    pivot,
    title_attribute,
)

PREFERRED = (
    "impact_ratio",
    "selection_rate_ratio",
    "selection_rate_difference",
    "true_positive_rate_difference",
    "false_positive_rate_difference",
    "positive_predictive_value_difference",
    "accuracy_difference",
    "mean_residual_difference",
    "mean_absolute_error_difference",
)
_COLUMNS = 6


def build_fairness(report: AuditReport) -> Section:
    """Return the verdicts, adverse impact, the gaps for each attribute and intersection, and the
    tables of a law that asks for them."""
    items = [item for item in report.measurements if is_disparity(item)]
    impact = build_adverse_impact(report)
    children = [_build_verdicts(report), *([impact] if impact else [])]
    children += [
        _build_attribute(report, attribute, [item for item in items if item.attribute == attribute])
        for attribute in list_attributes(items)
    ]
    children += build_conditional(report)
    children += build_flips(report)
    children += build_proxies(report)
    law = build_local_law_144(report)
    children += [law] if law else []
    children += build_interventions(report)
    words = ("fair", "dispar", "parity", "impact", "group")
    blocks: tuple[Block, ...] = () if items else (explain_absence(report, words),)
    intro = (
        "A gap is measured against a reference group. A gap whose interval includes "
        "“no difference” is one that noise alone may explain."
    )
    return Section("fairness", "Fairness", blocks, tuple(children), intro if items else "")


def sort_verdicts(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return verdicts worst first, within a status in the policy's order."""
    return sorted(verdicts, key=lambda verdict: SEVERITY.index(verdict.status))


def make_verdict_line(report: AuditReport, verdict: Verdict) -> VerdictLine:
    """Return a verdict with the number that it judged."""
    measurement = report.by_id[verdict.measurement]
    limit = verdict.threshold
    return VerdictLine(
        status=verdict.status,
        sentence=plain_text(verdict.reason),
        rule=verdict.rule,
        number=make_number(measurement, Form.FULL),
        limit="" if limit is None else format_value(limit, measurement.unit),
    )


def _build_verdicts(report: AuditReport) -> Section:
    lines = tuple(make_verdict_line(report, item) for item in sort_verdicts(report.verdicts))
    block: Block = Verdicts(lines)
    if not lines:
        block = Paragraph((Text("The policy judged nothing: no rule applies to these numbers."),))
    return Section("verdicts", "What the policy concluded", (block,))


def _build_attribute(report: AuditReport, attribute: str, items: Sequence[Measurement]) -> Section:
    summaries = [item for item in items if item.metric in SUMMARIES or item.group is None]
    pairs = [item for item in items if item.metric not in SUMMARIES and item.group is not None]
    blocks: list[Block] = []
    sentence = _tell_widest_gap(report, pairs)
    if sentence:
        blocks.append(Paragraph(sentence))
    if summaries:
        blocks.append(_tabulate_summaries(summaries))
    metrics, rest = choose_metrics(pairs, PREFERRED, _COLUMNS)
    for part in list_slices(pairs):
        mine = [item for item in pairs if item.slice == part]
        blocks.append(_tabulate_pairs(mine, metrics, part))
    blocks += note_left_out(rest)
    return Section(f"fairness-{attribute}", title_attribute(attribute), tuple(blocks))


def _tabulate_summaries(items: Sequence[Measurement]) -> Table:
    rows: list[tuple[Inline, ...]] = []
    for item in items:
        word = describe(item.metric)
        between = " and ".join(plain_text(g) for g in (item.group, item.reference_group) if g)
        part = f" ({plain_text(item.slice)})" if item.slice else ""
        rows.append(
            (
                Text(word.title + part),
                make_number(item, Form.TEST),
                Text(between or "all groups"),
                Text(word.meaning or "See the check that measured it."),
            )
        )
    caption = join_words("Over all groups", note_intervals(items))
    return Table(caption, ("Metric", "Value", "Between", "What it says"), tuple(rows))


def _tabulate_pairs(
    items: Sequence[Measurement], metrics: Sequence[str], part: str | None
) -> Table:
    present = [name for name in metrics if any(item.metric == name for item in items)]
    keys = group_items(items, lambda item: (item.group, item.reference_group))
    rows: list[tuple[str, list[Measurement]]] = []
    references = {reference for _, reference in keys}
    shared = next(iter(references)) if len(references) == 1 else None
    for (group, reference), mine in keys.items():
        label = plain_text(group or "")
        if reference is not None and shared is None:
            label += f" against {plain_text(reference)}"
        rows.append((label, mine))
    rows.sort(key=lambda row: -max((_gap(i) for i in row[1] if i.metric == present[0]), default=-1))
    against = "its reference" if shared is None else plain_text(shared)
    caption = f"Each group against {against}, widest gap first"
    caption += f", {plain_text(part)}" if part else ""
    caption = join_words(caption, note_intervals(items))
    origin = 1.0 if present[0].endswith("_ratio") else 0.0
    return pivot(caption, "Group", rows, present, form=Form.TEST, bars=present[0], origin=origin)


def _gap(item: Measurement) -> float:
    """Return how far a measurement is from "no difference"; -1 where there is no number."""
    if item.value is None:
        return -1.0
    return abs(item.value - (1.0 if item.unit == "ratio" else 0.0))


def _tell_widest_gap(report: AuditReport, pairs: Sequence[Measurement]) -> Line:
    """Return a sentence on the widest gap of the first preferred difference, () without one."""
    ranked = [name for name in PREFERRED if name.endswith("_difference")]
    for metric in ranked:
        found = [
            item
            for item in pairs
            if item.metric == metric
            and item.slice is None
            and item.estimate is not None
            and item.group is not None
            and item.reference_group is not None
        ]
        if found:
            return _tell_gap(report, max(found, key=_gap))
    return ()


def _tell_gap(report: AuditReport, item: Measurement) -> Line:
    group, reference = plain_text(item.group or ""), plain_text(item.reference_group or "")
    base = base_metric(item.metric)
    title = lower(describe(base).title)
    line: list[Inline] = [Text(f"Widest gap in {title}: {group} against {reference}, ")]
    values = [
        report.find(base, attribute=item.attribute, group=name, reference_group=None, slice=None)
        for name in (item.group, item.reference_group)
    ]
    if all(values):
        line += [
            make_number(values[0][0], Form.VALUE),
            Text(" against "),
            make_number(values[1][0], Form.VALUE),
            Text(", "),
        ]
    line += [Text("a gap of "), make_number(item, Form.FULL), Text(".")]
    estimate = item.estimate
    if estimate is not None and estimate.low <= 0 <= estimate.high:
        line.append(Text(" The interval includes no gap at all, so noise alone may explain it."))
    return tuple(line)


def list_findings(report: AuditReport) -> Block | None:
    """Return the verdicts that need attention, worst first and at most five, or None."""
    bad = [v for v in sort_verdicts(report.verdicts) if v.status in (Status.FAIL, Status.WARN)]
    if not bad:
        return None
    return Verdicts(tuple(make_verdict_line(report, verdict) for verdict in bad[:5]))


def tell_insufficient(report: AuditReport) -> Bullets | None:
    """Return what the policy could not judge for want of data, or None."""
    lines: list[Line] = [
        (Text(plain_text(verdict.reason) + " "), make_number(report.by_id[verdict.measurement]))
        for verdict in report.verdicts
        if verdict.status is Status.INSUFFICIENT
    ]
    return Bullets(tuple(lines)) if lines else None
