"""`assay verify`: every file against its digest, every number against the cube."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from audits.store.bundle import load_bundle, verify_bundle
from audits.verify import recompute_problems


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
        report = load_bundle(run).report
        numbers = sum(item.estimate is not None for item in report.measurements)
        files = len(report.evidence)
        print(f"Verified: {files} evidence files and {numbers:,} numbers hold.", file=sys.stderr)
    return 4 if problems else 0
