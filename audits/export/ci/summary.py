"""A summary in Markdown for a pull request: findings first, then what changed, in 60 kB."""

from __future__ import annotations

import re
from collections.abc import Iterator

from audits.compare import (
    Change,
    Comparison,
    Outcome,
    drop_doubles,
    pick_varied,
    render_change,
    render_headline,
    render_verdict,
)
from audits.core.format import format_count, plain_text
from audits.core.report.report import CheckStatus
from audits.core.report.verdict import Status
from audits.export.ci.result import RunResult
from audits.findings import (
    Finding,
    describe_idle,
    describe_waiver,
    list_leading,
    list_notes,
    list_trees,
    read_policy_in_force,
    render_finding_sentence,
    render_headline as render_outcome,
)

MAX_BYTES = 60_000
SHOWN = 40
_ICONS = {Status.FAIL: "❌ failed", Status.WARN: "⚠️ warning", Status.INSUFFICIENT: "❔ undecided"}
_MARKS = re.compile(r"([\\`*_\[\]<>#|~&@!$])")


def render_summary(result: RunResult) -> str:
    """Return the summary: how it went and the first finding in the first lines, then all findings
    that stand alone with their intervals, what changed against the baseline, and notes.

    Never longer than `MAX_BYTES`: of what is too much, the last is left out and counted.
    """
    shown = SHOWN
    while True:
        text = "\n".join(_list_lines(result, shown)).rstrip() + "\n"
        if len(text.encode()) <= MAX_BYTES or shown == 1:
            return text if len(text.encode()) <= MAX_BYTES else _cut(text)
        shown = max(1, shown // 2)


def _cut(text: str) -> str:
    """Return what fits in whole lines."""
    note = "\n\nThe rest is in the report.\n"
    kept = text.encode()[: MAX_BYTES - len(note)].decode(errors="ignore")
    return kept.rpartition("\n")[0] + note


def _list_lines(result: RunResult, shown: int) -> Iterator[str]:
    report, leading = result.report, list_leading(result.report)
    worst = next((x for x in leading if x.status in (Status.FAIL, Status.WARN)), None)
    headline = render_outcome(report)
    worse = result.comparison is not None and result.comparison.got_worse
    if worse:
        headline = f"Worse than the baseline. {headline}"
    yield f"## {_name_outcome(result)}: {_escape(headline.rstrip('.'))}"
    yield ""
    if worse and result.comparison is not None:
        yield f"**{_escape(render_headline(result.comparison))}**"
        yield ""
    if worst is not None:
        yield f"**{_escape(render_finding_sentence(report, worst))}.**"
        yield ""
    policy = read_policy_in_force(report)
    named = f" · policy {_escape(policy.name)}" if policy is not None else ""
    yield f"{_escape(report.subject.name)} · {format_count(report.subject.data.rows)} rows{named}"
    yield from _list_findings(result, shown)
    if result.comparison is not None:
        yield from _list_changes(result.comparison, shown)
    yield from _list_notes(result)


def _name_outcome(result: RunResult) -> str:
    if result.fail_on == "never" and any(
        finding.status is Status.FAIL for finding in list_leading(result.report)
    ):
        return "❌ Failed, which does not count (--fail-on never)"
    if result.exit_code == 0:
        return "✅ Passed"
    return "💥 A check crashed" if result.exit_code == 3 else "❌ Failed"


def _list_findings(result: RunResult, shown: int) -> Iterator[str]:
    report = result.report
    trees = list_trees(report)
    if not trees:
        return
    yield from ("", "| | Rule | Who, how much, compared to whom, how sure |", "|---|---|---|")
    for leading, under in trees[:shown]:
        rule = f"{leading.rule}, {leading.attribute}" if leading.attribute else leading.rule
        cells = _name_status(result, leading), _escape(rule), _tell(result, leading, under)
        yield f"| {' | '.join(cells)} |"
    if len(trees) > shown:
        yield from ("", f"and {len(trees) - shown} more in the report")


def _name_status(result: RunResult, finding: Finding) -> str:
    return "🤝 accepted" if result.is_accepted(finding) else _ICONS[finding.status]


def _tell(result: RunResult, finding: Finding, under: tuple[Finding, ...]) -> str:
    told = f"{_escape(render_finding_sentence(result.report, finding))}."
    if waiver := describe_waiver(finding):
        told += f" _{_escape(waiver)}_"
    if under:
        told += f" {len(under)} more, not surely worse than this explains."
    return told


def _list_changes(found: Comparison, shown: int) -> Iterator[str]:
    yield from ("", f"### Against the baseline, {_escape(plain_text(found.before.name))}", "")
    yield f"{_escape(render_headline(found))} {_escape(found.basis_reason)}"
    turned = [item for item in found.verdicts if item.sure][:shown]
    if turned:
        yield from ("", *(f"- {_escape(render_verdict(item))}" for item in turned))
    for title, outcome in (("Got worse", Outcome.WORSENED), ("Improved", Outcome.IMPROVED)):
        changes: list[Change] = drop_doubles(found.find(outcome))
        if changes:
            picked = pick_varied(changes, min(12, shown))
            yield from ("", f"**{title}**", "", *(f"- {_escape(render_change(x))}" for x in picked))
            if len(changes) > len(picked):
                yield f"- and {len(changes) - len(picked)} more"


def _list_notes(result: RunResult) -> Iterator[str]:
    report = result.report
    notes = list(list_notes(report))
    if idle := describe_idle(report):
        notes.append(idle)
    crashed = [one for one in report.checks if one.status is CheckStatus.ERROR]
    notes += [f"The check {one.title} crashed: {one.reason}" for one in crashed]
    if notes:
        yield from ("", *(f"> {_escape(note)}  " for note in notes))


def _escape(text: str) -> str:
    """Return a text that Markdown shows as it is, in one line, and that calls nobody."""
    return _MARKS.sub(r"\\\1", " ".join(text.split())).replace("\\@", "&#64;")
