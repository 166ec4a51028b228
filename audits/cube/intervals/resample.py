"""Resampling counts instead of rows: a bootstrap costs the same for any number of rows."""

from __future__ import annotations

import numpy as np

from audits.core.arrays import FloatArray


def resample_counts(
    counts: FloatArray, effective: FloatArray, resamples: int, generator: np.random.Generator
) -> FloatArray:
    """Return multinomial resamples of each group's counts, `[resamples, n_groups, ...]`.

    counts: weights `[n_groups, ...]`, at least 0. effective: `[n_groups]`, how many rows the
    group is worth; each resample of a group adds up to that many. Groups are independent, as
    they are in stratified sampling. A group without weight stays all zero.
    """
    flat = counts.reshape(len(counts), -1)
    total = flat.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, flat / np.where(total > 0, total, 1.0), 1.0 / flat.shape[1])
    size = np.where(total[:, 0] > 0, np.rint(effective), 0).astype(np.int64)
    drawn = generator.multinomial(size, shares, size=(resamples, len(counts)))
    return drawn.reshape(resamples, *counts.shape).astype(np.float64)
