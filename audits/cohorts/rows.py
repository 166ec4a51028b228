"""Which rows of a run meet conditions: from its predictions where they do, else from its data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audits.cohorts.conditions import RunColumns, parse_run_condition
from audits.slices import Condition, Mask

FindInData = Callable[[Sequence[str]], Mask]
"""Which rows meet conditions on the audited data's columns, `[rows]`."""


def find_cohort_rows(
    predictions: Path, columns: RunColumns, conditions: Sequence[str], find_in_data: FindInData
) -> Mask:
    """Return which rows meet all conditions, `[rows]` in the order of the data.

    find_in_data: asked only for conditions that predictions.parquet cannot answer, because the
    data may be large, or gone. Raises InputError for a condition that makes no sense.
    """
    parsed = {words: parse_run_condition(words, columns) for words in conditions}
    known = [one for one in parsed.values() if one is not None]
    rest = [words for words, one in parsed.items() if one is None]
    met = _find_known(predictions, known)
    if rest:
        met &= find_in_data(rest)
    return met


def _find_known(predictions: Path, conditions: Sequence[Condition]) -> Mask:
    rows = pq.ParquetFile(predictions).metadata.num_rows
    met: Mask = np.ones(rows, dtype=np.bool_)
    if not conditions:
        return met
    names = sorted({one.column.name for one in conditions})
    table = pq.read_table(predictions, columns=names)
    for one in conditions:
        values = table[one.column.name].combine_chunks()
        if one.column.is_numeric:
            values = pc.fill_null(values.cast(pa.float64()), np.nan)
        met &= one.find(values)
    return met
