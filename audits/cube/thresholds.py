"""Any threshold on a finished cube: what the decisions would be if the cut were elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray
from audits.cube.counts.cube import UNKNOWN
from audits.cube.counts.view import View


def tabulate_thresholds(view: View, thresholds: FloatArray, total: str = "weight") -> FloatArray:
    """Return the confusion weights at many thresholds, `[n_thresholds, n_groups, 3, 2]`.

    thresholds: rising. total: which of the cells' sums is added up ("count" and "weight_squared"
    too). One pass over the cells, then sums: a slider moves over the result.
    """
    cube = view.cube
    steps = len(thresholds)
    # A cell is selected at the thresholds up to its score: `place` of them.
    place = np.searchsorted(thresholds, cube.edges, side="right")[cube.codes["score_bin"]]
    true = np.where(cube.codes["y_true"] == UNKNOWN, 2, cube.codes["y_true"])
    groups = len(view.labels)
    index = (place * groups + view.cell_group) * 3 + true
    added = np.bincount(index, cube.sums[total], minlength=(steps + 1) * groups * 3)
    by_place = added.reshape(steps + 1, groups, 3)
    above = np.cumsum(by_place[::-1], axis=0)[::-1][1:]
    selected = above
    return np.stack([by_place.sum(axis=0) - selected, selected], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What one threshold for everybody would do: confusion arrays `[n_groups, 3, 2]`, the sums of
    weights, of squared weights, and rows; see `Rate.compute_from`."""

    weight: FloatArray
    weight_squared: FloatArray
    count: FloatArray

    @property
    def everybody(self) -> Decided:
        """The same of all groups together, as one group."""
        parts = (self.weight, self.weight_squared, self.count)
        return Decided(*(part.sum(axis=0, keepdims=True) for part in parts))


class Sweep:
    """What every threshold of a list would do, counted once: a step is then a look into a table.

    thresholds: rising `[n_steps]`. weight, count: `[n_steps, n_groups, 3, 2]`. Memory: 48 bytes
    a step and group, three times that for weighted rows.
    """

    def __init__(self, view: View, thresholds: FloatArray) -> None:
        self.thresholds = thresholds
        self._view = view
        self.weight = tabulate_thresholds(view, thresholds)
        self._squared, self.count = self.weight, self.weight
        if view.cube.weighted:
            self._squared = tabulate_thresholds(view, thresholds, "weight_squared")
            self.count = tabulate_thresholds(view, thresholds, "count")

    def decide(self, threshold: float) -> Decided:
        """Return what `score >= threshold` would do; one not in the list is counted now."""
        step = int(np.searchsorted(self.thresholds, threshold))
        if step < len(self.thresholds) and self.thresholds[step] == threshold:
            return Decided(self.weight[step], self._squared[step], self.count[step])
        return Decided(*(part[0] for part in self._count_now(threshold)))

    def _count_now(self, threshold: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        only = np.array([threshold])
        weight = tabulate_thresholds(self._view, only)
        if not self._view.cube.weighted:
            return weight, weight, weight
        squared, count = (
            tabulate_thresholds(self._view, only, name) for name in ("weight_squared", "count")
        )
        return weight, squared, count


def list_thresholds(view: View, extra: FloatArray, most: int) -> FloatArray:
    """Return thresholds that are worth a look, rising: `extra`, and at most `most` of the scores,
    spread evenly over the rows (every score where there are no more). The view must have scores."""
    cube = view.cube
    rows = np.bincount(cube.codes["score_bin"], cube.sums["count"], minlength=len(cube.edges))
    scores = cube.edges[rows > 0]
    if len(scores) > most:
        reached = np.cumsum(rows[rows > 0])
        wanted = np.linspace(0, reached[-1], most)
        places = np.minimum(np.searchsorted(reached, wanted), len(scores) - 1)
        scores = scores[np.unique(places)]
    return np.unique(np.concatenate([extra, scores]))
