"""What the file keeps of the cube: decisions against outcomes, and pooled scores, by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.core.format import plain_text
from audits.cube import View, compute_calibration
from audits.export.html.pooling import PooledScores

Number = int | float
_TRUTHS = 3
"""Not favourable, favourable, unknown."""


@dataclass(frozen=True, slots=True)
class Sums:
    """One group's rows, counted one way (rows, weights or squared weights).

    decided: for two classes true and false negatives and positives in the order tn, fp, fn, tp,
    then the unselected and selected of unknown outcome; for more classes the rows of the matrix
    of true by predicted class, one after the other. scores: for each of the three outcomes the
    sums by bin, from the lowest; a negative number -k stands for k empty bins. Empty where there
    are no scores.
    """

    decided: tuple[Number, ...]
    scores: tuple[tuple[Number, ...], ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores against outcomes in tenths of the score: mean score, share that came true, its
    interval. Tenths with too few rows are left out."""

    mean_score: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One group. sums: one entry without weights (rows), three with them: rows, weights, squared
    weights; empty where the group has too few rows, and then `rows` is None too. moved: how many
    of its rows pooling can put on the wrong side of a threshold other than the audited one."""

    label: str
    rows: int | None
    sums: tuple[Sums, ...]
    moved: int
    calibration: Calibration | None


def count_groups(
    view: View,
    pooled: PooledScores | None,
    least: int,
    keep: Sequence[int],
    *,
    curves: bool,
    decisions: bool,
) -> tuple[Group, ...]:
    """Return the groups at the positions `keep` of a view.

    curves: with calibration. decisions: with counts of decisions and scores.
    """
    names: tuple[str, ...] = ("count",)
    if view.cube.weighted:
        names = ("count", "weight", "weight_squared")
    if view.cube.task == "regression" or not decisions:
        names = ()
    decided = {name: getattr(view, name) for name in names}
    histograms = {} if pooled is None else {n: _spread(view, pooled.place, n) for n in names}
    moved = _find_moved(view, pooled)
    curve = _make_calibrations(view, least) if curves and pooled is not None else {}
    return tuple(
        Group(
            label=plain_text(view.labels[g]),
            rows=None if view.rows[g] < least else int(view.rows[g]),
            sums=()
            if view.rows[g] < least
            else tuple(
                Sums(
                    tuple(_plain(value) for value in decided[name][g].ravel()),
                    tuple(_pack(line) for line in histograms[name][g]) if histograms else (),
                )
                for name in names
            ),
            moved=0 if view.rows[g] < least else int(moved[g]),
            calibration=None if view.rows[g] < least else curve.get(g),
        )
        for g in keep
    )


def _spread(view: View, place: IntArray, name: str) -> FloatArray:
    """Return a cell sum by `[group, outcome, bin]`."""
    true = view.cube.codes["y_true"]
    outcome = np.where(true < 0, _TRUTHS - 1, true)
    bins = int(place.max()) + 1
    index = (view.cell_group * _TRUTHS + outcome) * bins + place
    size = len(view.labels) * _TRUTHS * bins
    added = np.bincount(index, view.cube.sums[name], minlength=size)
    return np.asarray(added, dtype=np.float64).reshape(-1, _TRUTHS, bins)


def _find_moved(view: View, pooled: PooledScores | None) -> FloatArray:
    """Return by group the most rows of one outcome that pooling moves over a threshold."""
    if pooled is None:
        return np.zeros(len(view.labels))
    both = [_spread(view, place, "count") for place in (pooled.place, pooled.exact)]
    bins = max(part.shape[2] for part in both)
    padded = [np.pad(part, ((0, 0), (0, 0), (0, bins - part.shape[2]))) for part in both]
    gap = np.abs(np.cumsum(padded[0] - padded[1], axis=2)).sum(axis=1)
    return np.asarray(np.rint(gap.max(axis=1)), dtype=np.float64)


def _pack(line: FloatArray) -> tuple[Number, ...]:
    """Return a line of sums with runs of zeros as one negative number, without the last run."""
    packed: list[Number] = []
    empty = 0
    for value in line.tolist():
        if value == 0:
            empty += 1
            continue
        if empty:
            packed.append(-empty)
            empty = 0
        packed.append(_plain(value))
    return tuple(packed)


def _plain(value: float) -> Number:
    return int(value) if float(value).is_integer() else float(value)


def _make_calibrations(view: View, least: int) -> dict[int, Calibration]:
    if not view.has_truth:
        return {}
    curve = compute_calibration(view)
    place = np.minimum((view.cell_score * curve.weight.shape[1]).astype(np.int64),
                       curve.weight.shape[1] - 1)  # fmt: skip
    known = view.cube.codes["y_true"] >= 0
    index = view.cell_group * curve.weight.shape[1] + place
    rows = np.bincount(index[known], view.cube.sums["count"][known], minlength=curve.weight.size)
    enough = (rows.reshape(curve.weight.shape) >= least) & ~np.isnan(curve.positive_share)
    return {
        g: Calibration(
            *(
                tuple(float(f"{value:.6g}") for value in part[g][enough[g]])
                for part in (curve.mean_score, curve.positive_share, curve.low, curve.high)
            )
        )
        for g in range(len(view.labels))
        if enough[g].any()
    }
