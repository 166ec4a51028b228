"""Check `fairness.consistency`: are people alike in the data decided alike?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from audits.checks.base import (
    PREDICTIONS_FILE,
    Check,
    CheckResult,
    Context,
    EvidenceFile,
    build_measurement,
)
from audits.checks.data.audited_columns import choose_audited_columns
from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.cube import compute_mean_interval, to_result

CODE = "fairness.consistency"
NEIGHBOURS = 5
ROWS = 5000
"""More rows are sampled with the run's seed: the distances of all pairs grow with their square."""

_FOUND = "evidence/consistency.parquet"
_NARROW = 1000
_NO_COLUMNS = "there is no column beside outcome, decision and groups in which people are alike"


def encode_rows(frame: pd.DataFrame) -> FloatArray | sparse.csr_matrix:
    """Return the rows as points whose Euclidean distance is that of people, `[rows, columns]`.

    Numbers are divided by their standard deviation, a missing one is the median; two different
    categories, missing being one of its own, are at distance 1. Left out are columns that are
    constant, and texts that differ in every row (names, ids): they set all people equally far
    apart. Sparse where texts make more than a thousand columns.
    """
    parts: list[FloatArray | sparse.csr_matrix] = []
    for name in frame:
        values = frame[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            number = values.to_numpy(dtype=np.float64, na_value=np.nan)
            number = np.where(np.isfinite(number), number, np.nan)
            if np.isnan(number).all() or np.nanstd(number) == 0:
                continue
            known = np.where(np.isnan(number), np.nanmedian(number), number)
            parts.append(((known - known.mean()) / np.nanstd(number))[:, None])
        else:
            codes, levels = pd.factorize(values, use_na_sentinel=False)
            if 1 < len(levels) < len(frame):
                # Two one-hot rows that differ are the square root of two apart.
                cells = np.full(len(frame), np.sqrt(0.5))
                parts.append(sparse.csr_matrix((cells, (np.arange(len(frame)), codes))))
    if not parts:
        return np.zeros((len(frame), 0))
    points = sparse.hstack([sparse.csr_matrix(part) for part in parts], format="csr")
    return points if points.shape[1] > _NARROW else points.toarray()


def compute_consistency(points: FloatArray | sparse.csr_matrix, decided: FloatArray) -> FloatArray:
    """Return each row's consistency, in [0, 1]: 1 minus the distance of its decision from the
    mean decision of its five nearest neighbours, itself left out (Zemel et al. 2013, ICML).

    points: `[rows, columns]`. decided: 0 or 1, `[rows]`. Needs more than five rows.
    """
    # Only here: whoever reads runs need not wait for scikit-learn.
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415

    search = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="brute").fit(points)
    near = search.kneighbors(return_distance=False)
    return np.asarray(1 - np.abs(decided - decided[near].mean(axis=1)))


def measure_consistency(context: Context) -> CheckResult:
    """Take the consistency of all rows and of every group of each protected column."""
    if context.spec.audit.task != "binary":
        raise CheckNotApplicableError("consistency is about decisions of yes or no")
    if context.table.rows <= NEIGHBOURS:
        raise CheckNotApplicableError(f"needs more than {NEIGHBOURS} rows")
    columns = choose_audited_columns(context)
    positions = np.arange(context.table.rows)
    if len(positions) > ROWS:
        chosen = context.generator(CODE).choice(positions, size=ROWS, replace=False)
        positions = np.sort(chosen)
    points = encode_rows(context.table.read_rows(positions)[columns])
    if not points.shape[1]:
        raise CheckNotApplicableError(_NO_COLUMNS)
    protected = list(context.spec.data.protected)
    decided = context.read_predictions(["y_pred"])["y_pred"]
    kept = context.read_groups(protected)
    row = compute_consistency(points, decided[positions].astype(np.float64))
    found = [_measure(row, None, None)]
    for attribute in protected:
        groups = kept[attribute][positions].astype(str)
        found += [_measure(row[groups == group], attribute, group) for group in np.unique(groups)]
    names = context.read_predictions(["row"])["row"][positions].astype(str)
    table = pa.table({"row": names, "consistency": row})
    pq.write_table(table, context.folder / _FOUND, compression="zstd")
    drawn = f"{len(positions):,} of {context.table.rows:,} rows, sampled with the run's seed"
    whom = "every row" if len(positions) == context.table.rows else drawn
    return CheckResult(tuple(found), (EvidenceFile(_FOUND, len(row), f"Consistency of {whom}"),))


def _measure(row: FloatArray, attribute: str | None, group: str | None) -> Measurement:
    mean, n = np.asarray(row.mean()), np.asarray(float(len(row)))
    variance = np.asarray(row.var(ddof=1)) if len(row) > 1 else np.asarray(np.nan)
    low, high = compute_mean_interval(mean, variance, n)
    result = to_result(
        float(mean), max(float(low), 0.0), min(float(high), 1.0), len(row), "student_t", "no rows"
    )
    return build_measurement(
        CODE, "consistency", result, unit="score", direction="higher_is_better",
        attribute=attribute, group=group, evidence=(_FOUND, PREDICTIONS_FILE),
    )  # fmt: skip


CONSISTENCY = Check(
    CODE,
    "Consistency",
    f"Compares every decision with those of the {NEIGHBOURS} people most alike in the model's "
    f"columns, on at most {ROWS:,} rows sampled with the run's seed.",
    measure_consistency,
)
