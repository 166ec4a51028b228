"""The first page: how the audit ended, the worst findings, and the headline numbers."""

from __future__ import annotations

from collections import Counter

from audits.core.format import plain_text
from audits.core.report.report import AuditReport
from audits.core.report.verdict import SEVERITY, Status
from audits.core.words.words import describe
from audits.findings import list_leading, list_notes, render_headline
from model_cards.card import Block, Form, Outcome, Paragraph, Section, Text, Tile, Tiles
from model_cards.numbers import make_number
from model_cards.sections.fairness import list_findings
from model_cards.sections.performance import HEADLINES

STATUS_WORDS = {
    Status.FAIL: "Failed",
    Status.WARN: "Warning",
    Status.INSUFFICIENT: "Not enough data",
    Status.PASS: "Passed",
    Status.NOT_APPLICABLE: "Does not apply",
}
_IN_ORDER = (Status.PASS, Status.NOT_APPLICABLE)
_TILES = ("selection_rate", "prevalence", *HEADLINES, "recourse_share")


def build_summary(report: AuditReport) -> Section:
    """Return the audit's outcome, headline numbers and worst verdicts."""
    blocks: list[Block] = [Outcome(_find_worst(report), _describe_outcome(report))]
    blocks += [Paragraph((Text(note),), note=True) for note in list_notes(report)]
    tiles = _pick_tiles(report)
    if tiles:
        blocks.append(Tiles(tiles))
    findings = list_findings(report)
    if findings is not None:
        blocks.append(findings)
    return Section("summary", "Summary", tuple(blocks))


def _find_worst(report: AuditReport) -> Status | None:
    found = {verdict.status for verdict in report.verdicts}
    return next((status for status in SEVERITY if status in found), None)


def _describe_outcome(report: AuditReport) -> str:
    """Return the first line: whether fairness was judged, and how many findings there are."""
    if not report.verdicts:
        return "No policy rule applied, so this audit measures and does not judge."
    counts = Counter(finding.status for finding in list_leading(report))
    counts.update(v.status for v in report.verdicts if v.status in _IN_ORDER)
    tally = ", ".join(
        f"{counts[status]} {STATUS_WORDS[status].lower()}" for status in SEVERITY if counts[status]
    )
    return f"{render_headline(report)} {_name_policy(report)}: {tally}."


def _name_policy(report: AuditReport) -> str:
    policy = report.spec.effective.get("policy")
    name = (policy.get("preset") or policy.get("path")) if isinstance(policy, dict) else None
    return f"The policy “{plain_text(str(name))}”" if name else "The policy"


def _pick_tiles(report: AuditReport) -> tuple[Tile, ...]:
    tiles: list[Tile] = []
    for metric in _TILES:
        found = report.find(metric, attribute=None, group=None, part=None)
        if found and len(tiles) < 4:
            word = describe(metric)
            tiles.append(Tile(word.title, make_number(found[0], Form.FULL), word.meaning))
    return tuple(tiles)
