"""The scored rows of each group by score bin: what ranking and calibration are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.cube.counts.cube import Cube
from audits.cube.counts.keys import number_combinations


@dataclass(frozen=True, slots=True)
class ScoredCounts:
    """One group's rows with known outcome by score bin, lowest score first.

    scores: `[n_bins]`. positives, negatives: weights `[n_bins]`. rows: unweighted number of
    (positive, negative) rows. effective: effective numbers of them.
    """

    scores: FloatArray
    positives: FloatArray
    negatives: FloatArray
    rows: tuple[int, int]
    effective: tuple[float, float]

    @property
    def both_classes(self) -> bool:
        """Whether there is weight on both outcomes."""
        return bool(self.positives.sum() > 0 and self.negatives.sum() > 0)


def split_scores(cube: Cube, cell_group: IntArray, groups: int) -> tuple[ScoredCounts, ...]:
    """Return every group's scored rows by bin. cell_group: `[n_cells]`, each cell's group."""
    true, score_bin = cube.codes["y_true"], cube.codes["score_bin"]
    order = np.argsort(cell_group, kind="stable")
    starts = np.searchsorted(cell_group[order], np.arange(groups + 1))
    found = []
    for begin, end in pairwise(starts):
        cells = order[begin:end]
        first, place = number_combinations([score_bin[cells]], len(cells))
        bins = score_bin[cells][first]
        sums: dict[tuple[str, int], FloatArray] = {}
        for name in ("weight", "weight_squared", "count"):
            for outcome in (0, 1):
                chosen = np.where(true[cells] == outcome, cube.sums[name][cells], 0.0)
                added = np.bincount(place, weights=chosen, minlength=len(bins))
                sums[name, outcome] = np.asarray(added, dtype=np.float64)
        effective = [
            float(sums["weight", k].sum() ** 2 / max(sums["weight_squared", k].sum(), 1e-300))
            for k in (1, 0)
        ]
        found.append(
            ScoredCounts(
                scores=cube.edges[bins],
                positives=sums["weight", 1],
                negatives=sums["weight", 0],
                rows=(int(sums["count", 1].sum()), int(sums["count", 0].sum())),
                effective=(effective[0], effective[1]),
            )
        )
    return tuple(found)
