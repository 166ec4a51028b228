"""Any threshold on a finished cube: what the decisions would be if the cut were elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audits.cube.cube import UNKNOWN, Cube, FloatArray
from audits.cube.view import View


def move_threshold(cube: Cube, threshold: float) -> Cube:
    """Return the cube with decisions `score >= threshold` instead of its own.

    Exact where the cube keeps each score; else a bin goes with its lower edge, so at most one
    bin's rows can be on the wrong side. Raises ValueError for a cube without scores.
    """
    score_bin = cube.codes["score_bin"]
    if (score_bin == UNKNOWN).any():
        raise ValueError("this cube has no scores, so there is no threshold to move")
    selected = (cube.edges[score_bin] >= threshold).astype(np.int64)
    return replace(cube, codes={**cube.codes, "y_pred": selected}, threshold=threshold)


def tabulate_thresholds(view: View, thresholds: FloatArray) -> FloatArray:
    """Return the confusion weights at many thresholds, `[n_thresholds, n_groups, 3, 2]`.

    thresholds: rising. One pass over the cells, then sums: a slider moves over the result.
    """
    cube = view.cube
    steps = len(thresholds)
    # A cell is selected at the thresholds up to its score: `place` of them.
    place = np.searchsorted(thresholds, cube.edges[cube.codes["score_bin"]], side="right")
    true = np.where(cube.codes["y_true"] == UNKNOWN, 2, cube.codes["y_true"])
    groups = len(view.labels)
    index = (place * groups + view.cell_group) * 3 + true
    added = np.bincount(index, cube.sums["weight"], minlength=(steps + 1) * groups * 3)
    by_place = added.reshape(steps + 1, groups, 3)
    above = np.cumsum(by_place[::-1], axis=0)[::-1][1:]
    selected = above
    return np.stack([by_place.sum(axis=0) - selected, selected], axis=-1)
