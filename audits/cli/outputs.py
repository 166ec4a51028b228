"""What a run writes for other tools: files by flag or setting, and what GitHub reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from audits.cli.terminal import explain_unwritable
from audits.compare import Comparison
from audits.core.report.report import AuditReport
from audits.core.settings.read import load_spec
from audits.export import FORMATS, RunResult, render_annotations

Outputs = Mapping[str, Path | None]
"""Where each of `FORMATS` is wanted, by its flag."""

ON_GITHUB = "GITHUB_ACTIONS"
GITHUB_SUMMARY = "GITHUB_STEP_SUMMARY"


def find_targets(audit: Path, asked: Outputs) -> dict[str, Path]:
    """Return where each format goes: where a flag says, else where `[output]` does, seen from the
    settings' folder. Raises InputError where a folder cannot be made, before any work starts."""
    section = load_spec(audit).output.model_dump(exclude_none=True)
    base = audit.absolute().parent
    targets = {name: base / path for name, path in section.items()}
    targets |= {name: path for name, path in asked.items() if path is not None}
    for path in targets.values():
        with explain_unwritable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("a").close()
    return targets


def write_outputs(
    targets: Mapping[str, Path],
    report: AuditReport,
    audit: Path,
    *,
    fail_on: str,
    exit_code: int,
    comparison: Comparison | None,
) -> None:
    """Write what was asked for; where GitHub runs the command, annotate, and add to the summary of
    the step. Raises InputError where a file cannot be written."""
    policy = load_spec(audit).policy.path
    result = RunResult(
        report=report,
        fail_on=fail_on,
        exit_code=exit_code,
        audit=audit,
        policy=None if policy is None else audit.absolute().parent / policy,
        comparison=comparison,
    )
    for name, path in targets.items():
        with explain_unwritable(path):
            path.write_text(FORMATS[name](result), encoding="utf-8")
    if os.environ.get(ON_GITHUB) == "true":
        sys.stderr.write(render_annotations(result))
        if step := os.environ.get(GITHUB_SUMMARY):
            with explain_unwritable(Path(step)), Path(step).open("a", encoding="utf-8") as file:
                file.write(FORMATS["summary"](result))
