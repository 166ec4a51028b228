"""What recourse costs each row at the least, and how groups compare: equal effort, and which
columns make one group's recourse costlier.

The cost of a row is that of the cheapest of its answers; it is infinite where none was found.
Gupta, Nokhiz, Roy and Venkatasubramanian 2019 (arXiv:1909.03166) compare the distance to the
decision between groups, Heidari, Nanda and Gummadi 2019 (ICML) what groups reach at equal effort,
von Kügelgen, Karimi, Bhatt, Valera, Weller and Schölkopf 2022 (AAAI) the cost of actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.arrays import BoolArray, FloatArray
from audits.core.counterfactual import Counterfactual
from audits.core.report.estimate import Estimate, Unavailable
from audits.cube import (
    CONFIDENCE,
    compute_difference,
    compute_holm,
    compute_mean_interval,
    compute_ratio,
    compute_share_interval,
    compute_two_share_p,
    compute_welch_p,
    reconcile,
    to_result,
)
from audits.recourse.columns import Column

_SLACK = 1e-9
"""Costs are sums of floats: a budget that equals a cost pays for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Burden:
    """The least cost of recourse of each row searched.

    rows: their ids `[n]`. cost: `[n]`, infinite without recourse. columns: names `[k]`. parts:
    what of the cost falls on each column, `[n, k]`; sums to `cost`, 0 for rows without recourse.
    """

    rows: tuple[str, ...]
    cost: FloatArray
    columns: tuple[str, ...]
    parts: FloatArray


@dataclass(frozen=True, slots=True)
class ShareGap:
    """A group's share minus and over that of the reference group; two-sided p of equal shares."""

    difference: Estimate | Unavailable
    ratio: Estimate | Unavailable
    p_value: float


@dataclass(frozen=True, slots=True)
class ColumnGap:
    """One column's part in what a group's recourse costs more, among rows that have recourse.

    cost: mean cost that falls on the column, group minus reference; over all columns these sum to
    the difference of the mean costs. share: share of the cheapest answers that change it, group
    minus reference, in points. The p-values are adjusted (Holm) over the columns.
    """

    column: str
    cost: Estimate | Unavailable
    cost_p: float
    share: Estimate | Unavailable
    share_p: float


def compute_burden(
    rows: Sequence[str], answers: Iterable[Counterfactual], columns: Sequence[Column]
) -> Burden:
    """Return the least cost of each of `rows` over its answers, split over the columns.

    columns: the model's features as the search saw them; they price each change. Where an
    answer's prices do not sum to its cost they are scaled until they do.
    """
    cheapest: dict[str, Counterfactual] = {}
    for answer in answers:
        known = cheapest.get(answer.row)
        if known is None or (answer.cost, answer.rank) < (known.cost, known.rank):
            cheapest[answer.row] = answer
    best = [cheapest.get(row) for row in rows]
    cost = np.array([np.inf if found is None else found.cost for found in best])
    parts = np.zeros((len(rows), len(columns)))
    for place, column in enumerate(columns):
        at, old, new = [], [], []
        for position, found in enumerate(best):
            for change in () if found is None else found.changes:
                if change.column == column.name:
                    at.append(position)
                    old.append(change.old)
                    new.append(change.new)
        if at:
            codes = [column.encode(pd.Series(v, dtype=column.dtype)) for v in (old, new)]
            parts[at, place] = column.cost(*codes)
    total = parts.sum(axis=1)
    known_cost = np.isfinite(cost)
    scale = np.divide(cost, total, out=np.ones(len(rows)), where=known_cost & (total > 0))
    names = tuple(column.name for column in columns)
    return Burden(tuple(rows), cost, names, parts * scale[:, None])


