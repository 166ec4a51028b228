"""What the report says in sentences: verdicts, reasons, what would change decisions, facts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from audits.core.format import format_count, format_time, plain_text
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.report.verdict import SEVERITY, Cause, Status, Verdict
from audits.export.html.reading import Reading, list_groupings
from audits.export.html.words import say
from audits.findings import (
    Finding,
    describe_idle,
    describe_waiver,
    find_result,
    list_explained,
    list_leading,
    list_notes,
    list_trees,
    render_conditional,
    render_finding,
    render_finding_sentence,
    render_headline,
    render_point,
    render_result,
)
from audits.policy import IN_FORCE, Policy

OPEN = (Status.FAIL, Status.WARN, Status.INSUFFICIENT)
_RECOURSE = (
    "recourse_share",
    "no_recourse_proven",
    "recourse_changes",
    "recourse_cost",
    "recourse_answers_failed",
)
_MAX_FEATURES = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One finding, or one verdict that is in order. grouping and metric say where its numbers are,
    "" where nowhere; accepted: by what waiver people have accepted it, "" where not."""

    status: str
    sentence: str
    reason: str
    grouping: str
    metric: str
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding that stands alone, by which rule, and the findings that it explains."""

    line: Line
    rule: str
    source: str
    under: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What passed by one rule, or it does not apply to."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """How much a column moves the model, on average."""

    name: str
    value: float
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class GroupRecourse:
    """What would change the decisions on one group's rejected rows."""

    attribute: str
    group: str
    share: str
    cost: str
    rows: int


@dataclass(frozen=True, slots=True)
class Story:
    """The report in sentences; every list is in the order in which people read it."""

    headline: str
    notes: tuple[str, ...]
    worst: str
    tally: tuple[tuple[str, str], ...]
    findings: tuple[Found, ...]
    met: tuple[Rule, ...]
    reasons: tuple[str, ...]
    features: tuple[Feature, ...]
    features_method: str
    recourse: tuple[str, ...]
    recourse_groups: tuple[GroupRecourse, ...]
    facts: tuple[tuple[str, str], ...]
    unmeasured: tuple[str, ...]


def build_story(reading: Reading) -> Story:
    """Return what the report says in sentences."""
    report = reading.report
    counted = Counter(item.status for item in list_leading(report))
    counted.update(v.status for v in report.verdicts if v.status not in OPEN)
    return Story(
        headline=render_headline(report),
        notes=_list_notes(report),
        worst=next((s.value for s in SEVERITY if counted[s]), "none"),
        tally=tuple(
            (s.value, say(f"tally.{s.value}", n=counted[s])) for s in SEVERITY if counted[s]
        ),
        findings=_list_findings(reading),
        met=_list_met(reading),
        reasons=(*_list_gap_reasons(reading), *_list_conditional(reading)),
        features=_list_features(reading),
        features_method=_describe_method(report),
        recourse=_list_recourse(reading),
        recourse_groups=_list_recourse_groups(reading),
        facts=_list_facts(report),
        unmeasured=tuple(filter(None, (describe_idle(report),)))
        + tuple(
            say(f"check.{check.status.value}", title=check.title, reason=plain_text(check.reason))
            for check in report.checks
            if check.status is not CheckStatus.MEASURED
        ),
    )


def _list_notes(report: AuditReport) -> tuple[str, ...]:
    """Return what has to be known before any verdict is read."""
    return list_notes(report)


def _list_findings(reading: Reading) -> tuple[Found, ...]:
    """Return the findings in the one order of every page, card and report."""
    sources = {} if (policy := _find_policy(reading)) is None else {
        rule.name: rule.source for rule in policy.rules
    }  # fmt: skip
    return tuple(
        Found(
            _make_finding(reading, leading),
            plain_text(leading.title),
            plain_text(sources.get(leading.rule, "")),
            tuple(_make_finding(reading, item) for item in under),
        )
        for leading, under in list_trees(reading.report)
    )


def _find_policy(reading: Reading) -> Policy | None:
    stored = reading.report.spec.effective.get(IN_FORCE)
    return None if stored is None else Policy.model_validate(stored)


def _make_finding(reading: Reading, finding: Finding) -> Line:
    report = reading.report
    items = [report.by_id[name] for name in finding.verdicts]
    several = len(finding.groups) > 1 or finding.cause is Cause.SMALL  # has no numbers
    if not several and any(reading.is_small(item) for item in items):
        return _hide(reading, finding.status, items[0])
    reasons = {v.measurement: v.reason for v in report.verdicts if v.rule == finding.rule}
    return Line(
        status=finding.status.value,
        sentence=f"{render_finding_sentence(report, finding)}.",
        reason="" if several else plain_text(reasons.get(finding.measurement, "")),
        grouping=plain_text(finding.attribute or ""),
        metric=items[0].metric,
        accepted=describe_waiver(finding),
    )


def _hide(reading: Reading, status: Status, item: Measurement) -> Line:
    group = plain_text(item.group or "")
    return Line(status.value, say("verdict.small", group=group, least=reading.least), "", "", "")


