"""`assay reasons`: what each rejected applicant can be told, as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq

from audits.cli.terminal import write_text
from audits.core.errors import InputError
from audits.explain import MAX_REASONS
from audits.rules import neutralise
from audits.store import load_bundle

FILE = "reasons.parquet"


def reasons_command(run: Path, out: Path | None) -> None:
    """Write one line a person: the row's id and up to four reasons, the weightiest first.

    Raises InputError where the run worked out none.
    """
    bundle = load_bundle(run)
    if not bundle.has_evidence(FILE):
        why = [c.reason for c in bundle.report.checks if c.code == "rules.adverse_action"]
        raise InputError(
            f"{run.name!r} has no reasons: {(why or ['made before there were any'])[0]}"
        )
    told: dict[str, list[str]] = {}
    for record in pq.read_table(bundle.evidence_path(FILE)).to_pylist():
        told.setdefault(record["row"], []).append(record["reason"])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", *(f"reason_{place + 1}" for place in range(MAX_REASONS))])
    for row, reasons in told.items():
        missing = [""] * (MAX_REASONS - len(reasons))
        writer.writerow([neutralise(item) for item in (row, *reasons, *missing)])
    write_text(text.getvalue(), out, "Reasons")
