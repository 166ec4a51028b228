"""Adding cubes up, coarsening their scores, and hiding small cells before one is handed over.

Counts add exactly, so that merging is associative and a merged cube is the cube of all rows; the
other sums add to within the rounding of a float.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import InputError
from audits.core.limits import MIN_ROWS_TO_SHOW
from audits.cube.counts.cube import UNKNOWN, Cube
from audits.cube.counts.keys import number_combinations

EXACT_SCORES = 65_536
"""Up to this many different scores a cube keeps each; above, they are cut to bits."""

_MERGED_BITS = 16
"""How fine the bins are when exact cubes together have too many scores. Fixed, so that the order
of merging does not matter."""


def coarsen(cube: Cube, bits: int) -> Cube:
    """Return the cube with scores cut down to `bits` bits after the binary point.

    Cutting is exact in floating point, and cutting twice is cutting to the fewer bits. A cube
    that is as coarse already, or has no scores, comes back as it is.
    """
    if (cube.score_bits is not None and cube.score_bits <= bits) or not len(cube.edges):
        return cube
    scale = 2.0**bits
    edges, place = np.unique(np.floor(cube.edges * scale) / scale, return_inverse=True)
    score_bin = cube.codes["score_bin"]
    codes = {**cube.codes, "score_bin": np.where(score_bin == UNKNOWN, UNKNOWN, place[score_bin])}
    return _gather(replace(cube, edges=edges, score_bits=bits), cube.group_codes, codes, cube.sums)


def merge_cubes(cubes: Sequence[Cube]) -> Cube:
    """Return the cube of all rows of `cubes`, which count parts of the same data.

    Raises InputError where they count different things (task, attributes, classes, threshold,
    scale).
    Where some cubes bin their scores, or all together have too many, the whole is as coarse as
    the coarsest needs to be.
    """
    if not cubes:
        raise InputError("there is no cube to merge; give at least one")
    return reduce(_merge_two, cubes)


def _merge_two(one: Cube, other: Cube) -> Cube:
    for name in ("task", "attributes", "classes", "threshold", "scale"):
        if getattr(one, name) != getattr(other, name):
            raise InputError(
                f"cubes of different audits do not add up: {name} is {getattr(one, name)!r} in "
                f"one and {getattr(other, name)!r} in another"
            )
    if _has_scores(one) != _has_scores(other):
        raise InputError("cubes of different audits do not add up: only one of them has scores")
    one, other = _match_bits(one, other)
    groups = {
        name: tuple(sorted({*one.groups[name], *other.groups[name]})) for name in one.attributes
    }
    edges = np.union1d(one.edges, other.edges)
    parts = [_recode(cube, groups, edges) for cube in (one, other)]
    return _gather(
        replace(one, groups=groups, edges=edges),
        np.concatenate([codes for codes, _ in parts]),
        {name: np.concatenate([codes[name] for _, codes in parts]) for name in one.codes},
        {name: np.concatenate([one.sums[name], other.sums[name]]) for name in one.sums},
    )


def _has_scores(cube: Cube) -> bool:
    return bool(len(cube.edges))


def _match_bits(one: Cube, other: Cube) -> tuple[Cube, Cube]:
    known = [cube.score_bits for cube in (one, other) if cube.score_bits is not None]
    if not known and len(np.union1d(one.edges, other.edges)) > EXACT_SCORES:
        known = [_MERGED_BITS]
    elif 0 < len(known) < 2:
        # An exact cube meets a binned one: as if it had met its equals first.
        known.append(_MERGED_BITS)
    return (coarsen(one, min(known)), coarsen(other, min(known))) if known else (one, other)


def _recode(
    cube: Cube, groups: Mapping[str, tuple[str, ...]], edges: FloatArray
) -> tuple[IntArray, dict[str, IntArray]]:
    """Return a cube's group codes and other codes in the terms of the whole."""
    group_codes = np.empty_like(cube.group_codes)
    for position, name in enumerate(cube.attributes):
        places = np.array(
            [groups[name].index(group) for group in cube.groups[name]], dtype=np.int64
        )
        group_codes[:, position] = places[cube.group_codes[:, position]]
    codes = dict(cube.codes)
    if len(edges):
        score_bin = codes["score_bin"]
        place = np.searchsorted(edges, cube.edges)
        codes["score_bin"] = np.where(score_bin == UNKNOWN, UNKNOWN, place[score_bin])
    return group_codes, codes


def _gather(
    like: Cube,
    group_codes: IntArray,
    codes: Mapping[str, IntArray],
    sums: Mapping[str, FloatArray],
) -> Cube:
    """Return a cube in which cells with the same codes are one, sorted by them."""
    first, place = number_combinations([*group_codes.T, *codes.values()], len(group_codes))
    return replace(
        like,
        group_codes=group_codes[first],
        codes={name: code[first] for name, code in codes.items()},
        sums={
            name: np.asarray(np.bincount(place, values, minlength=len(first)), dtype=np.float64)
            for name, values in sums.items()
        },
    )


def suppress_small_cells(cube: Cube, least: int = MIN_ROWS_TO_SHOW) -> tuple[Cube, int]:
    """Return a cube that can be handed over, and how many rows it leaves out.

    No cell of it counts fewer than `least` rows: scores are cut to the most bits at which at
    most one row in a hundred stands in a smaller cell (the fewest left out where there is no
    such), and the rows of smaller cells are left out. Raises InputError where none remain.
    """
    tried = [(cube, _count_small(cube, least))]
    for bits in range(min(cube.score_bits or _MERGED_BITS, _MERGED_BITS), -1, -1):
        if tried[-1][1] <= cube.rows / 100 or not _has_scores(cube):
            break
        coarser = coarsen(cube, bits)
        tried.append((coarser, _count_small(coarser, least)))
    kept, lost = next(
        (pair for pair in tried if pair[1] <= cube.rows / 100), min(tried, key=lambda p: p[1])
    )
    if lost >= cube.rows:
        raise InputError(
            f"every combination has fewer than {least} rows, so nothing can be handed over; "
            "take fewer protected columns, or a smaller least number"
        )
    large = kept.sums["count"] >= least
    return (
        replace(
            kept,
            group_codes=kept.group_codes[large],
            codes={name: code[large] for name, code in kept.codes.items()},
            sums={name: values[large] for name, values in kept.sums.items()},
        ),
        lost,
    )


def _count_small(cube: Cube, least: int) -> int:
    """Return the rows in cells of fewer than `least` rows."""
    count = cube.sums["count"]
    return int(count[count < least].sum())
