"""`assay verify`: every file against its digest, every number against the cube."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from audits.core.report.report import AuditReport
from audits.pipeline import is_of_another_version, recompute_problems
from audits.store import load_bundle, verify_bundle


def verify_command(run: Path, *, as_json: bool) -> int:
    """Print what no longer holds; return 0, or 4 where anything does not."""
    problems = verify_bundle(run)
    if not problems:
        problems = recompute_problems(load_bundle(run))
    if as_json:
        print(json.dumps({"run": str(run), "verified": not problems, "problems": problems}))
    elif problems:
        for problem in problems:
            print(f"assay: {problem}", file=sys.stderr)
    else:
        print(_say_verified(load_bundle(run).report), file=sys.stderr)
    return 4 if problems else 0


def _say_verified(report: AuditReport) -> str:
    files = len(report.evidence)
    if is_of_another_version(report):
        return (
            f"Verified: {files} evidence files hold. Version {report.run.tool.version} made this "
            "run: its counts, rates and differences were recomputed; its intervals, largest gaps "
            "and verdicts were not."
        )
    numbers = sum(item.estimate is not None for item in report.measurements)
    return f"Verified: {files} evidence files and {numbers:,} numbers hold."
