"""What differs between groups, and what the policy concluded from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from audits.core.format import format_count, format_p, format_value, plain_text
from audits.core.limits import ALPHA
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.parts import Part
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Status, Verdict
from audits.core.words.words import SUMMARIES, describe, list_words, lower
from audits.findings import (
    Finding,
    describe_waiver,
    find_adjusted,
    get_min_rows,
    list_findings as list_every_finding,
    list_trees,
    render_doubt,
    render_finding_sentence,
)
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
from model_cards.numbers import adjust_tests, make_number
from model_cards.sections.conditional import build_conditional
from model_cards.sections.explained.burden import build_flips
from model_cards.sections.explained.proxies import build_proxies
from model_cards.sections.interventions import build_interventions
from model_cards.sections.rules import build_adverse_impact, build_local_law_144
from model_cards.sections.tables import (
    choose_metrics,
    explain_absence,
    group_items,
    is_disparity,
    join_words,
    list_attributes,
    list_parts,
    note_intervals,
    note_left_out,
    note_tests,
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
_GAP_BASES = (
    "selection_rate", "true_positive_rate", "accuracy", "mean_residual", "mean_absolute_error",
)  # fmt: skip
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
        "A gap is measured against a reference group; findings set groups against those that are "
        "better off. A gap whose interval includes “no difference” is no finding."
    )
    return Section("fairness", "Fairness", blocks, tuple(children), intro if items else "")


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


def make_finding_line(
    report: AuditReport, finding: Finding, under: Sequence[Finding] = ()
) -> VerdictLine:
    """Return a finding with its leading number, and who is told under it."""
    sentence = f"{render_finding_sentence(report, finding)}."
    if waiver := describe_waiver(finding):
        sentence += f" {waiver}"
    # Groups of which nothing is sure stand together: they are no part of what this explains.
    told = [plain_text(item.group) for item in under if item.group is not None]
    if told:
        names = list_words(list(dict.fromkeys(told)), 6)
        sentence += f" Not surely worse than this explains: {names}."
    verdict = next(
        v
        for v in report.verdicts
        if v.rule == finding.rule and v.measurement == finding.measurement
    )
    return replace(make_verdict_line(report, verdict), sentence=sentence)


def _build_verdicts(report: AuditReport) -> Section:
    """Return the findings with those that they explain, then what passed or does not apply."""
    lines = [
        make_finding_line(report, item)
        for leading, under in list_trees(report)
        for item in (leading, *under)
    ]
    lines += [
        make_verdict_line(report, verdict)
        for status in (Status.PASS, Status.NOT_APPLICABLE)
        for verdict in report.verdicts
        if verdict.status is status
    ]
    block: Block = Verdicts(tuple(lines))
    if not lines:
        block = Paragraph((Text("The policy judged nothing: no rule applies to these numbers."),))
    return Section("verdicts", "What the policy concluded", (block,))


def _build_attribute(report: AuditReport, attribute: str, items: Sequence[Measurement]) -> Section:
    summaries = [item for item in items if item.metric in SUMMARIES or item.group is None]
    pairs = [item for item in items if item.metric not in SUMMARIES and item.group is not None]
    blocks: list[Block] = []
    sentence = _describe_widest_gap(report, attribute)
    if sentence:
        blocks.append(Paragraph(sentence))
    if summaries:
        blocks.append(_tabulate_summaries(summaries))
    metrics, rest = choose_metrics(pairs, PREFERRED, _COLUMNS)
    for part in list_parts(pairs):
        mine = [item for item in pairs if item.part == part]
        blocks.append(_tabulate_pairs(mine, metrics, part))
    blocks += note_left_out(rest)
    return Section(f"fairness-{attribute}", title_attribute(attribute), tuple(blocks))


def _tabulate_summaries(items: Sequence[Measurement]) -> Table:
    rows: list[tuple[Inline, ...]] = []
    for item in items:
        word = describe(item.metric)
        between = " and ".join(plain_text(g) for g in (item.group, item.reference_group) if g)
        part = f" ({plain_text(item.part_text)})" if item.part else ""
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
    items: Sequence[Measurement], metrics: Sequence[str], part: Part | None
) -> Table:
    present = [name for name in metrics if any(item.metric == name for item in items)]
    tested = adjust_tests(items)
    items = [tested.get(item.id, item) for item in items]
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
    caption += f", {plain_text(part.text)}" if part else ""
    caption = join_words(caption, note_intervals(items), note_tests(items))
    origin = 1.0 if present[0].endswith("_ratio") else 0.0
    return pivot(caption, "Group", rows, present, form=Form.TEST, bars=present[0], origin=origin)


def _gap(item: Measurement) -> float:
    """Return how far a measurement is from "no difference"; -1 where there is no number."""
    if item.value is None:
        return -1.0
    return abs(item.value - (1.0 if item.unit == "ratio" else 0.0))


def _describe_widest_gap(report: AuditReport, attribute: str) -> Line:
    """Return a sentence on the widest gap between an attribute's groups, in the first of the
    preferred rates that was compared, () without one.

    Only groups that are large enough to be judged count, each against whomever it is worse off
    than: the widest gap is that of the worst-off and the best-off of them.
    """
    least = get_min_rows(report)
    for base in _GAP_BASES:
        found = [
            item
            for item in report.find(f"{base}_gap", attribute=attribute, part=None)
            if item.estimate is not None
            and all(
                _count_rows(report, base, attribute, name) >= least
                for name in (item.group, item.reference_group)
            )
        ]
        if found:
            return _describe_gap(report, base, max(found, key=lambda item: item.value or 0.0))
    return ()


def _count_rows(report: AuditReport, base: str, attribute: str, group: str | None) -> int:
    own = report.by_id.get(measurement_id(base, attribute, group))
    return 0 if own is None or own.estimate is None else own.estimate.n


def _describe_gap(report: AuditReport, base: str, item: Measurement) -> Line:
    group, reference = plain_text(item.group or ""), plain_text(item.reference_group or "")
    title = lower(describe(base).title)
    line: list[Inline] = [Text(f"Widest gap in {title}: {group} against {reference}, ")]
    values = [
        report.by_id[measurement_id(base, item.attribute, name)]
        for name in (item.group, item.reference_group)
    ]
    line += [
        make_number(values[0], Form.VALUE),
        Text(" against "),
        make_number(values[1], Form.VALUE),
        Text(", a gap of "),
        make_number(item, Form.FULL),
        Text("."),
    ]
    if (doubt := _find_doubt(report, item)) is not None:
        line.append(Text(f" That is {doubt}."))
    return tuple(line)


def _find_doubt(report: AuditReport, item: Measurement) -> str | None:
    """Return why a widest gap is no finding: it was looked for among all."""
    counted = find_adjusted(report, item)
    if (doubt := render_doubt(item)) is not None or counted is None or counted[0] < ALPHA:
        return doubt
    p_value, comparisons = counted
    return (
        f"not significant after counting all {format_count(comparisons)} comparisons "
        f"({format_p(p_value)}; alone {format_p(item.p_value or 0.0)})"
    )


def list_findings(report: AuditReport) -> Block | None:
    """Return the findings that stand alone and need attention, in the one order of every page and
    report and at most five, or None."""
    bad = [
        (leading, under)
        for leading, under in list_trees(report)
        if leading.status in (Status.FAIL, Status.WARN)
    ]
    if not bad:
        return None
    return Verdicts(tuple(make_finding_line(report, *tree) for tree in bad[:5]))


def describe_insufficient(report: AuditReport) -> Bullets | None:
    """Return what the policy could not judge for want of data, or None."""
    lines: list[Line] = [
        (Text(f"{render_finding_sentence(report, item)}."),)
        for item in list_every_finding(report)
        if item.status is Status.INSUFFICIENT
    ]
    return Bullets(tuple(lines)) if lines else None
