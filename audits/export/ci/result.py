"""A finished audit as other tools are told of it, and where in the files its rules stand."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from audits.compare import Comparison
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Status
from audits.core.settings.toml_lines import find_lines, get_line
from audits.findings import (
    Finding,
    list_accepted,
    list_broken,
    list_findings,
    render_finding_sentence,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, from 1. The file as seen from the working folder, with slashes."""

    file: str
    line: int


@dataclass(frozen=True)
class RunResult:
    """A report with what was asked of it.

    fail_on: as `--fail-on`. exit_code: of the whole command. audit, policy: the files that were
    read; policy is None where a preset judged. comparison: with the baseline, if there was one.
    """

    report: AuditReport
    fail_on: str
    exit_code: int
    audit: Path
    policy: Path | None = None
    comparison: Comparison | None = None

    @cached_property
    def broken(self) -> frozenset[str]:
        """The ids of the findings that keep the audit from passing."""
        return list_broken(self.report, self.fail_on)

    @cached_property
    def accepted(self) -> frozenset[tuple[str, str]]:
        """What people have accepted for a while, as (rule, measurement)."""
        return list_accepted(self.report)

    def is_accepted(self, finding: Finding) -> bool:
        """Whether people have accepted a finding for a while."""
        return finding.status in (Status.FAIL, Status.WARN) and all(
            (finding.rule, name) in self.accepted for name in finding.verdicts
        )

    @cached_property
    def _rules(self) -> dict[str, Place]:
        """Where the rules of the policy file stand, by name."""
        if self.policy is None:
            return {}
        text = self.policy.read_text(encoding="utf-8-sig")
        lines = find_lines(text)
        named = tomllib.loads(text).get("rules", [])
        file = show_path(self.policy)
        return {rule.get("name", ""): Place(file, get_line(lines, ("rules", place)))
                for place, rule in enumerate(named)}  # fmt: skip

    @cached_property
    def _audit_lines(self) -> dict[tuple[str | int, ...], int]:
        return find_lines(self.audit.read_text(encoding="utf-8-sig"))

    def find_rule(self, rule: str) -> Place:
        """Return where a rule stands: in the policy file, else where the settings name it."""
        own = self._rules.get(rule)
        return own or self.find_setting("policy")

    def find_setting(self, *path: str | int) -> Place:
        """Return where a setting stands in the audit's file, or the nearest thing that holds it."""
        return Place(show_path(self.audit), get_line(self._audit_lines, path))

    def find_attribute(self, attribute: str) -> Place:
        """Return where the settings name a protected column."""
        names = self.report.subject.data.protected
        if attribute in names:
            return self.find_setting("data", "protected", names.index(attribute))
        return self.find_setting("data", "protected")


def show_path(path: Path) -> str:
    """Return a path as seen from the working folder where it lies below, else as it is."""
    whole, here = path.absolute(), Path.cwd()
    return (whole.relative_to(here) if whole.is_relative_to(here) else whole).as_posix()


def describe_findings(report: AuditReport) -> list[dict[str, object]]:
    """Return all findings in their order as JSON values, as the last event of a run has them."""
    return [
        {
            "id": item.id,
            "status": item.status.value,
            "rule": item.rule,
            "attribute": item.attribute,
            "groups": list(item.groups),
            "reference_group": item.reference_group,
            "measurement": item.measurement,
            "people": item.people,
            "under": item.under,
            "waived_until": None if item.waiver is None else item.waiver.expires.isoformat(),
            "sentence": f"{render_finding_sentence(report, item)}.",
        }
        for item in list_findings(report)
    ]
