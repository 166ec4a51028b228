"""What single columns of the audited rows hold."""

from __future__ import annotations

from audits.data.source import fetch_one, quote
from audits.data.table import ROWS_VIEW, AuditTable


def list_frequent(table: AuditTable, column: str, most: int) -> list[str]:
    """Return at most `most` of a column's values as texts, the most frequent first; ties by text,
    missing left out."""
    rows = table.connection.execute(
        f"SELECT CAST({quote(column)} AS VARCHAR) AS v FROM {ROWS_VIEW} WHERE v IS NOT NULL "
        f"GROUP BY v ORDER BY count(*) DESC, v LIMIT {int(most)}"
    ).fetchall()
    return [str(row[0]) for row in rows]


def find_ends(table: AuditTable, column: str) -> tuple[float, float] | None:
    """Return the lowest and the highest value of a numeric column; None without a finite one."""
    number = f"CAST({quote(column)} AS DOUBLE)"
    found = fetch_one(
        table.connection,
        f"SELECT min({number}), max({number}) FROM {ROWS_VIEW} WHERE isfinite({number})",
    )
    if found is None or found[0] is None:
        return None
    return float(found[0]), float(found[1])
