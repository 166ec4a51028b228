"""What a run claims, surface by surface, as values that can be held against the truth.

Claims are read from view-models and report objects; only where a surface has no more than a
sentence is the sentence searched, for the names of groups and columns, which no other word has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from audits.core.groups import JOIN
from audits.core.report.codes import INTERVENTIONS_CHECK
from audits.core.report.measurement import Measurement
from audits.core.report.parts import PartKind
from audits.core.report.verdict import Status
from audits.core.words.words import SLICES_CHECK
from audits.findings import (
    Finding,
    count_judged,
    explain_finding,
    find_help,
    find_worst,
    list_explained,
    list_findings,
    list_leading,
    render_finding_sentence,
    render_headline,
)
from audits.findings.numbers import find_own
from audits.findings.stories.sentences import render_finding as render_number
from dashboard.viewmodels.overview import overview, story
from model_cards.build import build_card
from model_cards.card import Number, Paragraph, Text, Verdicts, walk_sections
from tests.answers.audit import Case

Kind = Literal[
    "fails", "passes", "worst", "direction", "column", "spread", "explains", "where", "helps",
    "widest", "same story", "no model", "chance", "nothing judged", "stands alone", "sign", "headline",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. who: (attribute, group) and against: the group that it is compared with; metric:
    what is compared; detail: a column, a slice, a plan; said: the words."""

    kind: Kind
    surface: str
    said: str
    attribute: str = ""
    group: str = ""
    against: str = ""
    metric: str = ""
    detail: str = ""
    sure: bool = True


def list_claims(case: Case) -> list[Claim]:
    """Return all claims of a run."""
    return [claim for read in _READERS for claim in read(case)]


def _from(item: Measurement, kind: Kind, surface: str, said: str, *, sure: bool = True) -> Claim:
    at = f"@{item.part_name}" if item.is_of(PartKind.CLASS) else ""
    return Claim(kind, surface, said, item.attribute or "", item.group or "",
                 item.reference_group or "", item.metric + at, item.part_text, sure)  # fmt: skip


def _read_findings(case: Case) -> Iterator[Claim]:
    """Every finding that fails or warns is a claim about a group; the headline claims the rest."""
    report = case.run.report
    told = list_findings(report)
    bad = [x for x in told if x.group is not None and x.status in (Status.FAIL, Status.WARN)]
    for finding in bad:
        item = report.by_id[finding.measurement]
        said = render_finding_sentence(report, finding)
        yield _from(item, "fails", "findings", said)
        yield _from(item, "direction", "findings", said)
        if (
            finding.under is None
            and JOIN in (finding.attribute or "")
            and _has_parent(bad, finding)
        ):
            yield _from(item, "stands alone", "findings", said)
    worst = find_worst(report)
    if worst is not None:
        said = render_finding_sentence(report, worst)
        yield _from(report.by_id[worst.measurement], "worst", "findings", said)
    else:
        yield Claim("passes", "findings", render_headline(report))
    failed = any(v.status is Status.FAIL for v in report.verdicts)
    if failed and re.search("nothing failed|every rule", render_headline(report), re.IGNORECASE):
        yield Claim("headline", "findings", render_headline(report))
    for surface, said in (("findings", render_headline(report)),
                          ("overview", overview.render_headline(case.run))):  # fmt: skip
        if (
            not count_judged(report)
            and "no rule on fairness" not in said.lower()
            and not re.search(r"nothing to judge|not judged|no fairness", said, re.IGNORECASE)
        ):
            yield Claim("nothing judged", surface, said)


def _has_parent(bad: list[Finding], finding: Finding) -> bool:
    """Whether one of an intersection's attributes is a finding by the same rule, and as grave a
    one: under a milder one nothing stands, whatever explains it."""
    names = zip(
        (finding.attribute or "").split(JOIN), (finding.group or "").split(JOIN), strict=True
    )
    keys = set(names)
    grave = {Status.FAIL, finding.status}
    return any(
        x.rule == finding.rule and x.status in grave and (x.attribute, x.group) in keys for x in bad
    )


def _read_chance(case: Case) -> Iterator[Claim]:
    """Chance is no explanation where the unadjusted test says that it is none."""
    report = case.run.report
    for verdict in report.verdicts:
        item = report.by_id[verdict.measurement]
        if (
            item.p_value is not None
            and item.p_value < 0.05
            and re.search("chance (alone )?could", verdict.reason)
        ):
            yield _from(item, "chance", "verdicts", verdict.reason)


def _read_signs(case: Case) -> Iterator[Claim]:
    """A sentence that takes one group's number from another's has the sign of what is seen."""
    report = case.run.report
    lines = [line.sentence for line in overview.list_findings(case.run)]
    lines += [line.sentence for met in overview.list_met(case.run) for line in met.lines]
    by_said = {f"{render_number(item)}.": item for item in report.measurements if item.group}
    for said in lines:
        item = by_said.get(said)
        if item is None or item.estimate is None or "minus that of" not in said:
            continue
        own, other = (find_own(report, item, name) for name in (item.group, item.reference_group))
        if own is None or other is None or own.value is None or other.value is None:
            continue
        if (own.value - other.value) * item.estimate.value < 0:
            yield _from(item, "sign", "overview", said)


