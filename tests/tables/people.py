"""A small table of people whose counts are known by hand, and what an audit makes of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from audits.core.settings.spec import AuditSpec
from audits.data.opening import open_table
from audits.data.sql import connect
from audits.data.table import AuditTable

HEADER = ("sex", "city", "y", "score")
ROWS = [
    ("F", "Köln", "1", "0.75"),
    ("M", "Bonn", "0", "0.25"),
    ("F", "München", "0", "0.5"),
    ("M", "Bonn", "1", "0.125"),
    ("M", "Köln", "1", "0.875"),
    ("F", "Bonn", "0", "0.375"),
]

Counts = Counter[tuple[str, int, float]]


def count(rows: Iterable[Sequence[str]] = ROWS) -> Counts:
    """Return rows by sex, outcome and score, counted from the rows as they were written."""
    return Counter((sex, int(y), float(score)) for sex, _, y, score in rows)


def write_lines(
    sign: str = ",", end: str = "\n", rows: Iterable[Sequence[str]] = ROWS, comma: bool = False
) -> str:
    """Return the table as text; comma: with decimal commas."""
    lines = [sign.join(HEADER)]
    for row in rows:
        score = row[3].replace(".", ",") if comma else row[3]
        lines.append(sign.join((*row[:3], score)))
    return end.join(lines) + end


def open_people(folder: Path, path: str, **data: Any) -> AuditTable:
    """Open a file of people for an audit of its scores."""
    spec = AuditSpec.model_validate({
        "audit": {"name": "x"},
        "data": {"path": path, "target": "y", "positive": "1", "protected": ["sex"]} | data,
        "predictions": {"score": "score"},
    })  # fmt: skip
    return open_table(connect(1), spec, folder)


def read_counts(table: AuditTable) -> Counts:
    """Return rows by group, outcome and score as the audit reads them, two at a time."""
    found: Counts = Counter()
    for batch in table.batches(2):
        kept = batch.kept
        found.update(zip(kept["sex"], kept["y_true"].astype(int), kept["y_score"], strict=True))
    return found


def list_codes(table: AuditTable) -> list[str]:
    """Return the kinds of what is told."""
    return [notice.code for notice in table.notices]
