"""How far apart two groups' scores lie, at every threshold and not at one only.

Both distances are areas or heights between the groups' distribution functions, above zero by
chance. The interval of the height (Kolmogorov and Smirnov) has Kolmogorov's own limit below, so
that it holds 0 exactly where the test does not find a difference, and above what the largest gap
may be off by. That of the area (Wasserstein) has the areas that a test would not reject: the gap
seen, made smaller or larger, with the noise of both groups drawn anew.
Adding one is one entry in `DISTANCES` and one test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from audits.core.arrays import FloatArray
from audits.core.limits import ALPHA
from audits.cube.counts.cube import UNKNOWN
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.intervals.intervals import Interval


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance of two distributions of scores. Its title and meaning are in `core.words`.

    measure: from the absolute gap of the distribution functions `[n_groups, n_scores]` and the
    steps between scores `[n_scores]` to `[n_groups]`. tested: whether its p-value and lower limit
    are Kolmogorov's; else its interval is drawn.
    """

    name: str
    source: str
    measure: Callable[[FloatArray, FloatArray], FloatArray]
    tested: bool


DISTANCES = (
    Distance(
        "score_kolmogorov_smirnov",
        "Smirnov 1948, Annals of Mathematical Statistics 19:279",
        lambda gap, _: gap.max(axis=1),
        tested=True,
    ),
    Distance(
        "score_wasserstein",
        "Vallender 1974, Theory of Probability 18:784; Jiang et al. 2020, UAI",
        lambda gap, steps: gap @ steps,
        tested=False,
    ),
)


_TAIL = 0.05
"""Chance that the upper limit of the height misses. It is that of one threshold, and the largest
gap seen is larger than the one there; the lower limit, of all thresholds, misses far less."""
_AREA_TAIL = 0.0225
_RESAMPLES = 1000
_PARTS = 40
"""Thresholds at which noise is drawn."""
_HALVINGS = 14
_REACH = 8.0


def compute_distance(
    distance: Distance, view: View, reference: int, generator: np.random.Generator
) -> tuple[Values, FloatArray]:
    """Return every group's distance from the group at `reference`, and p-values (NaN: no test).

    In [0, 1]: 0 where scores are alike, 1 where they share nothing (Kolmogorov-Smirnov) or are
    all 0 here and all 1 there (Wasserstein). Exact where the cube keeps each score; else off by
    at most a bin's rows or width. NaN for groups without weight.
    """
    cube, groups = view.cube, len(view.labels)
    scored = cube.codes["score_bin"] != UNKNOWN
    bins = len(cube.edges)
    index = view.cell_group[scored] * bins + cube.codes["score_bin"][scored]
    weight = np.bincount(index, cube.sums["weight"][scored], groups * bins).reshape(groups, bins)
    total = weight.sum(axis=1, keepdims=True)
    squared = view.total(cube.sums["weight_squared"], scored)
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = np.cumsum(weight, axis=1) / np.where(total > 0, total, np.nan)
        effective = np.where(squared > 0, total[:, 0] ** 2 / squared, 0.0)
        shared = effective * effective[reference] / (effective + effective[reference])
    steps = np.append(np.diff(cube.edges), 0.0)
    value = distance.measure(np.abs(reached - reached[reference]), steps)
    p_values = np.full(groups, np.nan)
    if distance.tested:
        p_values = scipy.stats.kstwobign.sf(np.sqrt(shared) * value)
        p_values[reference] = np.nan
        low, high = _limit_height(value, reached, effective, shared, reference)
    else:
        low, high = _limit_areas(reached, effective, steps, reference, generator)
    values = Values(
        value=value,
        low=np.clip(low, 0.0, value),
        high=np.clip(high, value, 1.0),
        n=view.rows + view.rows[reference],
        effective=effective + effective[reference],
        method="kolmogorov" if distance.tested else "hybrid_resampling",
    )
    return values, p_values