def _list_met(reading: Reading) -> tuple[Rule, ...]:
    """Return what passed or does not apply, by rule."""
    policy = _find_policy(reading)
    titles = {} if policy is None else {rule.name: rule.title for rule in policy.rules}
    families: dict[str, list[Line]] = {}
    for verdict in reading.report.verdicts:
        if verdict.status not in OPEN:
            families.setdefault(verdict.rule, []).append(_make_line(reading, verdict))
    return tuple(
        Rule(plain_text(titles.get(name, name)), tuple(lines)) for name, lines in families.items()
    )


def _make_line(reading: Reading, verdict: Verdict) -> Line:
    item = reading.report.by_id[verdict.measurement]
    if reading.is_small(item):
        return _hide(reading, verdict.status, item)
    return Line(
        status=verdict.status.value,
        sentence=f"{render_finding(item)}.",
        reason=plain_text(verdict.reason),
        grouping=plain_text(item.attribute or ""),
        metric=item.metric,
    )


def _list_gap_reasons(reading: Reading) -> list[str]:
    """Return which columns make the gaps in selection that are findings."""
    return [
        found.sentence
        for found in list_explained(reading.report)
        if found.sentence and not reading.is_small(found.gap)
    ]


def _list_conditional(reading: Reading) -> list[str]:
    """Return what remains of gaps in selection with legitimate columns held fixed."""
    sentences = []
    for attribute, _ in list_groupings(reading.report):
        for item in reading.by_group("conditional_selection_rate_difference", attribute):
            name = measurement_id(
                "selection_rate_difference", attribute, item.group, item.reference_group
            )
            if not reading.is_small(item):
                sentences.append(render_conditional(item, reading.report.by_id.get(name)))
    return [text for text in sentences if text]


def _list_features(reading: Reading) -> tuple[Feature, ...]:
    items = [
        item
        for item in reading.by_group("mean_absolute_attribution", None)
        if item.part is not None and item.estimate is not None
    ]
    items.sort(key=lambda item: -(item.value or 0.0))
    return tuple(_make_feature(item) for item in items[:_MAX_FEATURES])


def _make_feature(item: Measurement) -> Feature:
    assert item.estimate is not None
    value, low, high = (
        float(f"{x:.6g}") for x in (item.estimate.value, item.estimate.low, item.estimate.high)
    )
    name = plain_text(item.part_name)
    return Feature(name, value, low, high, render_result(item.estimate, item.unit))


def _describe_method(report: AuditReport) -> str:
    return next(
        (
            plain_text(file.description)
            for file in report.evidence
            if file.path.startswith("evidence/attributions.")
        ),
        "",
    )


def _list_recourse(reading: Reading) -> tuple[str, ...]:
    items = [reading.overall(name) for name in _RECOURSE]
    return tuple(f"{render_finding(item)}." for item in items if item is not None)


def _list_recourse_groups(reading: Reading) -> tuple[GroupRecourse, ...]:
    """Return recourse by group, of groups with enough rows that were searched."""
    found = []
    for attribute in reading.report.subject.data.protected:
        costs = {item.group: item for item in reading.by_group("recourse_cost", attribute)}
        for item in reading.by_group("recourse_share", attribute):
            if item.estimate is None or item.estimate.n < reading.least or reading.is_small(item):
                continue
            cost = costs.get(item.group)
            enough = cost is not None and (
                cost.estimate is not None and cost.estimate.n >= reading.least
            )
            found.append(
                GroupRecourse(
                    attribute=plain_text(attribute),
                    group=plain_text(item.group or ""),
                    share=render_result(item.estimate, item.unit),
                    cost=render_point(find_result(cost), cost.unit) if cost and enough else "–",
                    rows=item.estimate.n,
                )
            )
    return tuple(found)


def _list_facts(report: AuditReport) -> tuple[tuple[str, str], ...]:
    """Return what was audited, as pairs of label and text."""
    subject, run = report.subject, report.run
    data, model = subject.data, subject.model
    target = plain_text(data.target) if data.target else say("facts.none")
    if data.target and data.positive is not None:
        target = say("facts.target_value", target=target, positive=plain_text(data.positive))
    rows = format_count(data.rows)
    return (
        (say("facts.task"), say(f"task.{subject.task}")),
        (say("facts.data"), say("facts.data_value", source=plain_text(data.source), rows=rows,
                                columns=data.columns)),
        (say("facts.target"), target),
        (say("facts.protected"), plain_text(", ".join(data.protected)) or say("facts.none")),
        (say("facts.model"), say("facts.no_model") if model is None else say(
            "facts.model_value", path=plain_text(model.path), format=plain_text(model.format),
            features=model.n_features)),
        (say("facts.created"), format_time(run.created)),
        (say("facts.tool"), say("facts.tool_value", version=run.tool.version, device=run.device,
                                seed=run.seed)),
        (say("facts.id"), run.id),
    )  # fmt: skip
