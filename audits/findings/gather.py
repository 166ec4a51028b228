"""Gathering: a report's verdicts into findings, in the order in which people should read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from audits.core.groups import split_crossed
from audits.core.limits import MIN_ROWS_TO_JUDGE
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.core.report.verdict import JUDGED, SEVERITY, Cause, Status, Verdict
from audits.findings.finding import Finding
from audits.findings.intersections import is_worse_than_explained, split_parts
from audits.findings.numbers import find_own, find_sides, measure_affected
from audits.policy import IN_FORCE

OPEN = (Status.FAIL, Status.WARN, Status.INSUFFICIENT)
"""The statuses that somebody has to look at."""

_UNTOLD = (Cause.SMALL, Cause.UNCERTAIN, Cause.TURNED)


def list_findings(report: AuditReport) -> tuple[Finding, ...]:
    """Return what somebody has to look at: failures, warnings, and what could not be told.

    Every surface shows these, in this order: by status; groups before the whole data; then by how
    many people are surely concerned (people times the gap at the near end of its interval).
    Groups that are too small are one finding for each rule and attribute. An intersection stands
    `under` the finding on one of its attributes, unless it is surely worse than these explain.
    """
    gathered = _gather(report)
    open_ids: dict[tuple[str, str | None, str | None, str | None], Finding] = {
        (item.rule, item.part, item.attribute, item.group): item
        for item in gathered
        if item.status in (Status.FAIL, Status.WARN) and item.group is not None
    }
    placed = [_place(report, item, open_ids) for item in gathered]
    return tuple(sorted(placed, key=lambda item: _rank(report, item)))


def list_leading(report: AuditReport) -> tuple[Finding, ...]:
    """Return the findings that stand alone; the others are told under these."""
    return tuple(item for item in list_findings(report) if item.under is None)


def find_worst(report: AuditReport) -> Finding | None:
    """Return the finding on one group that people should read first; None where no group fails a
    rule or is warned of."""
    judged = (Status.FAIL, Status.WARN)
    return next(
        (x for x in list_leading(report) if x.group is not None and x.status in judged), None
    )


def count_judged(report: AuditReport) -> int:
    """Return how many comparisons of groups the policy judged (passed, warned of or failed). 0
    means that the audit says nothing about fairness, whatever else passed."""
    return sum(
        verdict.status in JUDGED and report.by_id[verdict.measurement].attribute is not None
        for verdict in report.verdicts
    )


def _gather(report: AuditReport) -> list[Finding]:
    families: dict[tuple[str | None, ...], list[Verdict]] = {}
    for verdict in report.verdicts:
        if verdict.status in OPEN:
            families.setdefault(_key(report, verdict), []).append(verdict)
    for verdict in report.verdicts:  # what is told of a group goes with what could not be told
        item = report.by_id[verdict.measurement]
        own = (verdict.rule, item.attribute, find_sides(item)[0], item.part_text, None)
        if verdict.cause in _UNTOLD and own in families and _key(report, verdict) != own:
            families[own].append(verdict)
    return [_build(report, verdicts) for verdicts in families.values()]


def _key(report: AuditReport, verdict: Verdict) -> tuple[str | None, ...]:
    """Return what belongs together: a group's verdicts by one rule; all groups that are too small
    to judge; all intersections of which nothing is sure."""
    item = report.by_id[verdict.measurement]
    crossed = bool(split_crossed(item.attribute or "", report.subject.data.protected))
    if verdict.cause is Cause.SMALL:
        return verdict.rule, item.attribute, None, None, Cause.SMALL
    if crossed and verdict.cause in (Cause.UNCERTAIN, Cause.TURNED):
        return verdict.rule, item.attribute, None, None, Cause.UNCERTAIN
    return verdict.rule, item.attribute, find_sides(item)[0], item.part_text, None


def _build(report: AuditReport, verdicts: Sequence[Verdict]) -> Finding:
    def rank(verdict: Verdict) -> tuple[int, float]:
        affected = measure_affected(report, report.by_id[verdict.measurement])
        size = 0.0 if affected is None else max(affected.low, 0.0)
        return SEVERITY.index(verdict.status), -size

    lead, *others = sorted(verdicts, key=rank)
    item = report.by_id[lead.measurement]
    names = dict.fromkeys(find_sides(report.by_id[v.measurement])[0] for v in (lead, *others))
    groups = tuple(name for name in names if name is not None)
    several = len(groups) > 1 or lead.cause is Cause.SMALL
    part = None if several else item.part_text or None
    inside = item.attribute or ""
    if groups and not several:
        inside += f"={groups[0]}"
    elif lead.cause is not None and several:
        inside += f": {lead.cause.value}"
    name = f"{lead.rule}[{inside}]" if inside else lead.rule
    own = find_own(report, item, find_sides(item)[0])
    counted = own is not None and own.estimate is not None and not several
    return Finding(
        id=f"{name}@{part}" if part else name,
        rule=lead.rule,
        title=name_rule(report, lead.rule),
        status=lead.status,
        cause=lead.cause,
        attribute=item.attribute,
        groups=groups,
        reference_group=None if several else find_sides(item)[1],
        part=part,
        measurement=lead.measurement,
        verdicts=(lead.measurement, *(verdict.measurement for verdict in others)),
        people=own.estimate.n if counted and own and own.estimate else None,
        affected=None if several else measure_affected(report, item),
        p_value=item.p_value,
        adjusted=lead.adjusted,
        comparisons=lead.comparisons,
        waiver=lead.waiver,
    )


def name_rule(report: AuditReport, rule: str) -> str:
    """Return a rule's title as its policy has it, its name where the report does not say."""
    return str(next((one["title"] for one in _rules(report) if one.get("name") == rule), rule))