def choose_effort(cost: FloatArray) -> float | None:
    """Return the effort at which groups are compared: the median least cost of all rows, those
    without recourse at the top; where these are more than half, the highest cost that there is.

    None where no row has recourse. Chosen without looking at any group.
    """
    finite = cost[np.isfinite(cost)]
    if not len(finite):
        return None
    middle = float(np.sort(cost)[(len(cost) - 1) // 2])
    return middle if np.isfinite(middle) else float(finite.max())


def count_within(cost: FloatArray, effort: float) -> int:
    """Return how many rows can be accepted for at most `effort`."""
    return int((cost <= effort + _SLACK).sum())


def compute_effort_curve(cost: FloatArray, efforts: FloatArray) -> tuple[FloatArray, ...]:
    """Return (share within each effort, lower, upper): `[n_efforts]` each, pointwise intervals.

    NaN without rows.
    """
    n = np.full(len(efforts), float(len(cost)))
    if not len(cost):
        return (np.full(len(efforts), np.nan),) * 3
    share = np.searchsorted(np.sort(cost), efforts + _SLACK, "right") / len(cost)
    return share, *compute_share_interval(share, n)


def compare_shares(hits: int, n: int, ref_hits: int, ref_n: int) -> ShareGap:
    """Compare two independent shares: MOVER intervals (Zou and Donner 2008, Donner and Zou 2012),
    and the exact or z test of equal shares. Unavailable without rows of either group."""
    if not n or not ref_n:
        none = Unavailable(reason="no rejected row of one of the groups was searched")
        return ShareGap(none, none, np.nan)
    share, base = np.asarray(hits / n), np.asarray(ref_hits / ref_n)
    own = compute_share_interval(share, np.asarray(float(n)))
    other = compute_share_interval(base, np.asarray(float(ref_n)))
    tested = np.asarray(compute_two_share_p(hits, n, ref_hits, ref_n))
    gap, p_value = reconcile(share - base, compute_difference(share, own, base, other), tested)
    quotient = float(share / base) if ref_hits else np.nan
    ratio, _ = reconcile(
        np.asarray(quotient), compute_ratio(share, own, base, other), p_value, neutral=1.0
    )
    return ShareGap(
        to_result(
            float(share - base), float(gap[0]), float(gap[1]), n + ref_n,
            "mover_wilson_midp", "no rows",
        ),
        to_result(
            quotient, float(ratio[0]), float(ratio[1]), n + ref_n, "mover_wilson_midp",
            "the share of the reference group is 0",
        ),
        float(p_value),
    )  # fmt: skip


def compare_mean_cost(cost: FloatArray, reference: FloatArray) -> Estimate | Unavailable:
    """Return the mean cost of a group's rows with recourse minus that of the reference group's."""
    ours, theirs = cost[np.isfinite(cost)], reference[np.isfinite(reference)]
    return _compare_means(ours[:, None], theirs[:, None])[0][0]


def compare_columns(group: Burden, reference: Burden) -> tuple[ColumnGap, ...]:
    """Return each column that either group's cheapest answers change, largest extra cost first.

    Only rows with recourse count: what those without one would have to pay is not known.
    Both burdens have the same columns.
    """
    ours, theirs = (part.parts[np.isfinite(part.cost)] for part in (group, reference))
    touched = np.flatnonzero((ours > 0).any(axis=0) | (theirs > 0).any(axis=0))
    if not len(touched) or not len(ours) or not len(theirs):
        return ()
    ours, theirs = ours[:, touched], theirs[:, touched]
    costs, cost_p = _compare_means(ours, theirs)
    shares = [
        compare_shares(int(hits), len(ours), int(ref_hits), len(theirs))
        for hits, ref_hits in zip((ours > 0).sum(axis=0), (theirs > 0).sum(axis=0), strict=True)
    ]
    share_p = compute_holm(np.array([share.p_value for share in shares]))
    gaps = [
        ColumnGap(
            group.columns[place], costs[i], float(cost_p[i]), shares[i].difference,
            float(share_p[i]),
        )
        for i, place in enumerate(touched)
    ]  # fmt: skip
    extra = ours.mean(axis=0) - theirs.mean(axis=0)
    return tuple(gaps[i] for i in np.argsort(-extra, kind="stable"))


def select_rows(burden: Burden, chosen: BoolArray) -> Burden:
    """Return the burden of some rows."""
    rows = tuple(row for row, own in zip(burden.rows, chosen, strict=True) if own)
    return Burden(rows, burden.cost[chosen], burden.columns, burden.parts[chosen])


def _compare_means(
    ours: FloatArray, theirs: FloatArray
) -> tuple[list[Estimate | Unavailable], FloatArray]:
    """Return the differences of the columns' means and their adjusted p-values, `[k]` each.

    MOVER intervals from Student's, Welch's test; p is 1 where there are too few rows for one.
    """
    k, sizes = ours.shape[1], (len(ours), len(theirs))
    if min(sizes) < 2:
        few = Unavailable(reason=f"only {min(sizes)} rows of one of the groups have recourse")
        return [few] * k, np.ones(k)
    means = np.stack([ours.mean(axis=0), theirs.mean(axis=0)])
    variances = np.stack([ours.var(axis=0, ddof=1), theirs.var(axis=0, ddof=1)])
    n = np.array(sizes, dtype=np.float64)[:, None]
    low, high = compute_mean_interval(means, variances, n)
    gap = compute_difference(means[0], (low[0], high[0]), means[1], (low[1], high[1]))
    tested = np.array(
        [compute_welch_p(means[:, i], (low[:, i], high[:, i]), n[:, 0], 1)[0] for i in range(k)]
    )
    gap, p_values = reconcile(means[0] - means[1], gap, tested)
    results: list[Estimate | Unavailable] = [
        Estimate(
            value=float(means[0, i] - means[1, i]), low=float(gap[0][i]), high=float(gap[1][i]),
            n=sum(sizes), method="mover_student_t", confidence=CONFIDENCE,
        )
        for i in range(k)
    ]  # fmt: skip
    return results, compute_holm(np.nan_to_num(p_values, nan=1.0))
