"""The overview: verdicts worst first, group sizes, what was audited, what was not measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from audits import findings
from audits.core.format import format_count, format_time, plain_text
from audits.core.report.report import CheckStatus
from audits.core.report.verdict import SEVERITY, Status
from audits.findings import Finding
from audits.pipeline import PENDING
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import find_result, render_point, render_range
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric, render_finding

OPEN = (Status.FAIL, Status.WARN, Status.INSUFFICIENT)
"""What a reviewer has to look at; the rest is folded away."""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding as it is read. grouping and metric say where its numbers are; under: the
    findings that it explains; accepted: by what waiver people have accepted it, "" where not."""

    status: Status
    sentence: str
    reason: str
    rule: str
    source: str
    grouping: str | None
    metric: str
    accepted: str = ""
    under: tuple[FindingLine, ...] = ()


def list_findings(run: RunData) -> list[FindingLine]:
    """Return what somebody has to look at, in the one order of every page, card and report."""
    return [
        _make_line(run, leading, tuple(_make_line(run, item) for item in under))
        for leading, under in findings.list_trees(run.report)
    ]


def _make_line(run: RunData, finding: Finding, under: tuple[FindingLine, ...] = ()) -> FindingLine:
    item = run.report.by_id[finding.measurement]
    return FindingLine(
        status=finding.status,
        sentence=f"{findings.render_finding_sentence(run.report, finding)}.",
        reason=" ".join(dict.fromkeys(_list_reasons(run, finding))),
        rule=plain_text(finding.title),
        source=_find_source(run, finding.rule),
        grouping=finding.attribute,
        metric=item.metric,
        accepted=findings.describe_waiver(finding),
        under=under,
    )


def _list_reasons(run: RunData, finding: Finding) -> list[str]:
    reasons = {v.measurement: v.reason for v in run.report.verdicts if v.rule == finding.rule}
    return [plain_text(reasons[name]) for name in finding.verdicts if name in reasons]


def _find_source(run: RunData, rule: str) -> str:
    rules = () if run.policy is None else run.policy.rules
    return next((plain_text(one.source) for one in rules if one.name == rule), "")


@dataclass(frozen=True, slots=True)
class MetRule:
    """What one rule found in order, or does not apply to: status, number and why."""

    rule: str
    lines: tuple[FindingLine, ...]


def list_met(run: RunData) -> list[MetRule]:
    """Return what passed or does not apply, by rule in the policy's order."""
    families: dict[str, list[FindingLine]] = {}
    titles = {} if run.policy is None else {one.name: one.title for one in run.policy.rules}
    for verdict in run.report.verdicts:
        if verdict.status in OPEN:
            continue
        item = run.report.by_id[verdict.measurement]
        title = plain_text(titles.get(verdict.rule, verdict.rule))
        line = FindingLine(
            verdict.status, f"{render_finding(item)}.", plain_text(verdict.reason), title, "",
            item.attribute, item.metric,
        )  # fmt: skip
        families.setdefault(title, []).append(line)
    return [MetRule(title, tuple(lines)) for title, lines in families.items()]


def tabulate_lines(lines: Sequence[FindingLine]) -> pd.DataFrame:
    """Return findings as a table: an icon with the word, the finding, and why."""
    return pd.DataFrame(
        [
            {
                say("overview.status"): say(f"overview.mark.{line.status.value}"),
                say("overview.finding"): line.sentence,
                say("overview.why"): line.reason,
            }
            for line in lines
        ]
    )


def count_statuses(run: RunData) -> dict[Status, int]:
    """Return how many findings stand alone by status, and how many verdicts passed or do not
    apply; worst first, without zeros."""
    counted = Counter(item.status for item in findings.list_leading(run.report))
    counted.update(v.status for v in run.report.verdicts if v.status not in OPEN)
    return {status: counted[status] for status in SEVERITY if counted[status]}


def find_worst(run: RunData) -> Status | None:
    """Return the worst status of the run, None without verdicts."""
    return next(iter(count_statuses(run)), None)


