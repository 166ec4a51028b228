"""What a rejected person can be told, where the audit worked that out."""

from __future__ import annotations

import pyarrow.parquet as pq

from audits.core.format import format_value, plain_text
from dashboard.catalogue import say
from dashboard.viewmodels.run import RunData

FILE = "reasons.parquet"


def list_reasons(run: RunData, row: str) -> list[str]:
    """Return a row's reasons as sentences, the weightiest first; [] where there are none."""
    if not run.bundle.has_evidence(FILE):
        return []
    table = pq.read_table(run.bundle.evidence_path(FILE), filters=[("row", "=", row)])
    records = sorted(table.to_pylist(), key=lambda record: int(record["rank"]))
    return [
        say(
            "reasons.line",
            n=int(record["rank"]) + 1,
            reason=plain_text(record["reason"]),
            share=format_value(float(record["share"]), "share"),
        )
        for record in records
    ]
