"""Accumulated local effects of one ordered column: small steps, added up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from audits.core.arrays import FloatArray, IndexArray
from audits.cube import CONFIDENCE


@dataclass(frozen=True, slots=True, eq=False)
class Accumulated:
    """The effect at each edge `[n_edges]`, in units of the output; its mean over rows is 0.

    low, high: interval over rows at each edge, NaN where no cell has two rows. spread: standard
    errors of the cells' mean steps `[n_cells]`; loadings `[n_edges, n_cells]` turns the steps
    into the effect.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    spread: FloatArray
    loadings: FloatArray


def find_cells(values: FloatArray, edges: FloatArray) -> IndexArray:
    """Return each value's cell: cell k runs from above edge k to edge k + 1; the lowest edge
    belongs to cell 0. Values must lie within the edges."""
    cells: IndexArray = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, len(edges) - 2)
    return cells


def compute_accumulated(cells: IndexArray, steps: FloatArray, n_edges: int) -> Accumulated:
    """Return the first-order accumulated local effect (Apley and Zhu 2020, JRSS B 82:1059).

    cells: each row's cell `[n]`, none of them empty. steps: what the model's answer changes by
    when the row's value goes from the lower to the upper edge of its cell `[n]`. The effect is
    centred as in the paper: its mean over rows, a row counting as the middle of its cell, is 0.
    The interval is Student's t: the effect is a linear combination of independent cell means;
    a cell of one row takes the variance of the others.
    """
    n = len(steps)
    counts = np.bincount(cells, minlength=n_edges - 1).astype(np.float64)
    means = np.bincount(cells, steps, n_edges - 1) / counts
    squares = np.bincount(cells, (steps - means[cells]) ** 2, n_edges - 1)
    freedom = float((counts - 1).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = squares.sum() / freedom if freedom > 0 else np.nan
        variances = np.where(counts > 1, squares / (counts - 1), pooled)
    spread = np.sqrt(variances / counts)
    accumulate = np.tril(np.ones((n_edges, n_edges - 1)), -1)
    weights = (np.append(counts, 0) + np.insert(counts, 0, 0)) / (2 * n)
    loadings = accumulate - weights @ accumulate
    value = loadings @ means
    quantile = scipy.stats.t.ppf(0.5 + CONFIDENCE / 2, freedom) if freedom > 0 else np.nan
    half = quantile * np.sqrt(loadings**2 @ spread**2)
    return Accumulated(value, value - half, value + half, spread, loadings)
