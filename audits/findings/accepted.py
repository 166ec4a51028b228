"""What people have accepted: breaches with a waiver, and what is told under these."""

from __future__ import annotations

from audits.core.report.report import AuditReport
from audits.core.report.verdict import SEVERITY
from audits.findings.gather import list_findings


def list_accepted(report: AuditReport) -> frozenset[tuple[str, str]]:
    """Return the (rule, measurement) of every verdict that a waiver answers for.

    An intersection that is no worse than its attributes make it goes with the waiver of the
    attribute that it stands under, unless its own status is worse.
    """
    findings = list_findings(report)
    waived = {finding.id: finding for finding in findings if finding.waiver is not None}
    accepted = set()
    for finding in findings:
        parent = waived.get(finding.under or "")
        by_parent = parent is not None and (
            SEVERITY.index(finding.status) >= SEVERITY.index(parent.status)
        )
        if finding.id in waived or by_parent:
            accepted |= {(finding.rule, name) for name in finding.verdicts}
    return frozenset(accepted)
