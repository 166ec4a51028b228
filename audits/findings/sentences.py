"""Findings in words: who, how much, compared to whom, how many people, how sure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from audits.core.format import format_count, format_interval, format_value, plain_text
from audits.core.limits import ALPHA
from audits.core.report.estimate import Estimate, make_size
from audits.core.report.measurement import Measurement
from audits.core.report.parts import PartKind
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Cause, Status
from audits.core.words.words import list_words
from audits.findings.finding import Finding
from audits.findings.gather import count_judged, get_min_rows, list_leading
from audits.findings.numbers import find_own, find_sides, is_oriented, name_base
from audits.findings.stories.sentences import render_finding as render_number

_SHOWN = 4


@cache
def load_words() -> Mapping[str, str]:
    """Return the words by dotted key ("gap.selection_rate")."""
    text = (resources.files("audits.findings") / "words.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {f"{name}.{key}": said for name, table in tables.items() for key, said in table.items()}


def render_finding_sentence(report: AuditReport, finding: Finding) -> str:
    """Return a finding as one sentence without a full stop."""
    parts = [render_subject(report, finding), render_people(finding), render_sureness(finding)]
    return "; ".join(part for part in parts if part)


def render_subject(report: AuditReport, finding: Finding) -> str:
    """Return who, how much and compared to whom, with the interval."""
    words = load_words()
    if len(finding.groups) > 1 or finding.cause is Cause.SMALL:
        return _render_several(report, finding)
    item = report.by_id[finding.measurement]
    said = _render_gap(report, item)
    if said is None:
        return render_number(item)
    if item.is_of(PartKind.CLASS):
        name = plain_text(item.part_name)
        return words["part.class"].format(name=name, sentence=said)
    return said


def _render_gap(report: AuditReport, item: Measurement) -> str | None:
    """Return a comparison with both groups' own numbers; None where its metric has no words."""
    kind = "ratio" if item.unit == "ratio" else "gap"
    words, key = load_words(), f"{kind}.{name_base(item)}"
    group, reference = find_sides(item)
    own, other = (find_own(report, item, name) for name in (group, reference))
    turned = group != item.group and kind == "ratio"  # "1.3 times as often" is said of the other
    if key not in words or turned or item.estimate is None:
        return None
    if own is None or other is None or own.estimate is None or other.estimate is None:
        return None
    size = item.estimate if kind == "ratio" or is_oriented(item) else make_size(item.estimate)
    assert isinstance(size, Estimate)  # as what it was made of
    return words[key].format(
        group=plain_text(group or ""),
        reference=plain_text(reference or ""),
        own=format_value(own.estimate.value, own.unit),
        other=format_value(other.estimate.value, other.unit),
        size=format_value(size.value, item.unit),
        range=format_interval(size, item.unit),
    )


def _render_several(report: AuditReport, finding: Finding) -> str:
    words = load_words()
    names = [plain_text(name) for name in finding.groups]
    fields = {
        "groups": list_words(names, _SHOWN),
        "n": format_count(len(names)),
        "attribute": plain_text(finding.attribute or ""),
        "min_rows": format_count(get_min_rows(report)),
    }
    if finding.cause is Cause.SMALL:
        return words["several.small"].format(**fields)
    key = "several.uncertain" if len(names) > 1 else "several.uncertain_one"
    return words[key].format(**fields)


def render_people(finding: Finding) -> str:
    """Return how many people it concerns, "" where that is not known."""
    words = load_words()
    if finding.people is None or finding.cause is Cause.SMALL:
        return ""
    people, affected = format_count(finding.people), finding.affected
    if affected is None or affected.value <= 0 or affected.low <= 0:
        return words["people.few"].format(people=people)
    return words["people.some"].format(
        people=people,
        value=format_count(round(affected.value)),
        low=format_count(max(1, int(affected.low))),
    )


def render_sureness(finding: Finding) -> str:
    """Return how sure a finding is, "" where its words say so already."""
    words = load_words()
    if len(finding.groups) > 1 or finding.cause in (None, Cause.SMALL):
        return ""
    if finding.cause is Cause.BREACH:
        return words["sure.breach"] if finding.adjusted is not None else ""
    if finding.cause is Cause.TURNED:
        return words["sure.turned"]
    if finding.cause is Cause.UNCERTAIN and finding.p_value is not None and finding.p_value < ALPHA:
        return words["sure.counted"].format(comparisons=finding.comparisons or "")
    return words["sure.uncertain"]


def render_headline(report: AuditReport) -> str:
    """Return the first line of every surface: whether fairness was judged, and how it went."""
    words = load_words()
    if not report.verdicts:
        return f"{words['headline.unjudged']} {words['headline.none']}"
    leading = list_leading(report)
    waived = [finding for finding in leading if finding.waiver is not None]
    findings = [finding for finding in leading if finding.waiver is None]
    counts = {status: [x for x in findings if x.status is status] for status in Status}
    status = next((s for s in (Status.FAIL, Status.WARN, Status.INSUFFICIENT) if counts[s]),
                  Status.PASS)  # fmt: skip
    n = len(counts[status])
    said = words[f"headline.{status.value}"].format(n=n, s="" if n == 1 else "s") + "."
    if waived:
        more = words["headline.waived"].format(n=len(waived), s="" if len(waived) == 1 else "s")
        said = f"{said} {more}"
    return f"{words['headline.unjudged']} {said}" if not count_judged(report) else said
