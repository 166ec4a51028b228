"""Small real audits of decisions, made of counts by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from audits.checks.builtin import CUBE_CHECKS
from audits.checks.data.profile import PROFILE
from audits.core.report.report import AuditReport
from audits.pipeline.run import run_audit

Counts = Mapping[tuple[str, ...], tuple[int, int, int, int]]
"""From a group (one value a column) to its true positives, false negatives, false positives and
true negatives."""

AuditCounts = Callable[..., AuditReport]


def write_rows(folder: Path, columns: tuple[str, ...], counts: Counts) -> None:
    """Write one CSV row a person."""
    lines = [",".join((*columns, "outcome", "decision"))]
    for group, cells in counts.items():
        for (true, decided), n in zip(
            (("yes", "yes"), ("yes", "no"), ("no", "yes"), ("no", "no")), cells, strict=True
        ):
            lines += [",".join((*group, true, decided))] * n
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def audit_counts(tmp_path: Path) -> AuditCounts:
    """Audits counts by group under a preset, or a policy's text."""
    made = 0

    def audit(
        columns: tuple[str, ...], counts: Counts, preset: str = "four-fifths", policy: str = ""
    ) -> AuditReport:
        nonlocal made
        made += 1
        folder = tmp_path / str(made)
        folder.mkdir()
        write_rows(folder, columns, counts)
        (folder / "policy.toml").write_text(policy, encoding="utf-8")
        chosen = 'path = "policy.toml"' if policy else f'preset = "{preset}"'
        protected = ", ".join(f'"{name}"' for name in columns)
        (folder / "audit.toml").write_text(
            f'[audit]\nname = "counts"\n[data]\npath = "rows.csv"\ntarget = "outcome"\n'
            f'positive = "yes"\nprotected = [{protected}]\n[predictions]\nlabel = "decision"\n'
            f"[policy]\n{chosen}\n",
            encoding="utf-8",
        )
        checks = (PROFILE, *CUBE_CHECKS)
        return run_audit(folder / "audit.toml", folder / "run", checks=checks).report

    return audit
