"""Numbers outside the range that other rows have shown, counted in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from audits.data.sql import fetch_one, quote


def _render_finite(name: str) -> str:
    number = f"CAST({quote(name)} AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def compute_ranges(
    connection: duckdb.DuckDBPyConnection, view: str, names: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Return the lowest and highest finite value of each named numeric column that has one."""
    if not names:
        return {}
    ends = ", ".join(f"min({_render_finite(n)}), max({_render_finite(n)})" for n in names)
    row = fetch_one(connection, f"SELECT {ends} FROM {view}")
    assert row is not None  # an aggregate always has one row
    pairs = zip(names, row[::2], row[1::2], strict=True)
    return {name: (float(low), float(high)) for name, low, high in pairs if low is not None}


def count_outside(
    connection: duckdb.DuckDBPyConnection, view: str, ranges: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[int, int]]:
    """Return for each column how many of its finite values lie outside its range, and how many
    there are."""
    if not ranges:
        return {}
    counts = ", ".join(
        f"count(*) FILTER (WHERE {number} < {low!r} OR {number} > {high!r}), count({number})"
        for number, (low, high) in ((_render_finite(name), ends) for name, ends in ranges.items())
    )
    row = fetch_one(connection, f"SELECT {counts} FROM {view}")
    assert row is not None
    return {
        name: (int(outside), int(known))
        for name, outside, known in zip(ranges, row[::2], row[1::2], strict=True)
    }
