"""Which rejected rows are searched: some at random, and more of groups that these hardly hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import BoolArray, IntArray

Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """The rows drawn: `positions` int64 `[n]`, rising; the masks are of the same length.

    base: drawn at random from all. extra: for each protected column, the rows drawn on top of
    those for its small groups. A row may be in several.
    """

    positions: IntArray
    base: BoolArray
    extra: Mapping[str, BoolArray]

    def members(self, attribute: str | None = None) -> BoolArray:
        """Return the rows that count for the groups of one protected column (None: for all rows
        together, and for intersections).

        Within each group of the column they are a simple random sample of its rejected rows, so
        that no weights are needed; what was drawn for other columns does not count.
        """
        return self.base if attribute is None else self.base | self.extra[attribute]


def draw_rows(
    rejected: IntArray,
    groups: Mapping[str, Texts],
    *,
    rows: int,
    group_rows: int,
    generator: np.random.Generator,
) -> Draw:
    """Draw `rows` of the rejected rows, then more until each group has `group_rows` (or all).

    rejected: positions `[n]`, rising. groups: each protected column's group of every rejected
    row, text `[n]`. For each column at most `rows` further ones are drawn: where many groups are
    small, all get the same smaller number. The first draw does not depend on `groups`.
    """
    base = np.ones(len(rejected), dtype=np.bool_)
    if len(rejected) > rows:
        base[:] = False
        base[np.searchsorted(rejected, generator.choice(rejected, size=rows, replace=False))] = True
    extra = {name: _top_up(base, own, rows, group_rows, generator) for name, own in groups.items()}
    chosen = np.flatnonzero(np.any([base, *extra.values()], axis=0))
    return Draw(
        rejected[chosen], base[chosen], {name: mask[chosen] for name, mask in extra.items()}
    )


def _top_up(
    base: BoolArray, own: Texts, most: int, wanted: int, generator: np.random.Generator
) -> BoolArray:
    """Return which rows are drawn on top of `base`, at random within each group."""
    drawn = np.zeros_like(base)
    names, codes = np.unique(own.astype(str), return_inverse=True)
    sizes = np.bincount(codes, minlength=len(names))
    have = np.bincount(codes[base], minlength=len(names))
    level = _find_level(sizes, have, most, wanted)
    for group in range(len(names)):
        missing = min(level, int(sizes[group])) - int(have[group])
        if missing > 0:
            left = np.flatnonzero((codes == group) & ~base)
            drawn[generator.choice(left, size=missing, replace=False)] = True
    return drawn


def _find_level(sizes: IntArray, have: IntArray, most: int, wanted: int) -> int:
    """Return the largest number up to `wanted` that every group can be given (or all its rows)
    with at most `most` further rows in all."""
    low, high = 0, wanted
    while low < high:
        level = (low + high + 1) // 2
        if np.maximum(np.minimum(level, sizes) - have, 0).sum() <= most:
            low = level
        else:
            high = level - 1
    return low
