"""How far an attribution can be trusted, from its numbers alone: pure measures, one value a row.

Everywhere a column counts as still that makes less than `SMALL` of a row's movement: the order of
columns that hardly matter is noise. A sampled value is taken at the point of its stated 95%
interval that lies nearest to what it is compared with: a tie within the error is no disagreement.
"""

from __future__ import annotations

import numpy as np
import scipy

from audits.core.arrays import FloatArray, IndexArray
from audits.core.limits import MIN_ROWS_FOR_MEAN
from audits.core.report.estimate import Estimate, Unavailable

CONFIDENCE = 0.95
SMALL = 0.01
MOSTLY_ERROR = 0.5
"""A row whose errors are more than this share of its values says nothing about agreement."""


def choose_top(n_columns: int) -> int:
    """Return how many columns are an explanation's top: 3, or 5 of 15 columns and more, and never
    more than half of them."""
    return max(1, min(5 if n_columns >= 15 else 3, n_columns // 2))


def compute_sizes(values: FloatArray) -> FloatArray:
    """Return |values| `[n_rows, n_columns]` with still columns at 0."""
    sizes = np.abs(values)
    sizes[sizes < SMALL * sizes.sum(axis=1, keepdims=True)] = 0.0
    return sizes


def compute_rank_correlations(
    first: FloatArray, second: FloatArray, error: FloatArray | None = None
) -> FloatArray:
    """Return Spearman's rank correlation of the sizes of two attributions of each row, in
    [-1, 1], 1 is agreement.

    first, second: `[n_rows, n_columns]`. error: half of the 95% interval of their difference.
    A row where only one of the two ranks the columns at all (the other moves every column
    alike) gets 0; NaN where neither does, where there is one column, and where the values are
    mostly error.
    """
    sizes, others = _compare(first, second, error)
    if sizes.shape[1] < 2:
        return np.full(len(sizes), np.nan)
    ranks, other_ranks = scipy.stats.rankdata(sizes, axis=1), scipy.stats.rankdata(others, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    other_ranks -= other_ranks.mean(axis=1, keepdims=True)
    power, other_power = (ranks**2).sum(axis=1), (other_ranks**2).sum(axis=1)
    found = np.zeros(len(sizes))
    both = (power > 0) & (other_power > 0)
    product = (ranks * other_ranks).sum(axis=1)
    found[both] = product[both] / np.sqrt(power[both] * other_power[both])
    found[(power == 0) & (other_power == 0)] = np.nan
    found[_is_mostly_error(second, error)] = np.nan
    return found


def compute_overlaps(
    first: FloatArray, second: FloatArray, top: int, error: FloatArray | None = None
) -> FloatArray:
    """Return the share of the `top` columns of `first` that are among the `top` of `second`, in
    [0, 1]; ties count for them.

    Where fewer columns move than `top`, only those count; NaN where none does, and where the values
    are mostly error. An explanation that moves every column alike names no top: 0.
    """
    sizes, others = _compare(first, second, error)
    moving = (sizes > 0).sum(axis=1)
    wanted = np.minimum(top, moving)
    rank = scipy.stats.rankdata(-sizes, method="min", axis=1)
    mine = (rank <= wanted[:, None]) & (sizes > 0)
    least = -np.sort(-others, axis=1)[:, top - 1]
    shared = mine & (others >= least[:, None]) & (others > 0)
    found = np.full(len(sizes), np.nan)
    some = moving > 0
    found[some] = shared[some].sum(axis=1) / mine[some].sum(axis=1)
    if sizes.shape[1] > top:
        found[some & (np.ptp(sizes, axis=1) == 0)] = 0.0
    found[_is_mostly_error(second, error)] = np.nan
    return found


def compute_changes(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the size of the change of each row's attributions relative to their own size, 0 is
    none (Yeh et al. 2019, "On the (In)fidelity and Sensitivity of Explanations", normalised); NaN
    for a row that nothing moves."""
    size = np.linalg.norm(first, axis=1)
    change = np.linalg.norm(second - first, axis=1)
    found: FloatArray = np.divide(change, size, out=np.full(len(size), np.nan), where=size > 0)
    return found


def compute_gaps(values: FloatArray, base: FloatArray, output: FloatArray) -> FloatArray:
    """Return what each row's attributions miss of its output, in standard deviations of the
    outputs, 0 is best; NaN where all outputs are the same."""
    spread = float(output.std())
    if not spread > 0:
        return np.full(len(output), np.nan)
    gaps: FloatArray = np.abs(base + values.sum(axis=1) - output) / spread
    return gaps


def order_columns(values: FloatArray, draws: int, generator: np.random.Generator) -> IndexArray:
    """Return each column's place `[n_rows, draws, n_columns]` in the order of |values|, largest
    first; ties are broken anew in every draw, so that no explanation profits from the order in
    which columns happen to stand."""
    n_rows, n_columns = values.shape
    keys = generator.random((n_rows, draws, n_columns))
    sizes = np.broadcast_to(-np.abs(values)[:, None, :], keys.shape)
    order = np.lexsort((keys, sizes), axis=-1)
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(n_columns), order.shape), axis=-1)
    return places


def estimate_mean(
    values: FloatArray, undefined: str, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> Estimate | Unavailable:
    """Return the mean over the rows that have a value, with Student's t interval cut to `bounds`;
    `undefined` says why fewer than `MIN_ROWS_FOR_MEAN` rows have one."""
    known = values[np.isfinite(values)]
    n = len(known)
    if n < MIN_ROWS_FOR_MEAN:
        return Unavailable(
            reason=f"{undefined} ({n} rows; at least {MIN_ROWS_FOR_MEAN} are needed)"
        )
    mean = float(known.mean())
    half = _quantile(n) * float(known.std(ddof=1)) / np.sqrt(n)
    low, high = max(mean - half, bounds[0]), min(mean + half, bounds[1])
    return Estimate(
        value=mean, low=low, high=high, n=n, method="student_t over rows", confidence=CONFIDENCE
    )


def estimate_ratio(over: FloatArray, under: FloatArray, undefined: str) -> Estimate | Unavailable:
    """Return the ratio of two means over the same rows, with the delta method's interval;
    `undefined` says why the lower one is 0, or too few rows are there."""
    n = len(over)
    below = float(under.mean()) if n else 0.0
    if n < MIN_ROWS_FOR_MEAN or not below > 0:
        return Unavailable(reason=f"{undefined} ({n} rows)")
    ratio = float(over.mean()) / below
    half = _quantile(n) * float((over - ratio * under).std(ddof=1)) / np.sqrt(n) / below
    return Estimate(
        value=ratio, low=ratio - half, high=ratio + half, n=n,
        method="ratio of means over rows, delta method", confidence=CONFIDENCE,
    )  # fmt: skip


def _compare(
    first: FloatArray, second: FloatArray, error: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return the sizes of two attributions, the second as near to the first as errors allow."""
    nearest = np.abs(second)
    if error is not None:
        sizes = np.abs(first)
        nearest = np.clip(sizes, np.maximum(nearest - error, 0.0), nearest + error)
    return compute_sizes(first), compute_sizes(nearest)


def _is_mostly_error(second: FloatArray, error: FloatArray | None) -> np.ndarray:
    if error is None:
        return np.zeros(len(second), dtype=np.bool_)
    return np.asarray(error.sum(axis=1) > MOSTLY_ERROR * np.abs(second).sum(axis=1))


def _quantile(n: int) -> float:
    return float(scipy.stats.t.ppf((1 + CONFIDENCE) / 2, n - 1))