def _limit_height(
    value: FloatArray,
    reached: FloatArray,
    effective: FloatArray,
    shared: FloatArray,
    reference: int,
) -> Interval:
    with np.errstate(divide="ignore", invalid="ignore"):
        low = value - scipy.stats.kstwobign.isf(ALPHA) / np.sqrt(shared)
        n = effective[:, None]
        share = (reached * n + 1) / (n + 2)
        own = share * (1 - share) / n
        error = np.sqrt((own + own[reference]).max(axis=1))
    return low, value + scipy.stats.norm.isf(_TAIL) * error


def _limit_areas(
    reached: FloatArray,
    effective: FloatArray,
    steps: FloatArray,
    reference: int,
    generator: np.random.Generator,
) -> Interval:
    """Return the interval of every group's area; NaN for groups without rows."""
    low, high = np.full((2, len(reached)), np.nan)
    if not effective[reference] > 0:
        return low, high
    cut = _cut(np.nan_to_num(reached).mean(axis=0), steps)
    width = np.add.reduceat(steps, cut)
    safe = np.where(width > 0, width, 1.0)
    levels = np.add.reduceat(reached * steps, cut, axis=1) / safe
    base = _draw_noise(levels[reference], effective[reference], generator)
    for group in np.flatnonzero(effective > 0):
        if group != reference:
            noise = _draw_noise(levels[group], effective[group], generator) - base
            gap = levels[group] - levels[reference]
            low[group], high[group] = _limit_area(gap, noise, width)
    low[reference] = high[reference] = 0.0
    return low, high


def _cut(reached: FloatArray, steps: FloatArray) -> NDArray[np.int64]:
    """Return where parts of the scores begin, each with about the same rows or width."""
    place = reached / max(float(reached[-1]), 1e-300) + np.cumsum(steps) / max(steps.sum(), 1e-300)
    part = np.minimum((place / 2 * _PARTS).astype(np.int64), _PARTS - 1)
    return np.flatnonzero(np.diff(part, prepend=-1))


def _draw_noise(levels: FloatArray, rows: float, generator: np.random.Generator) -> FloatArray:
    """Return by how much a distribution function is off in samples of so many rows,
    `[resamples, parts]`."""
    cells = np.diff(np.clip(levels, 0.0, 1.0), prepend=0.0, append=1.0)
    cells = np.maximum(cells, 0.0)
    size = max(round(rows), 1)
    drawn = generator.multinomial(size, cells / cells.sum(), size=_RESAMPLES)
    return np.asarray(np.cumsum(drawn[:, :-1], axis=1) / size - levels)


def _limit_area(gap: FloatArray, noise: FloatArray, width: FloatArray) -> tuple[float, float]:
    """Return the areas at which one as large as seen has the chance of a tail, or all but it.

    For the lower limit the gap seen is made smaller. An area that turns out small varies the most
    where the one group's scores are higher throughout, so that the upper limit supposes that too.
    """
    seen = float(np.abs(gap) @ width)
    spread = noise.std(axis=0) * (1.0 if gap @ width >= 0 else -1.0)

    def find(path: Callable[[float], FloatArray], top: float, wanted: float) -> float:
        bottom = 0.0
        if (np.abs(path(bottom) + noise) @ width >= seen).mean() >= wanted:
            return 0.0
        for _ in range(_HALVINGS):
            middle = (bottom + top) / 2
            small = (np.abs(path(middle) + noise) @ width >= seen).mean() < wanted
            bottom, top = (middle, top) if small else (bottom, middle)
        return float(np.abs(path(top)) @ width)

    low = find(lambda step: gap * step, 1.0, _AREA_TAIL)
    reach = 1.0 + _REACH * float(np.abs(spread) @ width) / max(seen, 1e-12)
    high = find(lambda step: gap * step, reach, 1 - _AREA_TAIL)
    most = float((np.abs(gap) / np.maximum(np.abs(spread), 1e-12)).max())
    even = find(lambda step: spread * step, _REACH + most, 1 - _AREA_TAIL)
    return low, max(high, even)