def render_headline(run: RunData) -> str:
    """Return the one sentence that sums the run up, first whether fairness was judged at all; of a
    first result, as far as it is judged."""
    headline = findings.render_headline(run.report)
    if any(check.reason == PENDING for check in run.report.checks):
        return say("job.so_far", headline=headline)
    return headline


def list_cautions(run: RunData) -> list[str]:
    """Return what has to be known before any verdict is read."""
    return list(findings.list_cautions(run.report))


def list_notices(run: RunData) -> list[str]:
    """Return what is to be known of the data, the model and the settings."""
    return list(findings.list_notices(run.report))


def tabulate_groups(run: RunData, grouping: str) -> pd.DataFrame:
    """Return the groups, largest first: rows, share of the data, and the main number."""
    metric = main_metric(run)
    total = run.report.subject.data.rows
    numbers = {item.group: item for item in run.by_group(metric, grouping)}
    items = sorted(run.by_group("count", grouping), key=lambda item: -(item.value or 0.0))
    records = []
    for item in items:
        rows = int(item.value or 0)
        number = numbers.get(item.group)
        record = {
            say("column.group"): plain_text(item.group or ""),
            say("column.rows"): rows,
            say("column.share"): rows / total if total else 0.0,
        }
        if number is not None:
            point, between = (
                render(find_result(number), number.unit) for render in (render_point, render_range)
            )
            record[name_metric(metric)] = f"{point} ({between})" if between else point
        records.append(record)
    return pd.DataFrame(records)


def main_metric(run: RunData) -> str:
    """Return the metric that a reader of this task wants first."""
    return {"binary": "selection_rate", "multiclass": "accuracy"}.get(
        run.task, "mean_absolute_error"
    )


def list_facts(run: RunData) -> list[tuple[str, str]]:
    """Return what was audited, as pairs of label and text."""
    subject, circumstances = run.report.subject, run.report.run
    data, model = subject.data, subject.model
    facts = [
        ("facts.task", say(f"task.{subject.task}")),
        ("facts.data", say("facts.data_value", source=plain_text(data.source),
                           rows=format_count(data.rows), columns=data.columns)),
        ("facts.target", _target(data.target, data.positive)),
        ("facts.protected", plain_text(", ".join(data.protected)) or say("facts.none")),
        ("facts.model", say("facts.no_model") if model is None else say(
            "facts.model_value", path=plain_text(model.path), format=plain_text(model.format),
            features=model.n_features)),
        ("facts.created", format_time(circumstances.created)),
        ("facts.tool", say("facts.tool_value", version=circumstances.tool.version,
                           device=circumstances.device, seed=circumstances.seed)),
        ("facts.id", circumstances.id),
    ]  # fmt: skip
    return [(say(key), text) for key, text in facts]


def _target(target: str | None, positive: str | None) -> str:
    if target is None:
        return say("facts.none")
    if positive is None:
        return plain_text(target)
    return say("facts.target_value", target=plain_text(target), positive=plain_text(positive))


def list_unmeasured(run: RunData) -> list[str]:
    """Return the checks that measured nothing, each with its reason; those of a first result that
    are still to come in one sentence."""
    waiting = [check.title for check in run.report.checks if check.reason == PENDING]
    coming = [say("job.pending", checks=", ".join(waiting))] if waiting else []
    idle = findings.describe_idle(run.report)
    return [*coming, *([idle] if idle and not waiting else [])] + [
        say(f"check.{check.status.value}", title=check.title, reason=plain_text(check.reason))
        for check in run.report.checks
        if check.status is not CheckStatus.MEASURED and check.reason != PENDING
    ]


def is_measured(run: RunData, code: str) -> bool:
    """Whether a check measured something."""
    return any(
        check.code == code and check.status is CheckStatus.MEASURED for check in run.report.checks
    )


def find_check_reason(run: RunData, code: str) -> str:
    """Return why a check measured nothing, "" where it did."""
    for check in run.report.checks:
        if check.code == code and check.reason:
            return plain_text(check.reason)
    return ""


def find_reason(run: RunData, code: str) -> str:
    """Return why one check measured nothing, "" where it did or was not there."""
    reasons = [check.reason for check in run.report.checks if check.code == code]
    return plain_text(reasons[0]) if reasons else ""
