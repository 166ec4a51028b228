"""GitHub's workflow commands: a finding as an annotation at the line of its rule."""

from __future__ import annotations

from audits.compare import render_headline
from audits.core.report.verdict import Status
from audits.export.ci.result import Place, RunResult
from audits.findings import list_leading, render_finding_sentence

MAX_LISTED = 10
"""GitHub shows ten annotations of a kind for each step."""


def render_annotations(result: RunResult) -> str:
    """Return one command a line: errors for what fails the audit, warnings for what else failed
    or is warned of, and what got worse than the baseline first. Accepted findings have none."""
    report = result.report
    errors: list[str] = []
    warnings: list[str] = []
    if result.comparison is not None and result.comparison.got_worse:
        headline = render_headline(result.comparison)
        errors.append(_command("error", result.find_setting("audit"), "baseline", headline))
    for finding in list_leading(report):
        if finding.status is Status.INSUFFICIENT or result.is_accepted(finding):
            continue
        kind = "error" if finding.id in result.broken else "warning"
        title = f"{finding.rule}, {finding.attribute}" if finding.attribute else finding.rule
        sentence = f"{render_finding_sentence(report, finding)}."
        line = _command(kind, result.find_rule(finding.rule), title, sentence)
        (errors if kind == "error" else warnings).append(line)
    return "".join(f"{line}\n" for line in (*errors[:MAX_LISTED], *warnings[:MAX_LISTED]))


def _command(kind: str, place: Place, title: str, message: str) -> str:
    fields = {"file": place.file, "line": str(place.line), "title": f"Assay: {title}"}
    told = ",".join(f"{name}={_escape(text, inside=True)}" for name, text in fields.items())
    return f"::{kind} {told}::{_escape(message)}"


def _escape(text: str, *, inside: bool = False) -> str:
    """Escape as the runner reads it back; `inside` a property, commas and colons too."""
    marks = {"%": "%25", "\r": "%0D", "\n": "%0A"} | ({":": "%3A", ",": "%2C"} if inside else {})
    return "".join(marks.get(letter, letter) for letter in text)
