"""Differences in selection that remain when legitimate columns are held fixed.

A gap between groups may go with a column that people hold to be a good reason (the department
applied to). Within each of that column's values, a stratum, the gap can be gone, or reversed
(Simpson's paradox). Whether a column is a good reason is for people to decide, not for a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy

from audits.core.arrays import FloatArray
from audits.cube.counts.cube import Cube
from audits.cube.counts.keys import number_combinations
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.intervals.agree import reconcile
from audits.cube.intervals.intervals import normal_quantile
from audits.cube.intervals.resample import resample_counts

_RESAMPLES = 2000
_DRAWN_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Strata:
    """Rows by `[group, stratum]`: those selected and all, in effective rows of each group.

    rows: unweighted rows, `[group, stratum]`. worth: the weight that one effective row of each
    group stands for, `[n_groups]` or `[1]`; 1 without weights.
    """

    selected: FloatArray
    total: FloatArray
    rows: FloatArray
    worth: FloatArray = field(default_factory=lambda: np.ones(1))

    @property
    def count(self) -> int:
        """How many strata there are."""
        return int(self.total.shape[1])


def split_strata(view: View, legitimate: tuple[str, ...]) -> Strata:
    """Return a view's groups by the combinations of the `legitimate` columns of its cube."""
    cube: Cube = view.cube
    codes = [cube.group_codes[:, cube.attributes.index(name)] for name in legitimate]
    first, stratum = number_combinations(codes, len(cube.group_codes))
    shape = (len(view.labels), len(first))
    index = view.cell_group * shape[1] + stratum

    def add(values: FloatArray) -> FloatArray:
        added = np.bincount(index, values, shape[0] * shape[1])
        return np.asarray(added, dtype=np.float64).reshape(shape)

    weight = cube.sums["weight"]
    squared = view.total(cube.sums["weight_squared"])
    # Kish: so many rows without weights would know as much.
    scale = np.where(squared > 0, view.total(weight) / np.where(squared > 0, squared, 1.0), 0.0)
    selected = add(np.where(cube.codes["y_pred"] == 1, weight, 0.0))
    return Strata(
        selected * scale[:, None],
        add(weight) * scale[:, None],
        add(cube.sums["count"]),
        np.where(scale > 0, 1.0 / np.where(scale > 0, scale, 1.0), 0.0),
    )


def compute_conditional_disparity(strata: Strata, generator: np.random.Generator) -> Values:
    """Return every group's conditional demographic disparity, in [-1, 1]; above 0 is to its loss.

    The group's share among the rejected minus its share among the selected, within each stratum,
    averaged by the strata's rows (Wachter, Mittelstadt and Russell 2021, Computer Law & Security
    Review 41:105567). Strata in which nobody or everybody was selected say nothing and are left
    out, and their rows of `n`; NaN where all do. Interval: percentiles of a multinomial bootstrap
    of all counts.
    """
    counts = np.stack([strata.selected, strata.total - strata.selected], axis=-1)
    worth = strata.worth[:, None, None]  # shares between groups are shares of weight
    value = _average_disparity(counts * worth)
    size = np.array([counts.sum()])
    step = max(1, _DRAWN_AT_ONCE // counts.size)
    parts = []
    for start in range(0, _RESAMPLES, step):
        times = min(step, _RESAMPLES - start)
        again = resample_counts(counts[None], size, times, generator)[:, 0]
        parts.append(_average_disparity(again * worth))
    drawn = np.concatenate(parts)
    drawn = np.where(np.isnan(drawn), value, drawn)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    usable = (counts.sum(axis=0) > 0).all(axis=-1)
    return Values(
        value=value,
        low=np.minimum(low, value),
        high=np.maximum(high, value),
        n=np.full(len(value), int(strata.rows[:, usable].sum()), dtype=np.int64),
        effective=np.full(len(value), float(size[0])),
        method="bootstrap",
    )


def _average_disparity(counts: FloatArray) -> FloatArray:
    """Return disparities `[..., group]` of counts `[..., group, stratum, selected or rejected]`."""
    among = counts.sum(axis=-3, keepdims=True)
    usable = (among > 0).all(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = counts / among
        gap = np.where(usable, share[..., 1] - share[..., 0], 0.0)
        weight = np.where(usable, among.sum(axis=-1), 0.0)
        return np.asarray((gap * weight).sum(axis=-1) / weight.sum(axis=-1))


def compute_conditional_difference(strata: Strata, reference: int) -> tuple[Values, FloatArray]:
    """Return every group's selection rate minus that of the reference group within strata, and
    p-values of there being no difference in any stratum.

    Mantel and Haenszel's average over strata that have rows of both groups; `n` counts those rows
    only. Interval: Klingenberg's (2014, Statistics in Medicine 33:2968), the differences that a
    test with Sato's variance (1989, Biometrics 45:1323) at that difference would not reject. It
    holds for few large strata and for many small ones, and where hardly anybody is selected, where
    Sato's variance at the estimate covers as little as 61%. The Cochran-Mantel-Haenszel test
    without continuity correction. NaN without such a stratum, or where in each of them nobody or
    everybody was selected: nothing then says how sure "no difference" is.
    """
    a, n1 = strata.selected, strata.total
    c, n0 = strata.selected[[reference]], strata.total[[reference]]
    both = (n1 > 0) & (n0 > 0)
    total = np.where(both, n1 + n0, 1.0)

    def add(terms: FloatArray) -> FloatArray:
        return np.asarray(np.where(both, terms, 0.0).sum(axis=1))

    with np.errstate(divide="ignore", invalid="ignore"):
        weight = add(n1 * n0 / total)
        value = add((a * n0 - c * n1) / total) / weight
        p = add((n1**2 * c - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / total**2)
        q = add((a * (n0 - c) + c * (n1 - a)) / (2 * total))
        middle = value + normal_quantile() ** 2 * p / (2 * weight**2)
        reach = middle**2 - value**2 + normal_quantile() ** 2 * q / weight**2
        half = np.sqrt(np.maximum(reach, 0.0))
        picked = a + c
        spread = add(n1 * n0 * picked * (total - picked) / (total**2 * np.maximum(total - 1, 1)))
        p_values = scipy.stats.chi2.sf(add(a - n1 * picked / total) ** 2 / spread, 1)
    p_values[reference] = np.nan
    value = np.where(spread > 0, value, np.nan)
    n = np.rint(add(strata.rows + strata.rows[reference])).astype(np.int64)
    ends = np.clip(middle - half, -1.0, value), np.clip(middle + half, value, 1.0)
    (low, high), p_values = reconcile(value, ends, p_values)
    values = Values(
        value=value,
        low=low,
        high=high,
        n=n,
        effective=add(total),
        method="klingenberg",
    )
    return values, p_values
