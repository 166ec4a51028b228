"""Stored attributions read back: in batches, and beside the rows of the data that they are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audits.core.arrays import FloatArray
from audits.core.errors import EvidenceError

PREFIX = "attributions."
SUFFIX = ".parquet"
_BATCH = 65_536


def find_attributions(folder: Path) -> Path | None:
    """Return the attributions' file in a folder of evidence: of several the one with most rows,
    then the first by name. None where there is none."""
    files = sorted(folder.glob(f"{PREFIX}*{SUFFIX}"))
    return min(files, key=lambda path: -pq.ParquetFile(path).metadata.num_rows, default=None)


def read_method(path: Path) -> str:
    """Return the method that a file of attributions is named after."""
    return path.name.removeprefix(PREFIX).removesuffix(SUFFIX)


def find_positions(predictions: Path, attributions: Path) -> NDArray[np.int64]:
    """Return the place in the data of every explained row, `[n_explained]`.

    Raises EvidenceError for an explained row that was not scored.
    """
    explained = pq.ParquetFile(attributions).metadata.num_rows
    if explained == pq.ParquetFile(predictions).metadata.num_rows:
        return np.arange(explained, dtype=np.int64)
    ids, known = (
        pq.read_table(path, columns=["row"])["row"].combine_chunks()
        for path in (attributions, predictions)
    )
    places = pc.index_in(ids.cast(pa.string()), value_set=known.cast(pa.string()))
    if places.null_count:
        raise EvidenceError(f"{attributions.name} explains rows that are not in the predictions")
    found: NDArray[np.int64] = places.to_numpy().astype(np.int64)
    return found


def iterate_values(attributions: Path, columns: Sequence[str]) -> Iterator[FloatArray]:
    """Yield the attributions `[n_rows, n_columns]` as float64, in the order of the file."""
    file = pq.ParquetFile(attributions)
    for batch in file.iter_batches(_BATCH, columns=list(columns)):
        read = [batch[name].to_numpy(zero_copy_only=False) for name in columns]
        yield np.column_stack(read).astype(np.float64)
