"""How far apart two groups' scores lie, at every threshold and not at one only.

Both distances are areas or heights between the groups' distribution functions, and both can be
off by no more than those functions are: the interval adds the groups' bounds of Dvoretzky,
Kiefer and Wolfowitz (1956) with Massart's constant (1990). It is wide, and holds for any scores.
Adding one is one entry in `DISTANCES` and one test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from audits.cube.cube import UNKNOWN, FloatArray
from audits.cube.intervals import CONFIDENCE
from audits.cube.values import Values
from audits.cube.view import View


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance of two distributions of scores. Its title and meaning are in `core.words`.

    measure: from the absolute gap of the distribution functions `[n_groups, n_scores]` and the
    steps between scores `[n_scores]` to `[n_groups]`. tested: whether its p-value is
    Kolmogorov's.
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


def compute_distance(distance: Distance, view: View, reference: int) -> tuple[Values, FloatArray]:
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
        margin = np.sqrt(np.log(4 / (1 - CONFIDENCE)) / (2 * effective))
    steps = np.append(np.diff(cube.edges), 0.0)
    value = distance.measure(np.abs(reached - reached[reference]), steps)
    # Half of the error to each group: both bounds hold together.
    margin = margin + margin[reference]
    p_values = np.full(groups, np.nan)
    if distance.tested:
        with np.errstate(divide="ignore", invalid="ignore"):
            shared = effective * effective[reference] / (effective + effective[reference])
            p_values = scipy.stats.kstwobign.sf(np.sqrt(shared) * value)
        p_values[reference] = np.nan
    values = Values(
        value=value,
        low=np.maximum(value - margin, 0.0),
        high=np.minimum(value + margin, 1.0),
        n=view.rows + view.rows[reference],
        effective=effective + effective[reference],
        method="dkw",
    )
    return values, p_values
