"""What has to be known before any finding is read: the same notes on every surface."""

from __future__ import annotations

from collections.abc import Iterator

from audits.core.format import format_count, plain_text
from audits.core.report.report import AuditReport
from audits.core.words.harms import describe_harm
from audits.findings.finding import Finding
from audits.findings.gather import count_judged
from audits.policy import (
    IN_FORCE,
    Policy,
    explain_unjudged,
    list_idle_rules,
    render_expired,
    render_waiver,
)


def list_notes(report: AuditReport) -> tuple[str, ...]:
    """Return all that has to be known: the cautions, then the notices."""
    return *list_cautions(report), *list_notices(report)


def list_notices(report: AuditReport) -> tuple[str, ...]:
    """Return what is to be known of the data, the model and the settings."""
    return tuple(plain_text(notice.text) for notice in report.notices)


def list_cautions(report: AuditReport) -> tuple[str, ...]:
    """Return what changes how verdicts are read: a favourable value that looks like a harm, why no
    group was judged or too few were, waivers that have expired."""
    return tuple(_list_cautions(report))


def _list_cautions(report: AuditReport) -> Iterator[str]:
    if harm := describe_harm(report):
        yield harm
    stored = report.spec.effective.get(IN_FORCE)
    if stored is None:
        return
    policy, judged = Policy.model_validate(stored), count_judged(report)
    if judged == 0:
        task, protected = report.subject.task, report.subject.data.protected
        why = explain_unjudged(policy, task, protected)
        yield f"Why no fairness rule was judged: {plain_text(why)}."
    if judged < policy.least_judged:
        yield (
            f"Judged {format_count(judged)} comparisons of groups; the policy asks for at least "
            f"{format_count(policy.least_judged)}, so that the audit does not pass."
        )
    if (day := report.run.day) is not None:
        yield from (render_expired(waiver, day) for waiver in policy.list_expired(day))


def describe_idle(report: AuditReport) -> str:
    """Return which rules judged nothing, because nothing was measured for them; "" where none."""
    stored = report.spec.effective.get(IN_FORCE)
    if stored is None:
        return ""
    idle = list_idle_rules(Policy.model_validate(stored), report.verdicts)
    names = "; ".join(plain_text(rule.title) for rule in idle)
    return f"Rules that judged nothing, for want of numbers: {names}." if names else ""


def describe_waiver(finding: Finding) -> str:
    """Return by what waiver people have accepted a finding, "" where they have not."""
    return "" if finding.waiver is None else f"{render_waiver(finding.waiver).rstrip('.')}."
