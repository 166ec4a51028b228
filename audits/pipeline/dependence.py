"""Attributions of one column beside its values: from a run's evidence and its data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audits.checks import PREDICTIONS_FILE, name_column
from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.data import AuditTable, Column
from audits.explain import (
    Binned,
    compute_categories,
    compute_numeric,
    find_attributions,
    find_positions,
    iterate_values,
)

SAMPLE_ROWS = 600
"""So many rows are shown as points, spread evenly over the explained ones."""
MISSING, OTHER = "missing", "all others"
_BATCH = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Dependence:
    """One column's attributions by its own values: binned means of all explained rows, and points.

    values: the sampled rows' values, numbers or texts (None or NaN: missing); parts: their
    attributions. rows: how many rows the means rest on.
    """

    feature: str
    numeric: bool
    binned: Binned
    values: NDArray[np.generic]
    parts: FloatArray
    rows: int


def compute_dependence(table: AuditTable, folder: Path, feature: str) -> Dependence:
    """Return how a column's attributions go with its values, over all explained rows of a run.

    folder: the run's. Raises CheckNotApplicableError where the run has no attributions, or the
    data no such column.
    """
    evidence = find_attributions(folder / "evidence")
    if evidence is None:
        raise CheckNotApplicableError("the run has no attributions")
    column = next((one for one in table.columns if one.name == feature), None)
    if column is None:
        raise CheckNotApplicableError(f"the data has no column {feature!r}")
    positions = find_positions(folder / PREDICTIONS_FILE, evidence)
    parts = np.concatenate(
        [chunk[:, 0] for chunk in iterate_values(evidence, [name_column(feature)])]
    )
    values = _read_values(table, column)[positions]
    if column.is_numeric:
        binned = compute_numeric(values.astype(np.float64), parts, MISSING)
    else:
        binned = compute_categories(values.astype(object), parts, MISSING, OTHER)
    shown = np.unique(np.linspace(0, len(parts) - 1, min(SAMPLE_ROWS, len(parts))).astype(np.int64))
    return Dependence(feature, column.is_numeric, binned, values[shown], parts[shown], len(parts))


def _read_values(table: AuditTable, column: Column) -> NDArray[np.generic]:
    """Return a column of the whole data `[table.rows]`: float64 (NaN: missing) or texts."""
    batches = [batch.column(0) for batch in table.column_batches([column], _BATCH)]
    values = pa.chunked_array(batches)
    found: NDArray[np.generic] = values.to_numpy()
    return found.astype(np.float64) if column.is_numeric else found
