"""Whether an audit passes: the exit code, by what people ask to fail on."""

from __future__ import annotations

from audits.core.errors import InputError
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.report.verdict import Status
from audits.findings.accepted import list_accepted
from audits.findings.gather import count_judged, list_findings
from audits.policy import IN_FORCE, Policy

FAIL_ON: dict[str, frozenset[Status]] = {
    "fail": frozenset({Status.FAIL}),
    "warn": frozenset({Status.FAIL, Status.WARN}),
    "insufficient": frozenset({Status.FAIL, Status.WARN, Status.INSUFFICIENT}),
    "never": frozenset(),
}
"""On which verdicts the exit code is 1, by `--fail-on`."""


def check_fail_on(fail_on: str) -> None:
    """Raise InputError for a word that `--fail-on` does not know."""
    if fail_on not in FAIL_ON:
        raise InputError(f"--fail-on {fail_on!r} is unknown; use fail, warn, insufficient or never")


def compute_exit_code(report: AuditReport, fail_on: str) -> int:
    """Return 3 where a check crashed, 1 where the policy is not met, else 0.

    Breaches that people have accepted do not count. Where fewer comparisons of groups were judged
    than the policy asks for, it is not met; with `--fail-on insufficient` neither is it where none
    was judged.
    """
    if any(check.status is CheckStatus.ERROR for check in report.checks):
        return 3
    if fail_on == "never":
        return 0
    return int(bool(_list_violations(report, fail_on)) or is_short(report, fail_on))


def count_asked(report: AuditReport, fail_on: str) -> int:
    """Return how many comparisons of groups have to be judged for an audit to pass."""
    policy = read_policy_in_force(report)
    asked = 0 if policy is None else policy.least_judged
    return max(asked, 1) if fail_on == "insufficient" else asked


def is_short(report: AuditReport, fail_on: str) -> bool:
    """Whether fewer comparisons of groups were judged than were asked for."""
    return count_judged(report) < count_asked(report, fail_on)


def read_policy_in_force(report: AuditReport) -> Policy | None:
    """Return the policy that judged a report; None where it does not hold one."""
    stored = report.spec.effective.get(IN_FORCE)
    return None if stored is None else Policy.model_validate(stored)


def list_broken(report: AuditReport, fail_on: str) -> frozenset[str]:
    """Return the ids of the findings that keep an audit from passing: one of their verdicts is
    what people ask to fail on, and nobody has accepted it."""
    breaches = _list_violations(report, fail_on)
    return frozenset(
        finding.id
        for finding in list_findings(report)
        if any((finding.rule, name) in breaches for name in finding.verdicts)
    )


def _list_violations(report: AuditReport, fail_on: str) -> set[tuple[str, str]]:
    """Return the (rule, measurement) of what people ask to fail on and have not accepted."""
    asked = {
        (verdict.rule, verdict.measurement)
        for verdict in report.verdicts
        if verdict.status in FAIL_ON[fail_on]
    }
    return asked - list_accepted(report)
