"""The cheapest entry of any stretch of an array, asked many times: a sparse table."""

from __future__ import annotations

import numpy as np

from audits.core.arrays import FloatArray, IntArray


class CheapestInRange:
    """Answers where the least value of `values[low:high]` is, the leftmost of equals.

    Positions of the least value of every stretch whose length is a power of two (Bender and
    Farach-Colton 2000, LATIN): any stretch is two of them that overlap.
    """

    def __init__(self, values: FloatArray) -> None:
        # One more entry than there is: empty stretches point at it, and it costs infinity.
        self.values = np.append(values, np.inf)
        levels = [np.arange(len(values))]
        width = 1
        while 2 * width <= len(values):
            left, right = levels[-1][:-width], levels[-1][width:]
            levels.append(np.where(values[left] <= values[right], left, right))
            width *= 2
        self._table = np.full((len(levels), len(values) + 1), len(values), dtype=np.int64)
        for level, positions in enumerate(levels):
            self._table[level, : len(positions)] = positions

    def find(self, low: IntArray, high: IntArray) -> IntArray:
        """Return the positions of the least values of `[low, high)`, arrays of one shape.

        An empty stretch gives the position after the last, where `values` is infinite.
        """
        length = high - low
        level = np.frexp(np.maximum(length, 1))[1] - 1
        left = self._table[level, np.minimum(low, len(self.values) - 1)]
        right = self._table[level, np.maximum(high - (1 << level), 0)]
        best = np.where(self.values[left] <= self.values[right], left, right)
        return np.where(length > 0, best, len(self.values) - 1)
