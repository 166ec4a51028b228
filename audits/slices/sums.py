"""Sums of a target by combinations of conditions: one count over the rows, then small tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.slices.cuts import Mask


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over rows, arrays of one shape: rows, w, w², w·x and w·x² of the target's values x."""

    count: FloatArray
    weight: FloatArray
    weight_squared: FloatArray
    total: FloatArray
    square: FloatArray

    def __getitem__(self, place: object) -> Sums:
        return Sums(*(getattr(self, name)[place] for name in _NAMES))

    def __sub__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) - getattr(other, name) for name in _NAMES))

    @property
    def mean(self) -> FloatArray:
        """Weighted means; NaN without weight."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.weight > 0, self.total / self.weight, np.nan)

    @property
    def effective(self) -> FloatArray:
        """Rows that the uncertainty rests on, (sum w)² / sum w² (Kish 1965)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.weight_squared > 0, self.weight**2 / self.weight_squared, 0.0)

    @property
    def variance(self) -> FloatArray:
        """Variance of the values, weighted; not below 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.where(self.weight > 0, self.square / self.weight, np.nan)
        return np.maximum(spread - self.mean**2, 0.0)


_NAMES = ("count", "weight", "weight_squared", "total", "square")


class Summed:
    """The rows of a search: values `[rows]`, weights `[rows]` or None, sums of them by cell."""

    def __init__(self, values: FloatArray, weights: FloatArray | None, *, shares: bool) -> None:
        weighted = values if weights is None else weights * values
        self._parts: dict[str, FloatArray] = {"total": weighted}
        if not shares:  # for 0 and 1, x² is x
            self._parts["square"] = weighted * values
        if weights is not None:
            self._parts |= {"weight": weights, "weight_squared": weights**2}

    def count_cells(self, index: IntArray, members: Sequence[Mask]) -> Sums:
        """Return sums of every combination of conditions, one axis a column.

        index: the rows' cells, levels of the columns as digits. members: which levels each
        condition of each column holds, `[conditions, levels]`. Each axis has one place more than
        its column has conditions, the last: whatever the level.
        """
        shape = tuple(member.shape[1] for member in members)
        size = int(np.prod(shape))
        cells: list[FloatArray] = [np.bincount(index, minlength=size).astype(np.float64)]
        cells += [
            np.bincount(index, part, minlength=size).astype(np.float64, copy=False)
            for part in self._parts.values()
        ]
        sums = np.stack(cells).reshape(-1, *shape)
        for axis, member in enumerate(members, 1):
            matrix = np.vstack([member, np.ones((1, member.shape[1]), dtype=bool)])
            moved = np.tensordot(matrix.astype(np.float64), sums, axes=(1, axis))
            sums = np.moveaxis(moved, 0, axis)
        named = dict(zip(self._parts, sums[1:], strict=True))
        weight = named.get("weight", sums[0])
        squared = named.get("weight_squared", sums[0])
        total = named["total"]
        return Sums(sums[0], weight, squared, total, named.get("square", total))

    def count_rows(self, rows: Mask) -> Sums:
        """Return the sums of the chosen rows, as single numbers."""
        sums = {name: np.asarray(part[rows].sum()) for name, part in self._parts.items()}
        count = np.asarray(float(np.count_nonzero(rows)))
        return Sums(
            count, sums.get("weight", count), sums.get("weight_squared", count), sums["total"],
            sums.get("square", sums["total"]),
        )  # fmt: skip
