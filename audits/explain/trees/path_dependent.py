"""Path-dependent Shapley values of a `Forest`: blocks of rows through the compiled walk, in as many
threads as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np

from audits.core.arrays import FloatArray
from audits.trees import FlatForest

_ARGUMENTS = tuple(item.name for item in fields(FlatForest) if item.name != "dtype")


def compute_path_shap(flat: FlatForest | None, matrix: FloatArray) -> FloatArray:
    """Return exact path-dependent Shapley values, float64 `[n_rows, n_columns]`.

    matrix: `[n_rows, n_columns]`, NaN where missing, codes where a tree splits by category.
    flat: None for trees that are one leaf each, whose values are 0.
    """
    values = np.zeros(matrix.shape, dtype=np.float64)
    if flat is None or not len(matrix):
        return values
    # Compiled where it is first used, which takes seconds.
    from audits.explain.trees.kernel import BLOCK, add_shares  # noqa: PLC0415

    walk: Callable[..., None] = add_shares
    arguments = [getattr(flat, name) for name in _ARGUMENTS]

    def explain(begin: int) -> None:
        part = matrix[begin : begin + BLOCK]
        rows = np.zeros((matrix.shape[1], BLOCK))
        # Rounded as the library rounds, so that a value at a threshold takes the library's way.
        rows[:, : len(part)] = part.T.astype(flat.dtype)
        out = np.zeros((matrix.shape[1], BLOCK))
        walk(rows, *arguments, out)
        values[begin : begin + BLOCK] = out[:, : len(part)].T

    explain(0)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(explain, range(BLOCK, len(matrix), BLOCK)):
            pass
    return values
