"""Is a changed row like real rows that got the wanted outcome?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.recourse.columns import Column, encode_frame
from audits.recourse.search.proposals import Scorer

SAMPLE = 1_000
"""The most reference rows of the wanted class to compare with."""
DRAWN = 10_000
"""The most reference rows that are predicted to find them."""
SHARE = 0.95
NEIGHBOURS = 5
"""Rows over which distances are averaged for the density."""
DENSEST = 10.0
"""The largest density told: a row that equals several real ones has no distance to divide by."""
CHUNK = 256


@dataclass(frozen=True, slots=True)
class Bounds:
    """How unlike real rows an answer may be: see `Neighbourhood.measure`. None: no bound."""

    max_distance: float | None = None
    min_density: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing is bounded."""
        return self.max_distance is None and self.min_density is None

    def contain(self, distance: FloatArray, density: FloatArray) -> BoolArray:
        """Say which rows lie within the bounds; none does where a measure is unknown (NaN)."""
        inside = np.ones(len(distance), dtype=np.bool_)
        if self.max_distance is not None:
            inside &= distance <= self.max_distance
        if self.min_density is not None:
            inside &= density >= self.min_density
        return inside


class Neighbourhood:
    """The reference rows that the model accepts, and how near to each other they lie.

    The distance of two rows is the mean over the columns of |a - b| / the column's range for
    numbers (Gower 1971) and of 0 or 1 for the rest; a missing value is 0 away from another
    missing value and 1 from anything else.
    """

    def __init__(self, columns: Sequence[Column], rows: FloatArray) -> None:
        self._columns = columns
        self._rows = rows
        whole = ~np.isnan(rows).any(axis=0) if len(rows) else np.ones(len(columns), dtype=np.bool_)
        width = np.array([column.high - column.low for column in columns])
        number = np.array([column.kind == "number" for column in columns]) & (width > 0)
        self._scaled, self._width = np.flatnonzero(number & whole), width
        self._compared = np.flatnonzero(~number)
        self._radius = -np.inf
        self._spacing = np.empty(0)
        if len(rows) > 1:
            _, nearest = self._find_nearest(rows, others=True)
            self._radius = float(np.quantile(nearest[:, 0], SHARE))
            self._spacing = nearest.mean(axis=1)

    def contains(self, distance: FloatArray) -> BoolArray:
        """Say which distances are as small as those of 95% of the accepted rows to each other.

        False throughout where fewer than two rows were accepted.
        """
        return np.nan_to_num(distance, nan=np.inf) <= self._radius

    def measure(self, codes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return each row's distance to the nearest accepted row, and its density; codes `[n, p]`.

        distance: 0 (equals one) to 1. density: the mean distance of the five nearest accepted
        rows to their own five nearest, over the row's mean distance to them: 1 is as crowded as
        their place, less is emptier; at most 10. (The local outlier factor of Breunig et al.
        2000, turned round and without its smoothing.) NaN where fewer than two were accepted.
        """
        if len(self._rows) < 2:
            return np.full(len(codes), np.nan), np.full(len(codes), np.nan)
        which, nearest = self._find_nearest(codes)
        around, own = self._spacing[which].mean(axis=1), nearest.mean(axis=1)
        density = np.full(len(codes), DENSEST)
        np.divide(around, own, out=density, where=own > 0)
        density[(own == 0) & (around == 0)] = 1.0
        return nearest[:, 0], np.minimum(density, DENSEST)

    def _find_nearest(
        self, codes: FloatArray, *, others: bool = False
    ) -> tuple[IntArray, FloatArray]:
        """Return places of and distances to the nearest rows, rising, `[n, at most 5]`.

        others: codes are the rows themselves, of which each looks at the others only.
        """
        k = min(NEIGHBOURS, len(self._rows) - others)
        which, nearest = np.empty((len(codes), k), dtype=np.int64), np.empty((len(codes), k))
        for start in range(0, len(codes), CHUNK):
            chunk = codes[start : start + CHUNK]
            gaps = self._add_gaps(chunk)
            if others:
                own = np.arange(len(chunk))
                gaps[own, start + own] = np.inf
            found = np.argpartition(gaps, k - 1, axis=1)[:, :k]
            found.sort(axis=1)
            near = np.take_along_axis(gaps, found, axis=1)
            order = np.argsort(near, axis=1, kind="stable")
            which[start : start + CHUNK] = np.take_along_axis(found, order, axis=1)
            nearest[start : start + CHUNK] = np.take_along_axis(near, order, axis=1)
        return which, nearest / len(self._columns)

    def _add_gaps(self, codes: FloatArray) -> FloatArray:
        """Return the sum of all columns' parts of the distance, `[n, n_rows]`."""
        gaps = np.zeros((len(codes), len(self._rows)))
        known = ~np.isnan(codes[:, self._scaled]).any(axis=0)
        scaled = self._scaled[known]
        if scaled.size:  # both sides are known: one call for all columns
            width = self._width[scaled]
            gaps += cdist(codes[:, scaled] / width, self._rows[:, scaled] / width, "cityblock")
        if self._compared.size:  # a missing value is a value of its own
            ours, theirs = (
                np.nan_to_num(part[:, self._compared], nan=-np.inf) for part in (codes, self._rows)
            )
            differ = np.zeros(gaps.shape, dtype=np.uint16)  # small: stays in the cache
            for mine, other in zip(ours.T, theirs.T, strict=True):
                differ += mine[:, None] != other
            gaps += differ
        for place in np.setdiff1d(np.arange(len(self._columns)), [*scaled, *self._compared]):
            gaps += _gap(self._columns[place], codes[:, [place]], self._rows[None, :, place])
        return gaps


def find_neighbourhood(
    scorer: Scorer,
    columns: Sequence[Column],
    reference: pd.DataFrame,
    generator: np.random.Generator,
) -> Neighbourhood:
    """Draw reference rows, predict them, and keep those that the model accepts."""
    drawn = generator.permutation(len(reference))[:DRAWN]
    frame = pd.DataFrame(
        {
            column.name: reference[column.name].iloc[drawn].astype(column.dtype).array
            for column in columns
        }
    )
    accepted = np.flatnonzero(scorer.score(frame) >= scorer.threshold)[:SAMPLE]
    return Neighbourhood(columns, encode_frame(columns, frame.iloc[accepted]))


def _gap(column: Column, one: FloatArray, other: FloatArray) -> FloatArray:
    """Return one number's part of the distance, with missing values, `[n_ones, n_others]`."""
    gap = np.abs(one - other) / (column.high - column.low)
    absent, other_absent = np.isnan(one), np.isnan(other)
    gap[np.broadcast_to(absent, gap.shape) | other_absent] = 1.0
    gap[absent & other_absent] = 0.0
    return gap
