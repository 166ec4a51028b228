"""Check `data.reference`: do the audited rows lie within what the reference rows have shown, and
are some of them the very same rows?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.checks.data.audited_columns import choose_audited_columns
from audits.core.errors import CheckNotApplicableError
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.cube import CONFIDENCE, compute_difference, compute_share_interval, estimate_share
from audits.data import (
    MAX_VALUES,
    ROWS_VIEW,
    Column,
    Overlap,
    compute_ranges,
    count_outside,
    count_shared_rows,
    count_values,
    tabulate_columns,
)

CODE = "data.reference"
REFERENCE_FILE = "evidence/reference.parquet"
MAX_LISTED = 50
"""The report has at most so many columns, those that differ most; the evidence has all."""


@dataclass(frozen=True, slots=True)
class _Strange:
    """How many of a column's known audited values the reference has not shown: "unseen_share" of
    categories, "outside_range_share" of numbers."""

    column: str
    metric: str
    strange: int
    known: int


def compute_excess(overlap: Overlap) -> Estimate:
    """Return how many more of the audited rows are in the reference than chance would put there:
    a share of the audited rows, in [0, 1]; 0 where there are fewer.

    A new row of the same origin is in the reference as often as one of the reference's own rows
    has a twin there (Good 1953). Interval: MOVER of the two shares.
    """
    n, m = float(overlap.rows), float(overlap.other_rows)
    shares = np.array([overlap.shared / n, overlap.repeated / m])
    low, high = compute_share_interval(shares, np.array([n, m]))
    ends = compute_difference(shares[:1], (low[:1], high[:1]), shares[1:], (low[1:], high[1:]))
    value, lower, upper = (max(float(part[0]), 0.0) for part in (shares[:1] - shares[1:], *ends))
    return Estimate(
        value=value, low=lower, high=upper, n=overlap.rows, method="mover_wilson_midp",
        confidence=CONFIDENCE,
    )  # fmt: skip


def measure_reference(context: Context) -> CheckResult:
    """Compare the audited rows with the reference rows: values never seen, rows in both."""
    table = context.table
    if table.reference is None:
        raise CheckNotApplicableError("no reference data is declared")
    theirs = {c.name: c for c in tabulate_columns(table.connection, table.reference.view)[1]}
    names = choose_audited_columns(context)
    both = [c for c in table.columns if c.name in theirs and c.name in names]
    if not both:
        raise CheckNotApplicableError("the reference has none of the audited columns")
    found = [*_count_unseen(context, both, theirs), *_count_outside(context, both, theirs)]
    context.progress(CODE, 0.6)
    items = sorted(found, key=lambda one: (-one.strange / max(one.known, 1), one.column))
    _save(context, items)
    described = "Values of the audited rows that the reference rows have not shown, by column"
    return CheckResult(
        (
            *_measure_overlap(context, both, theirs),
            *(_build(one) for one in items[:MAX_LISTED] if one.strange),
        ),
        (EvidenceFile(REFERENCE_FILE, len(items), described),),
    )


def _count_unseen(
    context: Context, columns: Sequence[Column], theirs: dict[str, Column]
) -> Iterator[_Strange]:
    """Count values of the columns that both have as categories, few enough to be listed."""
    names = [
        column.name
        for column in columns
        if not column.is_numeric
        and max(column.distinct, theirs[column.name].distinct) <= MAX_VALUES
    ]
    table = context.table
    assert table.reference is not None  # asked before
    ours = count_values(table.connection, ROWS_VIEW, names)
    known = count_values(table.connection, table.reference.view, names)
    for name in names:
        strange = sum(rows for value, rows in ours[name].items() if value not in known[name])
        yield _Strange(name, "unseen_share", strange, sum(ours[name].values()))


def _count_outside(
    context: Context, columns: Sequence[Column], theirs: dict[str, Column]
) -> Iterator[_Strange]:
    names = [c.name for c in columns if c.is_numeric and theirs[c.name].is_numeric]
    table = context.table
    assert table.reference is not None  # asked before
    ranges = compute_ranges(table.connection, table.reference.view, names)
    for name, (strange, known) in count_outside(table.connection, ROWS_VIEW, ranges).items():
        yield _Strange(name, "outside_range_share", strange, known)


def _measure_overlap(
    context: Context, columns: Sequence[Column], theirs: dict[str, Column]
) -> list[Measurement]:
    """Count the audited rows that are identical, in all columns that both have and in the
    outcome, to a reference row."""
    table, target = context.table, context.spec.data.target
    outcome = [c for c in table.columns if c.name == target and c.name in theirs]
    compared = [*(c for c in columns if c.name != target), *outcome]
    assert table.reference is not None  # asked before
    overlap = count_shared_rows(
        table.connection, ROWS_VIEW, compared, table.reference.view,
        [theirs[c.name] for c in compared],
    )  # fmt: skip
    measured: list[tuple[str, Estimate | Unavailable]] = [
        ("reference_overlap", estimate_share(overlap.shared, overlap.rows)),
        ("reference_overlap_expected", estimate_share(overlap.repeated, overlap.other_rows)),
        ("reference_overlap_excess", compute_excess(overlap)),
    ]
    return [
        build_measurement(
            CODE, metric, result, unit="share", evidence=(),
            direction="none" if metric.endswith("expected") else "lower_is_better",
        )
        for metric, result in measured
    ]  # fmt: skip


def _build(one: _Strange) -> Measurement:
    return build_measurement(
        CODE, one.metric, estimate_share(one.strange, one.known, "the column has no values"),
        unit="share", direction="lower_is_better", part=Part(PartKind.COLUMN, one.column),
        evidence=(REFERENCE_FILE,),
    )  # fmt: skip


def _save(context: Context, items: Sequence[_Strange]) -> None:
    records = [
        {"column": one.column, "measure": one.metric, "strange": one.strange, "known": one.known}
        for one in items
    ]
    schema = pa.schema(
        [("column", pa.string()), ("measure", pa.string()), ("strange", pa.int64()),
         ("known", pa.int64())]
    )  # fmt: skip
    table = pa.Table.from_pylist(records, schema)
    pq.write_table(table, context.folder / REFERENCE_FILE, compression="zstd")


REFERENCE = Check(
    CODE,
    "Audited and reference rows",
    "Counts audited rows that are identical to a reference row, beside how many chance would put "
    "there, and values that the reference rows have not shown: unseen categories, numbers outside "
    "their range.",
    measure_reference,
)
