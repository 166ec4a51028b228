"""How an audit ended: what the terminal shows of it, and the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from audits.core.format import format_count
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.report.verdict import Status
from audits.core.words.harms import describe_harm
from audits.findings import (
    count_judged,
    list_leading,
    read_policy_in_force,
    render_finding_sentence,
    render_headline,
)
from audits.policy import explain_unjudged, list_idle_rules, render_expired, render_waiver
from audits.store import Bundle

LOOKS = {
    Status.FAIL: ("✗", "bold red"),
    Status.WARN: ("!", "yellow"),
    Status.INSUFFICIENT: ("?", "blue"),
    Status.PASS: ("✓", "green"),
    Status.NOT_APPLICABLE: ("–", "dim"),
}
SHOWN = 12


def show_outcome(console: Console, bundle: Bundle, seconds: float) -> None:
    """Show what an audit found: whether fairness was judged, then findings, then the rest."""
    report = bundle.report
    console.print()
    for line, style in _list_first_lines(report):
        console.print(Text(line, style=style))
    console.print(Text(report.subject.name, style="bold"), end="  ")
    console.print(f"{report.subject.data.rows:,} rows, audited in {seconds:.1f} s", style="dim")
    console.print(_tabulate_findings(report))
    counts = Counter(verdict.status for verdict in report.verdicts)
    parts = [f"{n} {status.value.replace('_', ' ')}" for status in LOOKS if (n := counts[status])]
    console.print("Verdicts: " + (", ".join(parts) or "the policy has nothing to judge here"))
    for notice in report.notices:
        console.print(Text(f"Note: {notice.text}", style="yellow"))
    if harm := describe_harm(report):
        console.print(Text(harm, style="bold"))
    for line in (*_list_notes(report), *_list_unmeasured(report)):
        console.print(Text(line, style="dim"))
    here = _shorten(bundle.path)
    console.print(Text(f"\nReport  {here / 'report.html'}\nCard    {here / 'card.html'}"))
    console.print(Text(f"Look    assay serve --runs {here.parent}"))


def _list_first_lines(report: AuditReport) -> Iterator[tuple[str, str]]:
    """Yield how it went, with a look: what was not judged stands first."""
    policy, judged = read_policy_in_force(report), count_judged(report)
    headline = render_headline(report)
    if judged == 0 and policy is not None:
        why = explain_unjudged(policy, report.subject.task, report.subject.data.protected)
        said, _, rest = headline.partition(". ")
        yield f"{said.removesuffix('.')}: {why}.{f' {rest}' if rest else ''}", "bold yellow"
    else:
        yield headline, "bold"
    if policy is not None and judged < policy.least_judged:
        yield (
            f"Judged {format_count(judged)} comparisons of groups; the policy asks for at least "
            f"{format_count(policy.least_judged)} (least_judged), so that the audit does not pass.",
            "bold red",
        )


def _tabulate_findings(report: AuditReport) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    findings = list_leading(report)
    for finding in findings[:SHOWN]:
        icon, style = LOOKS[finding.status]
        word = finding.status.value.replace("_", " ")
        about = f"{finding.rule}, {finding.attribute}" if finding.attribute else finding.rule
        text = Text.assemble((about, "bold"), f"\n{render_finding_sentence(report, finding)}.")
        if finding.waiver is not None:
            text.append(f"\n{render_waiver(finding.waiver)}", style="italic")
        table.add_row(Text(icon, style=style), Text(word, style=style), text)
    rest = len(findings) - SHOWN
    if rest > 0:
        table.add_row("", "", Text(f"and {rest} more in the report", style="dim"))
    return table


def _list_notes(report: AuditReport) -> Iterator[str]:
    """Yield what else is to be known: waivers that have expired, rules that met nothing."""
    policy, day = read_policy_in_force(report), report.run.day
    if policy is None:
        return
    if day is not None:
        yield from (render_expired(waiver, day) for waiver in policy.list_expired(day))
    idle = [rule.name for rule in list_idle_rules(policy, report.verdicts)]
    if idle:
        yield f"Rules that judged nothing, because nothing was measured for them: {', '.join(idle)}"


def _list_unmeasured(report: AuditReport) -> Iterator[str]:
    """Yield which checks measured nothing: those with one reason in one line."""
    titles: dict[tuple[CheckStatus, str], list[str]] = {}
    for check in report.checks:
        if check.status is not CheckStatus.MEASURED:
            titles.setdefault((check.status, check.reason), []).append(check.title)
    for (status, reason), names in titles.items():
        yield f"{', '.join(names)}: {status.value.replace('_', ' ')}: {reason}"


def _shorten(path: Path) -> Path:
    """Return a path as seen from here, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
