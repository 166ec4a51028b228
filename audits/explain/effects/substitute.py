"""Asking the model about rows in which one column has the values of other rows, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IndexArray

Predict = Callable[[pd.DataFrame], FloatArray]
"""A frame of n rows to the model's answers, `[n]` or `[n, k]`."""

CHUNK_ROWS = 65_536
_CHUNK_CELLS = 8_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Substitution:
    """Rows of a frame to predict, each with another row's value in one column.

    rows, sources: positions in the frame `[n]`; row `rows[i]` gets the value that `feature` has
    in row `sources[i]`. Values are never made up: a type, a text or a missing value stays what
    the data has.
    """

    feature: str
    rows: IndexArray
    sources: IndexArray


def iterate_substituted(
    predict: Predict, frame: pd.DataFrame, jobs: Iterable[Substitution]
) -> Iterator[FloatArray]:
    """Yield the model's answers to each job, in order, asking for many jobs at a time.

    At most 65,536 rows are asked for at once (fewer of wide frames), unless one job has more.
    """
    most = max(1000, min(CHUNK_ROWS, _CHUNK_CELLS // max(frame.shape[1], 1)))
    waiting: list[Substitution] = []
    size = 0
    for job in jobs:
        if waiting and size + len(job.rows) > most:
            yield from _predict(predict, frame, waiting)
            waiting, size = [], 0
        waiting.append(job)
        size += len(job.rows)
    if waiting:
        yield from _predict(predict, frame, waiting)


def _predict(
    predict: Predict, frame: pd.DataFrame, jobs: list[Substitution]
) -> Iterator[FloatArray]:
    ends = np.cumsum([len(job.rows) for job in jobs])
    rows = np.concatenate([job.rows for job in jobs])
    taken = dict.fromkeys((job.feature for job in jobs), rows)
    for feature in taken:
        taken[feature] = rows.copy()
    for job, end in zip(jobs, ends, strict=True):
        taken[job.feature][end - len(job.rows) : end] = job.sources
    built = pd.DataFrame(
        {name: frame[name].array.take(taken.get(name, rows)) for name in frame.columns}, copy=False
    )
    yield from np.split(np.asarray(predict(built), dtype=np.float64), ends[:-1])
