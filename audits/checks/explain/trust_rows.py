"""The rows on which an attribution is put to the test, with what the run stored for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Context
from audits.checks.explain.attributions import choose_rows, name_column
from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.explain import PERMUTATION_SHAP

SAMPLED_ROWS = 40
"""Permutations take thousands of predictions a row, so that fewer rows are tested."""
_BATCH = 65_536


@dataclass(frozen=True, slots=True)
class Shown:
    """Rows sampled with the run's seed and their attributions as stored.

    names: row ids `[n]`. frame: the model's columns. values, error: `[n, n_features]`; error is
    None where values are not sampled. base, output: `[n]`. total: rows with attributions.
    """

    names: tuple[str, ...]
    frame: pd.DataFrame
    values: FloatArray
    error: FloatArray | None
    base: FloatArray
    output: FloatArray
    total: int


def read_shown(context: Context, method: str, code: str) -> Shown:
    """Return the rows to test of the attributions that the run made by `method`.

    Raises CheckNotApplicableError where it made none.
    """
    assert context.model is not None
    path = context.folder / "evidence" / f"attributions.{method}.parquet"
    if not path.is_file():
        raise CheckNotApplicableError("this run made no attributions that could be tested")
    errors = path.with_name(f"attribution_errors.{method}.parquet")
    total = int(pq.ParquetFile(path).metadata.num_rows)
    wanted = min(
        context.spec.explain.trust_rows, SAMPLED_ROWS if method == PERMUTATION_SHAP else total
    )
    generator = context.generator(f"{code}:rows")
    places = np.sort(generator.choice(total, size=min(wanted, total), replace=False))
    positions = choose_rows(context, method)
    features = context.model.info.features
    found = _read_places(path, places)
    frame = context.table.read_rows(places if positions is None else positions[places])
    return Shown(
        names=tuple(found["row"].to_pylist()),
        frame=frame[list(features)].reset_index(drop=True),
        values=_stack(found, features),
        error=_stack(_read_places(errors, places), features) if errors.is_file() else None,
        base=found["base"].to_numpy().astype(np.float64),
        output=found["output"].to_numpy().astype(np.float64),
        total=total,
    )


def _read_places(path: Path, places: np.ndarray) -> pa.Table:
    parts, start = [], 0
    for batch in pq.ParquetFile(path).iter_batches(_BATCH):
        inside = places[(places >= start) & (places < start + batch.num_rows)] - start
        parts.append(pa.Table.from_batches([batch]).take(pa.array(inside)))
        start += batch.num_rows
    return pa.concat_tables(parts)


def _stack(table: pa.Table, features: tuple[str, ...]) -> FloatArray:
    columns = [table[name_column(name)].to_numpy().astype(np.float64) for name in features]
    return np.column_stack(columns)
