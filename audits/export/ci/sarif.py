"""SARIF 2.1.0 (OASIS): findings as results at the lines of the policy and the audit's settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from urllib.parse import quote

from audits.compare import Outcome, drop_doubles, render_change, render_headline
from audits.core.report.report import CheckStatus
from audits.core.report.verdict import Status
from audits.export.ci.result import Place, RunResult
from audits.findings import Finding, list_findings, read_policy_in_force, render_finding_sentence
from audits.policy import render_rule

_LEVELS: Mapping[Status, str] = {
    Status.FAIL: "error", Status.WARN: "warning", Status.INSUFFICIENT: "note",
}  # fmt: skip
_BASELINE = "baseline"
Json = dict[str, object]


def render_sarif(result: RunResult) -> str:
    """Return the audit as a SARIF log with one run.

    A finding is a result at its rule's line, with the line of the protected column beside it: an
    error, a warning, or a note where it could not be decided. What people have accepted is
    suppressed with their reason. What got worse than a baseline is a result of its own.
    """
    report = result.report
    results = [_make_result(result, finding) for finding in list_findings(report)]
    run: Json = {
        "tool": {"driver": _describe_tool(result)},
        "invocations": [_describe_invocation(result)],
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The working folder."}}},
        "automationDetails": {"id": f"assay/{report.subject.name}/"},
        "columnKind": "unicodeCodePoints",
        "results": [*results, *_list_worsened(result)],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def _describe_tool(result: RunResult) -> Json:
    tool = result.report.run.tool
    policy = read_policy_in_force(result.report)
    rules: list[Json] = [
        {
            "id": rule.name,
            "shortDescription": {"text": f"{rule.title}."},
            "fullDescription": {"text": f"{render_rule(rule).rstrip('.')}."},
            "help": {"text": rule.source or rule.title},
        }
        for rule in ([] if policy is None else policy.rules)
    ]
    if result.comparison is not None:
        rules.append({"id": _BASELINE, "shortDescription": {"text": "Nothing gets worse."}})
    return {"name": "Assay", "version": tool.version, "rules": rules}


def _describe_invocation(result: RunResult) -> Json:
    crashed = [one for one in result.report.checks if one.status is CheckStatus.ERROR]
    return {
        "executionSuccessful": not crashed,
        "exitCode": result.exit_code,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": f"{one.title}: {one.reason}"}} for one in crashed
        ],
    }


def _make_result(result: RunResult, finding: Finding) -> Json:
    made: Json = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.status],
        "message": {"text": f"{render_finding_sentence(result.report, finding)}."},
        "locations": [_locate(result.find_rule(finding.rule))],
        "partialFingerprints": {"assayFinding/v1": _digest(finding.id)},
        "properties": {
            "finding": finding.id, "attribute": finding.attribute, "groups": list(finding.groups),
            "people": finding.people, "under": finding.under,
        },
    }  # fmt: skip
    if finding.attribute is not None:
        place = result.find_attribute(finding.attribute)
        made["relatedLocations"] = [{**_locate(place), "message": {"text": finding.attribute}}]
    if result.is_accepted(finding):
        waiver = finding.waiver
        reason = {} if waiver is None else {"justification": f"{waiver.reason} ({waiver.owner})"}
        made["suppressions"] = [{"kind": "external", "status": "accepted", **reason}]
    return made


def _list_worsened(result: RunResult) -> list[Json]:
    found = result.comparison
    if found is None or not found.got_worse:
        return []
    worse = drop_doubles(found.find(Outcome.WORSENED))
    lines = [f"{render_change(item)}." for item in worse[:5]]
    return [
        {
            "ruleId": _BASELINE,
            "level": "error",
            "message": {"text": " ".join([render_headline(found), *lines])},
            "locations": [_locate(result.find_setting("audit"))],
            "partialFingerprints": {"assayFinding/v1": _digest(_BASELINE)},
        }
    ]


def _locate(place: Place) -> Json:
    inside = not place.file.startswith("/")
    base: Json = {"uriBaseId": "SRCROOT"} if inside else {}
    uri = place.file if inside else f"file://{place.file}"
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _encode(uri), **base},
            "region": {"startLine": place.line},
        }
    }


def _encode(uri: str) -> str:
    return quote(uri, safe="/:")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
