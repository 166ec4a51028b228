"""Check `data.columns`: what every column holds, and which hold nothing, or the same again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.checks.data.audited_columns import (
    choose_audited_columns,
    describe_drawn,
    draw_positions,
    list_roles,
)
from audits.core.limits import MIN_ROWS_TO_SHOW
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.cube import estimate_share
from audits.data import ROWS_VIEW, ColumnFacts, compute_facts, find_repeats

COLUMNS_CHECK = "data.columns"
COLUMNS_FILE = "evidence/columns.parquet"
ROWS = 50_000
"""Quantiles of more rows are taken from so many, sampled with the run's seed."""
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}

_SCHEMA = pa.schema(
    [("column", pa.string()), ("kind", pa.string()), ("roles", pa.list_(pa.string())),
     ("rows", pa.int64()), ("missing", pa.int64()), ("distinct", pa.int64()),
     ("distinct_exact", pa.bool_()), ("constant", pa.bool_()), ("unique", pa.bool_()),
     ("equal_to", pa.string()), ("mean", pa.float64()), ("spread", pa.float64()),
     *((name, pa.float64()) for name in QUANTILES),
     ("most_frequent", pa.string()), ("most_frequent_rows", pa.int64())]
)  # fmt: skip


def round_to_spread(value: float, spread: float) -> float:
    """Return a value rounded to a tenth of the spread's power of ten: enough to
    picture a column, too coarse to be one person's own value. Unchanged where spread is not above
    0."""
    if not spread > 0:
        return value
    digits = 1 - int(np.floor(np.log10(spread)))
    return float(round(value, digits)) + 0.0


def measure_columns(context: Context) -> CheckResult:
    """Describe every column, and count those that say nothing, and rows that are there twice."""
    table, spec = context.table, context.spec
    facts = compute_facts(table.connection, ROWS_VIEW, table.rows, table.columns)
    context.progress(COLUMNS_CHECK, 0.4)
    compared = [c for c in table.columns if c.name not in (spec.data.id, spec.data.key)]
    repeats = find_repeats(table.connection, ROWS_VIEW, table.columns, compared or table.columns)
    context.progress(COLUMNS_CHECK, 0.8)
    positions = draw_positions(context, f"{COLUMNS_CHECK}:rows", ROWS)
    roles = list_roles(context)
    numbers = _read_numbers(context, positions, facts, roles)
    records = [
        {
            **_describe(one, roles[one.name], numbers.get(one.name)),
            "equal_to": repeats.columns.get(one.name),
        }
        for one in facts
    ]
    pq.write_table(
        pa.Table.from_pylist(records, _SCHEMA), context.folder / COLUMNS_FILE, compression="zstd"
    )
    described = (
        "What every column is for and holds; numbers rounded, values that fewer than "
        f"{MIN_ROWS_TO_SHOW} rows have left out; quantiles of {describe_drawn(context, positions)}"
    )
    return CheckResult(
        (*_count(context, facts, repeats.columns), _measure_repeated(repeats.rows, table.rows)),
        (EvidenceFile(COLUMNS_FILE, len(records), described),),
    )


def _read_numbers(
    context: Context,
    positions: np.ndarray,
    facts: Sequence[ColumnFacts],
    roles: Mapping[str, Sequence[str]],
) -> dict[str, np.ndarray]:
    """Return the drawn rows' finite values of the numeric columns that may be summed up."""
    names = [
        one.name
        for one in facts
        if one.numbers is not None and not one.unique and not {"id", "key"} & set(roles[one.name])
    ]
    if not names:
        return {}
    frame = context.table.read_rows(positions)[names]
    found = {}
    for name in names:
        values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        found[name] = values[np.isfinite(values)]
    return found


def _describe(one: ColumnFacts, roles: Sequence[str], drawn: np.ndarray | None) -> dict[str, Any]:
    record: dict[str, Any] = {
        "column": one.name, "kind": one.kind, "roles": list(roles), "rows": one.rows,
        "missing": one.missing, "distinct": one.distinct, "distinct_exact": one.exact,
        "constant": one.constant, "unique": one.unique,
    }  # fmt: skip
    spread = one.numbers.spread if one.numbers is not None else None
    enough = one.numbers is not None and one.numbers.n >= MIN_ROWS_TO_SHOW
    if drawn is not None and one.numbers is not None and spread is not None and enough:
        record["mean"] = round_to_spread(one.numbers.mean, spread)
        record["spread"] = round_to_spread(spread, spread)
        record |= {
            name: round_to_spread(float(np.quantile(drawn, share)), spread)
            for name, share in QUANTILES.items()
            if len(drawn) * min(share, 1 - share) >= MIN_ROWS_TO_SHOW
        }
    if one.values and not {"id", "key"} & set(roles):
        value, rows = max(one.values.items(), key=lambda item: (item[1], item[0]))
        if rows >= MIN_ROWS_TO_SHOW:
            record |= {"most_frequent": value, "most_frequent_rows": rows}
    return record


def _count(
    context: Context, facts: Sequence[ColumnFacts], equal: Mapping[str, str]
) -> list[Measurement]:
    used = set(choose_audited_columns(context)) if context.model is not None else set[str]()
    counts = {
        "constant_columns": (sum(one.constant for one in facts), len(facts)),
        "duplicate_columns": (len(equal), len(facts)),
    }
    if used:
        unique = sum(one.unique for one in facts if one.name in used)
        counts["identifier_columns"] = (unique, len(used))
    return [
        build_measurement(
            COLUMNS_CHECK, metric, Estimate.exact(count, n), unit="count",
            direction="lower_is_better",
            evidence=(COLUMNS_FILE,),
        )
        for metric, (count, n) in counts.items()
    ]  # fmt: skip


def _measure_repeated(repeated: int, rows: int) -> Measurement:
    return build_measurement(
        COLUMNS_CHECK, "repeated_rows", estimate_share(repeated, rows), unit="share",
        direction="lower_is_better", evidence=(),
    )  # fmt: skip


COLUMNS = Check(
    COLUMNS_CHECK,
    "What the columns hold",
    "Describes every column (kind, role, missing and different values, a rounded summary that "
    "points at nobody), and counts constant columns, columns that repeat another one, rows that "
    "repeat another one, and columns of the model that look like an id.",
    measure_columns,
)
