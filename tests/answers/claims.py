"""What a run claims, surface by surface, as values that can be held against the truth.

Claims are read from view-models and report objects; only where a surface has no more than a
sentence is the sentence searched, for the names of groups and columns, which no other word has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from audits.checks.interventions import CODE as INTERVENTIONS
from audits.checks.interventions import name_slice
from audits.core.groups import JOIN
from audits.core.measurement import Measurement
from audits.core.sentences import render_finding as render_number
from audits.core.verdict import Status
from audits.core.words import SLICES_CHECK
from audits.findings import (
    Finding,
    count_judged,
    find_worst,
    list_findings,
    render_finding_sentence,
    render_headline,
)
from audits.findings.numbers import find_own
from dashboard.catalogue import load_catalogue
from dashboard.viewmodels import gap, overview, story
from model_cards.build import build_card
from model_cards.card import Number, Paragraph, Text, Verdicts, walk_sections
from tests.answers.audit import Case
from tests.answers.generate import FEATURES

Kind = Literal[
    "fails", "passes", "worst", "direction", "column", "spread", "explains", "where", "helps",
    "widest", "same story", "no model", "chance", "nothing judged", "stands alone", "sign",
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
    plan: tuple[str, bool] = ("", False)


def list_claims(case: Case) -> list[Claim]:
    """Return all claims of a run."""
    return [claim for read in _READERS for claim in read(case)]


def _from(item: Measurement, kind: Kind, surface: str, said: str, *, sure: bool = True) -> Claim:
    return Claim(kind, surface, said, item.attribute or "", item.group or "",
                 item.reference_group or "", item.metric, item.slice or "", sure)  # fmt: skip


def _of_groups(item: Measurement) -> bool:
    return item.attribute is not None and item.group is not None


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
        if finding.under is None and JOIN in (finding.attribute or "") and _has_parent(bad, finding):
            yield _from(item, "stands alone", "findings", said)
    worst = find_worst(report)
    if worst is not None:
        said = render_finding_sentence(report, worst)
        yield _from(report.by_id[worst.measurement], "worst", "findings", said)
    else:
        yield Claim("passes", "findings", render_headline(report))
    for surface, said in (("findings", render_headline(report)),
                          ("overview", overview.render_headline(case.run))):  # fmt: skip
        if not count_judged(report) and "no rule on fairness" not in said.lower() and not re.search(
            r"nothing to judge|not judged|no fairness", said, re.IGNORECASE
        ):
            yield Claim("nothing judged", surface, said)


def _has_parent(bad: list[Finding], finding: Finding) -> bool:
    """Whether one of an intersection's attributes is a finding by the same rule."""
    names = zip((finding.attribute or "").split(JOIN), (finding.group or "").split(JOIN), strict=True)
    keys = set(names)
    return any(x.rule == finding.rule and (x.attribute, x.group) in keys for x in bad)


def _read_chance(case: Case) -> Iterator[Claim]:
    """Chance is no explanation where the unadjusted test says that it is none."""
    report = case.run.report
    for verdict in report.verdicts:
        item = report.by_id[verdict.measurement]
        if item.p_value is not None and item.p_value < 0.05 and re.search(
            "chance (alone )?could", verdict.reason
        ):
            yield _from(item, "chance", "verdicts", verdict.reason)


def _read_signs(case: Case) -> Iterator[Claim]:
    """A sentence that takes one group's number from another's has the sign of what is seen."""
    report = case.run.report
    lines = [(line.sentence, "overview") for line in overview.list_verdicts(case.run)]
    lines += [(step.answer, "story") for step in story.tell_story(case.run)[:1]]
    by_said = {render_number(item): item for item in report.measurements if item.group}
    for said, surface in lines:
        item = by_said.get(said.removesuffix("."))
        if item is None or item.estimate is None or "minus that of" not in said:
            continue
        own, other = (find_own(report, item, name) for name in (item.group, item.reference_group))
        if own is None or other is None or own.value is None or other.value is None:
            continue
        if (own.value - other.value) * item.estimate.value < 0:
            yield _from(item, "sign", surface, said)


def _read_who(case: Case) -> Iterator[Claim]:
    step = story.tell_story(case.run)[0]
    worst = story.find_worst_finding(case.run)
    if worst is None:
        yield Claim("passes", "story", step.answer)
        return
    statuses = {v.measurement: v.status for v in case.run.report.verdicts}
    sure = statuses[worst.id] in (Status.FAIL, Status.WARN)
    yield _from(worst, "worst", "story", step.answer, sure=sure)
    if sure:
        yield _from(worst, "direction", "story", step.answer)


def _first_in_overview(case: Case) -> Measurement | None:
    """Return what the first line on groups of the overview is about."""
    for verdict in case.run.report.verdicts:
        item = case.run.report.by_id[verdict.measurement]
        if _of_groups(item) and verdict.status in (Status.FAIL, Status.WARN):
            return item
    return None


