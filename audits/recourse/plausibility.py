"""Is a changed row like real rows that got the wanted outcome?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from audits.recourse.columns import BoolArray, Column, FloatArray, encode_frame
from audits.recourse.proposals import Scorer

SAMPLE = 2_000
"""The most reference rows of the wanted class to compare with."""
DRAWN = 10_000
"""The most reference rows that are predicted to find them."""
SHARE = 0.95
CHUNK = 256


class Neighbourhood:
    """The reference rows that the model accepts, and how near to each other they lie.

    The distance of two rows is the mean over the columns of |a - b| / the column's range for
    numbers (Gower 1971) and of 0 or 1 for the rest; a missing value is 0 away from another
    missing value and 1 from anything else.
    """

    def __init__(self, columns: Sequence[Column], rows: FloatArray) -> None:
        self._columns = columns
        self._rows = rows
        self._radius = -np.inf
        if len(rows) > 1:
            self._radius = float(np.quantile(self._nearest(rows, others=True), SHARE))

    def contains(self, codes: FloatArray) -> BoolArray:
        """Say which rows lie as near to an accepted row as 95% of those do to each other.

        codes: `[n, n_columns]`. False throughout where fewer than two rows were accepted.
        """
        if len(self._rows) < 2:
            return np.zeros(len(codes), dtype=np.bool_)
        return self._nearest(codes) <= self._radius

    def _nearest(self, codes: FloatArray, *, others: bool = False) -> FloatArray:
        """Return the distance to the nearest row; `others`: to the nearest but the row itself."""
        nearest = np.empty(len(codes))
        for start in range(0, len(codes), CHUNK):
            chunk = codes[start : start + CHUNK]
            gaps = np.zeros((len(chunk), len(self._rows)))
            for place, column in enumerate(self._columns):
                gaps += _gap(column, chunk[:, [place]], self._rows[None, :, place])
            if others:
                own = np.arange(len(chunk))
                gaps[own, start + own] = np.inf
            nearest[start : start + CHUNK] = gaps.min(axis=1)
        return nearest / len(self._columns)


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
    """Return one column's part of the distance, `[n_ones, n_others]`."""
    width = column.high - column.low
    if column.kind == "number" and width > 0:
        gap = np.abs(one - other) / width
    else:
        gap = (one != other).astype(np.float64)
    absent, other_absent = np.isnan(one), np.isnan(other)
    if absent.any() or other_absent.any():
        gap[absent | other_absent] = 1.0
        gap[absent & other_absent] = 0.0
    return gap
