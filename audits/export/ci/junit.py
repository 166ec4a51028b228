"""JUnit XML: a rule on an attribute is a test case, a finding that fails the audit its failure.

No committee owns the format; this writes the part that Jenkins, GitLab, GitHub and pytest share:
`testsuites`, `testsuite`, `testcase` with `failure`, `error`, `skipped` and `system-out`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from audits.compare import render_headline
from audits.core.report.report import CheckStatus
from audits.core.report.verdict import JUDGED, Status
from audits.export.ci.result import RunResult
from audits.findings import (
    Finding,
    count_asked,
    count_judged,
    describe_waiver,
    is_short,
    list_findings,
    read_policy_in_force,
    render_finding_sentence,
)

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class _Case:
    """A test case; end is "", "failure", "error" or "skipped", message and text say why."""

    suite: str
    name: str
    seconds: float = 0.0
    end: str = ""
    message: str = ""
    text: str = ""
    said: str = ""


def render_junit(result: RunResult) -> str:
    """Return the audit as JUnit XML.

    Failed and warned findings that `--fail-on` names are failures; what could not be decided is
    skipped, or a failure where `--fail-on insufficient` asks for that; accepted findings are
    skipped with their waiver; a crashed check is an error, one that did not apply is skipped.
    """
    report = result.report
    suites = {
        f"policy {_name_policy(result)}": [*_list_rules(result)],
        "checks": [*_list_checks(result)],
        "baseline": [*_list_baseline(result)],
    }
    root = ET.Element("testsuites", name=_clean(report.subject.name))
    for name, cases in suites.items():
        if cases:
            root.append(_build_suite(name, cases, report.run.created))
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    root.set("time", f"{report.run.duration_s:.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _name_policy(result: RunResult) -> str:
    policy = read_policy_in_force(result.report)
    return "" if policy is None else policy.name


def _build_suite(name: str, cases: list[_Case], created: str) -> ET.Element:
    suite = ET.Element("testsuite", name=_clean(name), timestamp=created[:19])
    ends = [case.end for case in cases]
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(ends.count("failure")))
    suite.set("errors", str(ends.count("error")))
    suite.set("skipped", str(ends.count("skipped")))
    suite.set("time", f"{sum(case.seconds for case in cases):.3f}")
    for case in cases:
        made = ET.SubElement(
            suite, "testcase", classname=_clean(case.suite), name=_clean(case.name)
        )
        made.set("time", f"{case.seconds:.3f}")
        if case.end:
            end = ET.SubElement(made, case.end, message=_clean(case.message))
            if case.end == "failure":
                end.set("type", "policy")
            end.text = _clean(case.text)
        if case.said:
            ET.SubElement(made, "system-out").text = _clean(case.said)
    return suite


def _list_rules(result: RunResult) -> Iterator[_Case]:
    """Yield the findings, then every rule on an attribute that has none and judged something."""
    report = result.report
    findings = list_findings(report)
    for finding in findings:
        yield _make_finding(result, finding)
    told = {(item.rule, item.attribute) for item in findings}
    kept: dict[tuple[str, str | None], int] = {}
    for verdict in report.verdicts:
        if verdict.status in JUDGED:
            key = verdict.rule, report.by_id[verdict.measurement].attribute
            kept[key] = kept.get(key, 0) + 1
    for (rule, attribute), n in kept.items():
        if (rule, attribute) not in told:
            yield _Case(rule, attribute or "whole data", said=f"{n} judged, all within the limits.")
    if (shortfall := _describe_shortfall(result)) and result.fail_on != "never":
        yield _Case("policy", "least judged", end="failure", message=shortfall)


def _make_finding(result: RunResult, finding: Finding) -> _Case:
    sentence = f"{render_finding_sentence(result.report, finding)}."
    case = _Case(finding.rule, finding.id, said=sentence)
    reasons = [
        verdict.reason
        for verdict in result.report.verdicts
        if verdict.rule == finding.rule and verdict.measurement in finding.verdicts
    ]
    if finding.id in result.broken:
        text = "\n".join([finding.title, *dict.fromkeys(reasons)])
        return _Case(finding.rule, finding.id, 0.0, "failure", sentence, text)
    if result.is_accepted(finding):
        message = describe_waiver(finding) or "Accepted with the finding that explains it."
        return _Case(finding.rule, finding.id, 0.0, "skipped", f"{message} {sentence}")
    if finding.status is Status.INSUFFICIENT:
        return _Case(finding.rule, finding.id, 0.0, "skipped", f"Undecided: {sentence}")
    return case


def _describe_shortfall(result: RunResult) -> str:
    """Return that fewer comparisons of groups were judged than was asked for, "" where not."""
    report, fail_on = result.report, result.fail_on
    if not is_short(report, fail_on):
        return ""
    judged, asked = count_judged(report), count_asked(report, fail_on)
    return f"{judged} comparisons of groups were judged, {asked} were asked for."


def _list_checks(result: RunResult) -> Iterator[_Case]:
    ends = {CheckStatus.ERROR: "error", CheckStatus.MEASURED: ""}
    for check in result.report.checks:
        yield _Case(
            "checks", check.code, check.seconds, ends.get(check.status, "skipped"), check.reason
        )


def _list_baseline(result: RunResult) -> Iterator[_Case]:
    found = result.comparison
    if found is not None:
        headline = render_headline(found)
        end = "failure" if found.got_worse else ""
        yield _Case("baseline", f"against {found.before.name}, {found.before.created}", 0.0, end,
                    headline if end else "", said="" if end else headline)  # fmt: skip


def _clean(text: str) -> str:
    """Leave out what XML 1.0 cannot hold."""
    return _NO_XML.sub("\ufffd", text)