def _first_on_card(case: Case) -> Measurement | None:
    card = build_card(case.run.report)
    block = next((b for b in card.sections[0].blocks if isinstance(b, Verdicts)), None)
    for line in block.lines if block is not None else ():
        item = case.run.report.by_id[line.number.measurement_id]
        if _of_groups(item):
            return item
    return None


def _read_firsts(case: Case) -> Iterator[Claim]:
    """The overview, the card and the story tell of one pair."""
    first, card = _first_in_overview(case), _first_on_card(case)
    told = story.find_worst_finding(case.run)
    for surface, item in (("overview", first), ("card", card)):
        if item is not None:
            yield _from(item, "worst", surface, item.id)
    worst = find_worst(case.run.report)
    found = None if worst is None else case.run.report.by_id[worst.measurement]
    pairs = {
        (item.attribute, item.group, item.reference_group)
        for item in (found, first, card, told)
        if item is not None
    }
    if len(pairs) > 1:
        yield Claim("same story", "all", str(sorted(map(str, pairs))))


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
                sure = "noise alone" not in said
                yield _from(item, "widest", "card", said, sure=sure)


def _read_where(case: Case) -> Iterator[Claim]:
    answer = story.tell_story(case.run)[1].answer
    found = [
        item
        for item in case.run.report.measurements
        if item.check == SLICES_CHECK and item.slice and answer.startswith(f"{item.slice}:")
    ]
    if found:
        yield Claim("where", "story", answer, detail=found[0].slice or "")


def _read_why(case: Case) -> Iterator[Claim]:
    if case.run.report.subject.model is None:
        return
    step = story.tell_story(case.run)[2]
    attributes = gap.list_gaps(case.run)
    if attributes:
        attribute = step.params.get("gap-groups", attributes[0])
        group = step.params.get("gap-group", gap.list_groups(case.run, attribute)[0])
        against = gap.list_shares(case.run, attribute, group)[0].reference_group or ""
        yield from _read_columns("story", step.answer, attribute, group, against)
        if "is selected" in step.answer:
            yield Claim("explains", "story", step.answer, attribute, group, against,
                        "selection_rate_difference")  # fmt: skip
    for name in attributes:
        for group in gap.list_groups(case.run, name):
            against = gap.list_shares(case.run, name, group)[0].reference_group or ""
            said = gap.render_sentence(case.run, name, group)
            yield from _read_columns("card", said, name, group, against)


def _read_columns(surface: str, said: str, attribute: str, group: str, against: str
                  ) -> Iterator[Claim]:  # fmt: skip
    if "chance alone could explain" in said:
        return
    for column in FEATURES:
        if re.search(rf"\b{column}\b", said):
            yield Claim("column", surface, said, attribute, group, against, detail=column)


def _read_help(case: Case) -> Iterator[Claim]:
    """A plan is offered where the sentence is one of those that offer."""
    step = story.tell_story(case.run)[4]
    words = load_catalogue()
    worst = story.find_worst_finding(case.run)
    attribute = worst.attribute if worst is not None else None
    for text in (step.answer, step.note):
        for key, by_group in (("story.help_one", False), ("story.help_groups", True)):
            start = words[key].split("{")[0]
            if text.startswith(start):
                goal = story.GOALS.get(worst.metric if worst else "", "demographic_parity")
                yield Claim("helps", "story", text, attribute or case.run.attributes[0],
                            metric=goal, plan=(goal, by_group))  # fmt: skip


def _read_model(case: Case) -> Iterator[Claim]:
    """Decisions without a model are not spoken of as a model's."""
    if case.run.report.subject.model is not None:
        return
    for step in story.tell_story(case.run):
        for said in (step.question, step.answer, step.note):
            rest = re.sub(r"without (a|any) model|no model", "", said)
            if re.search(r"\bmodels?\b|\blearn", rest, re.IGNORECASE):
                yield Claim("no model", "story", said)


def find_thresholds(case: Case, claim: Claim) -> dict[str | None, float]:
    """Return the thresholds of the plan that a claim offers, by group (None: for all)."""
    goal, by_group = claim.plan
    wanted = name_slice(goal, claim.attribute, by_group=by_group)
    return {
        item.group: item.value if item.value is not None else float("inf")
        for item in case.run.report.measurements
        if item.check == INTERVENTIONS and item.metric == "score_threshold"
        and item.slice == wanted and item.attribute == claim.attribute
    }  # fmt: skip


_READERS = (_read_findings, _read_chance, _read_signs, _read_who, _read_firsts, _read_widest, _read_where, _read_why,
            _read_help, _read_model)  # fmt: skip
