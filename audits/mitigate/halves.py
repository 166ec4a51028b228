"""A cube split into two random halves: what is chosen on one is reported on the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audits.core.arrays import IntArray
from audits.cube import Cube


def split_cube(cube: Cube, generator: np.random.Generator) -> tuple[Cube, Cube]:
    """Return the cubes of two random halves of the rows; they add up to the cube.

    Rows of one cell differ in nothing that the cube knows, so a fair coin for each row is a
    Binomial(count, 1/2) for each cell: the same as splitting the rows themselves, but repeatable
    from the stored cube alone. A cell's sums are shared in proportion to its rows, which is exact
    for unweighted rows with one score a cell; elsewhere each row counts as its cell's mean row.
    """
    count = np.rint(cube.sums["count"]).astype(np.int64)
    first = generator.binomial(count, 0.5)
    return _take(cube, first, count), _take(cube, count - first, count)


def _take(cube: Cube, rows: IntArray, count: IntArray) -> Cube:
    """Return the cube with `rows` of each cell's `count` rows; cells without rows go."""
    kept = rows > 0
    # Multiplied first: whole numbers of unweighted rows stay whole.
    return replace(
        cube,
        group_codes=cube.group_codes[kept],
        codes={name: code[kept] for name, code in cube.codes.items()},
        sums={name: values[kept] * rows[kept] / count[kept] for name, values in cube.sums.items()},
    )
