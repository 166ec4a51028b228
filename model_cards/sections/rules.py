"""Rules that people are held to: adverse impact, and the tables of Local Law 144."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.report import AuditReport
from audits.core.words.clauses import FOUR_FIFTHS, SCORING_TABLES, SELECTION_TABLES, SMALL_NUMBERS
from audits.core.words.metrics import describe
from model_cards.card import Block, Form, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import (
    LEFT_OUT,
    ROW_LIMIT,
    join_words,
    list_attributes,
    note_intervals,
    title_attribute,
)

_BESIDE = (
    "selection_shortfall",
    "selection_rate_z",
    "selection_rate_fisher_p",
    "selection_rate_mid_p",
)
_KINDS = (
    ("selection_rate", "impact_ratio", SELECTION_TABLES.citation),
    ("scoring_rate", "scoring_impact_ratio", SCORING_TABLES.citation),
)


def build_adverse_impact(report: AuditReport) -> Section | None:
    """Return every group against the one selected most often; None where that was not measured."""
    items = [item for item in report.measurements if item.check == "fairness.adverse_impact"]
    ratios = [item for item in items if item.metric == "impact_ratio"]
    if not ratios:
        return None
    blocks: list[Block] = [
        _tabulate_impact(report, [item for item in ratios if item.attribute == attribute])
        for attribute in list_attributes(ratios)
    ]
    note = (
        f"{FOUR_FIFTHS.meaning} {SMALL_NUMBERS.meaning} A group falls short by less than one "
        f"person exactly where that is so. {FOUR_FIFTHS.citation}; {SMALL_NUMBERS.citation}."
    )
    blocks.append(Paragraph((Text(note),), note=True))
    intro = (
        "How often each group is selected, set against the group that is selected most often "
        "among those with at least 2% of the rows. P-values are of single comparisons; the "
        "verdicts adjust them."
    )
    return Section("adverse-impact", "Adverse impact", tuple(blocks), intro=intro)


def _tabulate_impact(report: AuditReport, ratios: Sequence[Measurement]) -> Table:
    first = ratios[0]
    best = first.reference_group or ""
    beside = [name for name in _BESIDE if _beside(report, name, first) is not None]
    ranked = sorted(ratios, key=lambda item: item.value if item.value is not None else 9.0)
    rows: list[tuple[Inline, ...]] = [
        (
            Text(plain_text(best)),
            *_sizes(report, first.attribute, best),
            Text("selected most often"),
            *(Text("") for _ in beside),
        )
    ]
    for item in ranked[: ROW_LIMIT - 1]:
        found = [_beside(report, name, item) for name in beside]
        cells = [Text("not reported") if other is None else make_number(other) for other in found]
        rows.append(
            (
                Text(plain_text(item.group or "")),
                *_sizes(report, item.attribute, item.group),
                make_number(item, Form.TEST),
                *cells,
            )
        )
    caption = f"{title_attribute(first.attribute or '')}, lowest ratio first"
    caption = join_words(caption, note_intervals(ratios))
    caption += LEFT_OUT if len(ranked) >= ROW_LIMIT else ""
    columns = ["Group", "Rows", *(describe(m).title for m in ("selection_rate", "impact_ratio"))]
    columns += [describe(name).title for name in beside]
    return Table(caption, tuple(columns), tuple(rows), bars=3, origin=1.0)


def _sizes(report: AuditReport, attribute: str | None, group: str | None) -> tuple[Inline, ...]:
    """Return a group's number of rows and its selection rate."""
    names = (measurement_id(metric, attribute, group) for metric in ("count", "selection_rate"))
    known = [report.by_id.get(name) for name in names]
    return tuple(Text("not reported") if item is None else make_number(item) for item in known)


def _beside(report: AuditReport, metric: str, ratio: Measurement) -> Measurement | None:
    name = measurement_id(metric, ratio.attribute, ratio.group, ratio.reference_group)
    return report.by_id.get(name)


def build_local_law_144(report: AuditReport) -> Section | None:
    """Return the tables of 6 RCNY 5-301; None where the audit was not asked for them."""
    items = [item for item in report.measurements if item.check.startswith("rules.")]
    if not items:
        return None
    blocks: list[Block] = []
    for rate, ratio, clause in _KINDS:
        for attribute in list_attributes(item for item in items if item.metric == rate):
            mine = [item for item in items if item.attribute == attribute]
            blocks.append(_tabulate_law(mine, rate, ratio, clause))
    for item in items:
        if item.metric == "unknown_count":
            line = (
                Text("People of unknown sex, race or ethnicity, in none of the tables: "),
                make_number(item),
                Text("."),
            )
            blocks.insert(0, Paragraph(line))
        elif item.metric == "median_score":
            line = (Text("Median score of the people in the tables: "), make_number(item),
                    Text("; a score equal to it is not above it."))  # fmt: skip
            blocks.append(Paragraph(line))
    intro = (
        "New York City Local Law 144 of 2021, 6 RCNY 5-301(b) to (d). The law sets no pass mark, "
        "and none is applied. Every person counts once; ratios come from unrounded rates."
    )
    return Section("local-law-144", "Local Law 144 tables", tuple(blocks), intro=intro)


def _tabulate_law(items: Sequence[Measurement], rate: str, ratio: str, clause: str) -> Table:
    names = dict.fromkeys(item.group or "" for item in items if item.metric == rate)
    by_key = {(item.metric, item.group): item for item in items}
    rows: list[tuple[Inline, ...]] = []
    for name in names:
        shown = [by_key.get((metric, name)) for metric in ("count", rate, ratio)]
        cells = [Text("not reported") if item is None else make_number(item) for item in shown]
        rows.append((Text(plain_text(name)), *cells))
    title = f"{title_attribute(items[0].attribute or '')}, {clause}"
    caption = join_words(title, note_intervals([i for i in items if i.metric in (rate, ratio)]))
    titles = (describe(rate).title, describe(ratio).title)
    return Table(caption, ("Category", "Applicants", *titles), tuple(rows))
