"""Why a finding's gap exists: the gap in selection behind it, attributed to columns."""

from __future__ import annotations

from dataclasses import dataclass

from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Status
from audits.findings.finding import Finding
from audits.findings.gather import list_findings, list_leading
from audits.findings.numbers import name_base
from audits.findings.stories.findings import find_selection_gap, render_gap as render_columns

SURE = (Status.FAIL, Status.WARN)
"""A gap is explained where a rule calls it one of these; no other gap is."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A gap in selection that is a finding. gap: by how much the group is selected less often;
    shares: of the model's columns."""

    finding: Finding
    gap: Measurement
    shares: tuple[Measurement, ...]

    @property
    def sentence(self) -> str:
        """Which columns make it."""
        return render_columns(self.gap, self.shares) or ""


def explain_finding(report: AuditReport, finding: Finding) -> Explained | None:
    """Return the gap in selection behind a finding: its own, else that of the same group where
    that is a finding too. None where there is no such finding, or nothing was attributed to
    columns."""
    for item in (finding, *list_findings(report)):
        same = (item.attribute, item.group) == (finding.attribute, finding.group)
        if same and is_of_selection(report, item) and (found := _explain(report, item)):
            return found
    return None


def list_explained(report: AuditReport) -> tuple[Explained, ...]:
    """Return what explains the findings that stand alone, in their order, each pair once."""
    found: dict[str, Explained] = {}
    for item in list_leading(report):
        if is_of_selection(report, item) and (one := _explain(report, item)):
            found.setdefault(one.gap.id, one)
    return tuple(found.values())


def is_of_selection(report: AuditReport, finding: Finding) -> bool:
    """Whether a finding says that one group is surely selected less often."""
    if finding.status not in SURE or finding.group is None:
        return False
    return name_base(report.by_id[finding.measurement]) == "selection_rate"


def _explain(report: AuditReport, finding: Finding) -> Explained | None:
    """Return the finding's own pair; where it was not attributed to columns, the group's widest."""
    mine = [
        item
        for item in report.find("gap_share", attribute=finding.attribute, group=finding.group)
        if item.estimate is not None
    ]
    references = dict.fromkeys(item.reference_group for item in mine)
    wanted = sorted(references, key=lambda name: name != finding.reference_group)
    for reference in wanted:
        gap = find_selection_gap(report, finding.attribute, finding.group, reference)
        shares = tuple(item for item in mine if item.reference_group == reference)
        if gap is not None:
            return Explained(finding, gap, shares)
    return None
