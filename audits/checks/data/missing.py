"""Check `data.missing`: is a value missing more often for one group than for another?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.cube import (
    choose_reference,
    compute_difference,
    compute_holm,
    compute_share_interval,
    compute_two_share_p,
    reconcile,
    to_result,
)
from audits.data import ROWS_VIEW, GroupMissing, count_missing

MISSING_CHECK = "data.missing"
MISSING_FILE = "evidence/missing.parquet"
MAX_LISTED = 200
"""The report has at most so many comparisons, those with the smallest p-values; the evidence has
all of them."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """One column's missing share of every group of one attribute against the reference group's.
    Arrays are `[n_groups]`; the reference's difference is 0 and its p-value NaN."""

    attribute: str
    column: str
    groups: tuple[str, ...]
    reference: int
    rows: FloatArray
    missing: FloatArray
    low: FloatArray
    high: FloatArray
    difference: FloatArray
    difference_low: FloatArray
    difference_high: FloatArray
    p_values: FloatArray


def measure_missing(context: Context) -> CheckResult:
    """Compare every group's missing values with its reference group's, column by column."""
    if not context.spec.data.protected:
        raise CheckNotApplicableError("no protected columns are declared")
    columns = [column.name for column in context.table.columns if column.missing]
    if not columns:
        raise CheckNotApplicableError("no column has missing values")
    compared = list(_compare(context, columns))
    if not compared:
        raise CheckNotApplicableError("no protected column has two groups, or is without itself")
    known = np.concatenate([one.p_values for one in compared])
    adjusted = np.full(len(known), np.nan)
    tested = ~np.isnan(known)
    adjusted[tested] = compute_holm(known[tested])
    ends = np.cumsum([len(one.groups) for one in compared])[:-1]
    parts = np.split(adjusted, ends)
    rows = _save(context, compared, parts)
    found = [
        item
        for one, p_values in zip(compared, parts, strict=True)
        for item in _build(one, p_values, int(tested.sum()))
    ]
    kept = sorted(found, key=lambda item: (item.p_value or 0.0, -abs(item.value or 0.0)))[
        :MAX_LISTED
    ]
    described = (
        f"Missing values of {len(columns)} columns by group, each group against its reference, "
        f"p-values adjusted by Holm over all {int(tested.sum()):,} comparisons"
    )
    if len(found) > MAX_LISTED:
        described += f"; the report has the {MAX_LISTED} with the smallest"
    return CheckResult(tuple(kept), (EvidenceFile(MISSING_FILE, rows, described),))


def _compare(context: Context, columns: Sequence[str]) -> Iterator[_Compared]:
    attributes = context.spec.data.protected
    counted = count_missing(context.table.connection, ROWS_VIEW, attributes, columns)
    for attribute in attributes:
        groups = [one for one in counted if one.attribute == attribute]
        view = context.view((attribute,))
        wanted = view.labels[choose_reference(view, context.wanted_reference((attribute,)))]
        names = [one.group for one in groups]
        if len(groups) < 2 or wanted not in names:
            continue
        for place, column in enumerate(columns):
            # Of an attribute itself the missing rows are a group, so that there is nothing to ask.
            if column != attribute:
                yield _compare_groups(attribute, column, place, groups, names.index(wanted))


def _compare_groups(
    attribute: str, column: str, place: int, groups: Sequence[GroupMissing], reference: int
) -> _Compared:
    rows = np.array([one.rows for one in groups], dtype=np.float64)
    missing = np.array([one.missing[place] for one in groups], dtype=np.float64)
    share = missing / rows
    low, high = compute_share_interval(share, rows)
    base = tuple(np.full_like(share, part[reference]) for part in (share, low, high))
    plain = compute_difference(share, (low, high), base[0], (base[1], base[2]))
    p_values = np.array(
        [
            compute_two_share_p(missing[i], rows[i], missing[reference], rows[reference])
            if i != reference
            else np.nan
            for i in range(len(groups))
        ]
    )
    ends, p_values = reconcile(share - base[0], plain, p_values)
    return _Compared(
        attribute, column, tuple(one.group for one in groups), reference, rows, missing, low, high,
        share - base[0], *ends, p_values,
    )  # fmt: skip


def _build(one: _Compared, p_values: FloatArray, tests: int) -> Iterator[Measurement]:
    for i, group in enumerate(one.groups):
        if i == one.reference:
            continue
        result = to_result(
            float(one.difference[i]), float(one.difference_low[i]), float(one.difference_high[i]),
            int(one.rows[i] + one.rows[one.reference]), "mover_wilson_midp", "no rows",
        )  # fmt: skip
        yield build_measurement(
            MISSING_CHECK, "missing_share_difference", result, unit="points",
            direction="closer_to_zero",
            attribute=one.attribute, group=group, reference_group=one.groups[one.reference],
            part=Part(PartKind.COLUMN, one.column), p_value=float(p_values[i]),
            adjusted_for=tests, evidence=(MISSING_FILE,),
        )  # fmt: skip


def _save(context: Context, compared: Sequence[_Compared], parts: Sequence[FloatArray]) -> int:
    records = [
        {
            "column": one.column, "attribute": one.attribute, "group": group,
            "reference_group": one.groups[one.reference], "rows": int(one.rows[i]),
            "missing": int(one.missing[i]), "low": float(one.low[i]), "high": float(one.high[i]),
            "difference": float(one.difference[i]),
            "p_holm": None if np.isnan(p_values[i]) else float(p_values[i]),
        }
        for one, p_values in zip(compared, parts, strict=True)
        for i, group in enumerate(one.groups)
    ]  # fmt: skip
    texts = ("column", "attribute", "group", "reference_group")
    schema = pa.schema(
        [(name, pa.string()) for name in texts]
        + [("rows", pa.int64()), ("missing", pa.int64())]
        + [(name, pa.float64()) for name in ("low", "high", "difference", "p_holm")]
    )
    table = pa.Table.from_pylist(records, schema)
    pq.write_table(table, context.folder / MISSING_FILE, compression="zstd")
    return len(records)


MISSING_VALUES = Check(
    MISSING_CHECK,
    "Missing values by group",
    "Compares the share of missing values of every column between the groups of each protected "
    "column, with intervals; p-values are adjusted by Holm over all columns and groups.",
    measure_missing,
)
