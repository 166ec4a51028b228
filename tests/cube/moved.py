"""A cube decided anew at another threshold: what quicker ways are held against."""

from dataclasses import replace

import numpy as np

from audits.cube.counts.cube import UNKNOWN, Cube


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