def _read_surfaces(case: Case) -> Iterator[Claim]:
    """Overview, card and story say the findings' sentences, in the findings' order."""
    report = case.run.report
    leading = list_leading(report)
    wanted = [f"{render_finding_sentence(report, x)}." for x in leading]
    bad = [said for x, said in zip(leading, wanted, strict=True)
           if x.status in (Status.FAIL, Status.WARN)][:5]  # fmt: skip
    shown = [line.sentence for line in overview.list_findings(case.run)]
    if shown != wanted:
        yield Claim("same story", "overview", f"{shown[:2]} for {wanted[:2]}")
    block = next(
        (b for b in build_card(report).sections[0].blocks if isinstance(b, Verdicts)), None
    )
    lines = [line.sentence for line in block.lines] if block is not None else []
    if len(lines) != len(bad) or not all(
        line.startswith(said) for line, said in zip(lines, bad, strict=True)
    ):
        yield Claim("same story", "card", f"{lines[:2]} for {bad[:2]}")
    worst, step = find_worst(report), story.build_story(case.run)[0]
    if worst is not None and step.answer != f"{render_finding_sentence(report, worst)}.":
        yield Claim("same story", "story", step.answer)
    if worst is None and list_harm_words(step.answer, case):
        yield Claim("same story", "story", step.answer)


def list_harm_words(said: str, case: Case) -> list[str]:
    """Return the groups that a sentence names."""
    names = {v for own, _ in case.scenario.cells for v in own}
    return [name for name in names if re.search(rf"\b{name}\b", said)]


def _read_widest(case: Case) -> Iterator[Claim]:
    for section in walk_sections(build_card(case.run.report)):
        for block in section.blocks:
            if not isinstance(block, Paragraph) or not block.line:
                continue
            start = block.line[0]
            if isinstance(start, Text) and start.text.startswith("Widest gap"):
                number = [x for x in block.line if isinstance(x, Number)][-1]
                item = case.run.report.by_id[number.measurement_id]
                said = " ".join(x.text if isinstance(x, Text) else "#" for x in block.line)
                sure = not re.search("chance|noise|not significant", said)
                yield _from(item, "widest", "card", said, sure=sure)


def _read_where(case: Case) -> Iterator[Claim]:
    step = story.build_story(case.run)[1]
    for said in (step.answer, step.note):
        found = [
            item
            for item in case.run.report.measurements
            if item.check == SLICES_CHECK and item.slice and said.startswith(f"{item.slice}:")
        ]
        if found:
            kind = "score_gap" if "score" in said.split("(")[0] else "error"
            yield Claim("where", "story", said, metric=kind, detail=found[0].slice or "")


def _read_why(case: Case) -> Iterator[Claim]:
    """The gap that the overview explains, and every pair that the pages and the card explain."""
    report = case.run.report
    step, worst = story.build_story(case.run)[2], find_worst(report)
    found = None if worst is None else explain_finding(report, worst)
    if found is not None and found.sentence and found.sentence == step.answer:
        yield _from(found.gap, "explains", "story", step.answer)
        yield from _read_columns("story", step.answer, found.gap, found.shares)
    for one in list_explained(report):
        yield _from(one.gap, "explains", "card", one.sentence)
        yield from _read_columns("card", one.sentence, one.gap, one.shares)


def _read_columns(
    surface: str, said: str, gap: Measurement, shares: Sequence[Measurement]
) -> Iterator[Claim]:
    for item in shares:
        column = item.part_name
        if re.search(rf"\b{column}\b", said):
            way = "up" if (item.value or 0.0) > 0 else "down"
            yield Claim("column", surface, said, gap.attribute or "", item.group or "",
                        item.reference_group or "", way, column)  # fmt: skip


def _read_help(case: Case) -> Iterator[Claim]:
    """What is offered against the worst finding narrows a gap."""
    found, step = find_help(case.run.report), story.build_story(case.run)[4]
    if found is None or found.finding is None:
        return
    for remedy in found.remedies:
        if remedy.offered and remedy.sentence in f"{step.answer} {step.note}":
            after = remedy.measurements[1]
            yield _from(after, "helps", "story", remedy.sentence)


def _read_model(case: Case) -> Iterator[Claim]:
    """Decisions without a model are not spoken of as a model's."""
    if case.run.report.subject.model is not None:
        return
    for step in story.build_story(case.run):
        for said in (step.question, step.answer, step.note):
            rest = re.sub(r"without (a|any) model|no model", "", said)
            if re.search(r"\bmodels?\b|\blearn", rest, re.IGNORECASE):
                yield Claim("no model", "story", said)


def find_thresholds(case: Case, plan: str, attribute: str) -> dict[str | None, float]:
    """Return the thresholds of a plan by group (None: for all)."""
    return {
        item.group: item.value if item.value is not None else float("inf")
        for item in case.run.report.measurements
        if item.check == INTERVENTIONS_CHECK and item.metric == "score_threshold"
        and item.part_text == plan and item.attribute == attribute
    }  # fmt: skip


_READERS = (_read_findings, _read_chance, _read_signs, _read_surfaces, _read_widest, _read_where,
            _read_why, _read_help, _read_model)  # fmt: skip
