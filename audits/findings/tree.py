"""Findings as they are shown: each that stands alone, with those that are told under it."""

from __future__ import annotations

from audits.core.report.report import AuditReport
from audits.findings.finding import Finding
from audits.findings.gather import list_findings


def list_trees(report: AuditReport) -> tuple[tuple[Finding, tuple[Finding, ...]], ...]:
    """Return every finding that stands alone, in its order, with the findings that it explains."""
    findings = list_findings(report)
    return tuple(
        (leading, tuple(item for item in findings if item.under == leading.id))
        for leading in findings
        if leading.under is None
    )