def _rules(report: AuditReport) -> Iterable[dict[str, object]]:
    policy = report.spec.effective.get(IN_FORCE)
    return policy.get("rules", ()) if isinstance(policy, dict) else ()


def get_min_rows(report: AuditReport) -> int:
    """Return how many rows a group needed to be judged."""
    policy = report.spec.effective.get(IN_FORCE)
    known = policy if isinstance(policy, dict) else {}
    return int(known.get("min_rows", MIN_ROWS_TO_JUDGE))


def _place(
    report: AuditReport,
    finding: Finding,
    told: Mapping[tuple[str, str | None, str | None, str | None], Finding],
) -> Finding:
    """Put an intersection under the finding on one of its attributes, if that explains it."""
    attributes = split_crossed(finding.attribute or "", report.subject.data.protected)
    if not attributes:
        return finding
    if finding.group is None:
        parents = [item for item in told.values() if item.rule == finding.rule
                   and item.attribute in attributes]  # fmt: skip
    else:
        values = split_parts(report, attributes, finding.group)
        names = zip(attributes, values, strict=False)
        keys = [(finding.rule, finding.part, name, value) for name, value in names]
        # Nothing stands under what is milder: who reads the first would not expect it.
        most = SEVERITY.index(finding.status)
        parents = [
            told[key] for key in keys if key in told and SEVERITY.index(told[key].status) <= most
        ]
        if not parents and finding.status is not Status.INSUFFICIENT:
            return finding
        item = report.by_id[finding.measurement]
        if finding.status is not Status.INSUFFICIENT and is_worse_than_explained(report, item):
            return finding
    if not parents:
        return finding
    worst = min(parents, key=lambda item: _rank(report, item))
    return finding.model_copy(update={"under": worst.id})


def _rank(report: AuditReport, finding: Finding) -> tuple[int, bool, float, float, str]:
    return (
        SEVERITY.index(finding.status),
        not finding.groups,
        -_weigh(report, finding),
        -float(finding.people or 0),
        finding.id,
    )


def _weigh(report: AuditReport, finding: Finding) -> float:
    """Return how many people are surely concerned; of numbers that are no shares, people times the
    near end of the gap in units of the usual error."""
    if finding.affected is not None:
        return max(finding.affected.low, 0.0)
    item = report.by_id[finding.measurement]
    if item.estimate is None or finding.people is None or item.reference_group is None:
        return 0.0
    near = _near_end(item)
    scale = _find_scale(report, item)
    return finding.people * near / scale


def _near_end(item: Measurement) -> float:
    assert item.estimate is not None  # the caller looked
    low, high = item.estimate.low, item.estimate.high
    neutral = 1.0 if item.unit == "ratio" else 0.0
    if low <= neutral <= high:
        return 0.0
    return min(abs(low - neutral), abs(high - neutral))


def _find_scale(report: AuditReport, item: Measurement) -> float:
    if item.unit != "target":
        return 1.0
    found = report.by_id.get("mean_absolute_error")
    return (found and found.value) or 1.0
