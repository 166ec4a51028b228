"""How the model's answer changes along one column: partial dependence, single rows' curves, and
accumulated local effects, for any model that can predict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from audits.core.arrays import FloatArray, IndexArray
from audits.cube import CONFIDENCE, compute_mean_interval
from audits.explain.effects.grid import POINTS, Grid, NoEffect, build_grid
from audits.explain.effects.substitute import Predict, Substitution, iterate_substituted


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


QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of the single rows' curves that are kept."""

DRAWS = 500
_FEW_ROWS = 100
_CELLS = 300_000_000
"""Most values handed to the model for one check: binding from about 150 columns on."""


@dataclass(frozen=True, slots=True)
class Range:
    """Highest minus lowest point of a curve, >= 0, with its interval (NaN ends: none)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """One column's effect on the model's answer, in units of the answer.

    dependence: partial dependence at each point of the grid, the mean answer where every row has
    that value `[n_points]`, with its interval over rows. ice: quantiles over rows of the single
    rows' curves, each set to 0 at the grid's first point `[n_points, len(QUANTILES)]`.
    accumulated: None for categories and where fewer than two values are known; its points are
    the grid's known ones. dependence_rows, accumulated_rows: how many rows each rests on.
    """

    grid: Grid
    dependence: FloatArray
    low: FloatArray
    high: FloatArray
    ice: FloatArray
    dependence_range: Range
    dependence_rows: int
    accumulated: Accumulated | None
    accumulated_range: Range | None
    accumulated_rows: int


def compute_effects(
    predict: Predict,
    frame: pd.DataFrame,
    generator: np.random.Generator,
    *,
    features: Sequence[str] | None = None,
    dependence_rows: int = 2000,
    points: int = POINTS,
    progress: Callable[[float], None] | None = None,
) -> tuple[Effect | NoEffect, ...]:
    """Return the effect of each column, or why it has none, in the order of `features`.

    predict: a frame like `frame` to the answer `[n]`. frame: the rows, all of which the
    accumulated effect uses; partial dependence uses `dependence_rows` of them, drawn. features:
    columns of the frame, all by default. generator: draws those rows and the intervals of the
    ranges. progress: told the share of columns that are done.

    Partial dependence (Friedman 2001) and its rows' curves (Goldstein et al. 2015) give every
    row every value, also ones that no row like it has. Accumulated local effects (Apley and Zhu
    2020) only move a row within its cell, so that correlated columns do not mislead them. Values
    of a category have no order, and any order put on them would shape the accumulated curve: they
    get partial dependence alone.
    """
    names = list(frame.columns) if features is None else list(features)
    grids = [build_grid(frame[name], points=points) for name in names]
    rows = _draw_rows(len(frame), dependence_rows, generator)
    seed = int(generator.integers(2**63))
    plans = [_Plan.make(grid, frame, rows) for grid in grids if isinstance(grid, Grid)]
    jobs = (job for plan in plans for job in plan.list_jobs(rows))
    answers = iterate_substituted(predict, frame, jobs)
    waiting, found = iter(plans), list[Effect | NoEffect]()
    for position, grid in enumerate(grids):
        if isinstance(grid, Grid):
            draws = np.random.default_rng([seed, position])
            found.append(_measure(next(waiting), answers, draws))
        else:
            found.append(grid)
        if progress is not None:
            progress((position + 1) / len(grids))
    return tuple(found)


def compute_row_budget(features: int, rows: int, predictions: int, each: int) -> int:
    """Return how many of `rows` can be used so that `features` columns, each asking `each` times
    a row, stay under about `predictions` predictions, fewer where the rows are wide; at least
    100 rows, or all there are."""
    allowed = min(predictions, _CELLS // max(features, 1))
    return min(rows, max(allowed // max(features * each, 1), _FEW_ROWS))


def _draw_rows(total: int, wanted: int, generator: np.random.Generator) -> IndexArray:
    if total <= wanted:
        return np.arange(total)
    return np.sort(generator.choice(total, size=wanted, replace=False))


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What is asked about one column. moved: the rows that have a cell (None: no cells)."""

    grid: Grid
    moved: IndexArray | None
    cells: IndexArray

    @classmethod
    def make(cls, grid: Grid, frame: pd.DataFrame, rows: IndexArray) -> _Plan:
        if not grid.is_ordered or grid.known < 2:
            return cls(grid, None, np.zeros(0, dtype=np.intp))
        values = pd.to_numeric(frame[grid.feature]).to_numpy(dtype=np.float64, na_value=np.nan)
        moved = np.flatnonzero(np.isfinite(values))
        return cls(grid, moved, find_cells(values[moved], grid.numbers[: grid.known]))

    def list_jobs(self, rows: IndexArray) -> Iterator[Substitution]:
        for source in self.grid.sources:
            yield Substitution(self.grid.feature, rows, np.full(len(rows), source))
        if self.moved is not None:
            for shift in (0, 1):
                sources = self.grid.sources[self.cells + shift]
                yield Substitution(self.grid.feature, self.moved, sources)


def _measure(plan: _Plan, answers: Iterator[FloatArray], draws: np.random.Generator) -> Effect:
    curves = np.stack([next(answers) for _ in plan.grid.texts], axis=1)
    n = len(curves)
    mean = curves.mean(axis=0)
    variance = curves.var(axis=0, ddof=1) if n > 1 else np.full(len(mean), np.nan)
    low, high = compute_mean_interval(mean, variance, np.full(len(mean), float(n)))
    accumulated, accumulated_range, moved = None, None, 0
    if plan.moved is not None:
        lower, upper = next(answers), next(answers)
        moved = len(lower)
        accumulated = compute_accumulated(plan.cells, upper - lower, plan.grid.known)
        accumulated_range = _range_accumulated(accumulated, draws)
    return Effect(
        grid=plan.grid,
        dependence=mean,
        low=low,
        high=high,
        ice=np.quantile(curves - curves[:, :1], QUANTILES, axis=0).T,
        dependence_range=_range_dependence(curves, draws),
        dependence_rows=n,
        accumulated=accumulated,
        accumulated_range=accumulated_range,
        accumulated_rows=moved,
    )


def _range_dependence(curves: FloatArray, draws: np.random.Generator) -> Range:
    """Return the range of the mean curve. curves: `[n_rows, n_points]`.

    The range of one curve differs from another's by no more than the range of their difference;
    the quantile of that range under Gaussian multipliers (Chernozhukov, Chetverikov and Kato
    2013, Annals of Statistics 41:2786) covers whichever points are highest and lowest.
    """
    n = len(curves)
    value = float(np.ptp(curves.mean(axis=0)))
    if n < 2:
        return Range(value, np.nan, np.nan)
    noise = draws.standard_normal((DRAWS, n)) @ (curves - curves.mean(axis=0)) / n
    return _widen(value, noise)


def _range_accumulated(found: Accumulated, draws: np.random.Generator) -> Range:
    value = float(np.ptp(found.value))
    if np.isnan(found.spread).any():
        return Range(value, np.nan, np.nan)
    noise = draws.standard_normal((DRAWS, len(found.spread))) * found.spread
    return _widen(value, noise @ found.loadings.T)


def _widen(value: float, noise: FloatArray) -> Range:
    half = float(np.quantile(np.ptp(noise, axis=1), CONFIDENCE))
    return Range(value, max(value - half, 0.0), value + half)
