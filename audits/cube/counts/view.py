"""A cube seen by groups: cells added up into arrays with one entry a group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import FloatArray, IntArray
from audits.core.groups import JOIN
from audits.cube.counts.cube import UNKNOWN, Cube
from audits.cube.counts.keys import number_combinations
from audits.cube.counts.scored import ScoredCounts, split_scores


@dataclass(frozen=True)
class View:
    """The cube of some attributes only: everything below is indexed by group first.

    attribute: "sex", "sex & race", or None for the whole data (one group, named "").
    labels: the groups that have rows. rows: how many. cell_group: each cell's group.
    """

    cube: Cube
    attribute: str | None
    labels: tuple[str, ...]
    cell_group: IntArray

    def total(self, values: FloatArray, where: NDArray[np.bool_] | None = None) -> FloatArray:
        """Return the sum of a cell array by group, of the cells `where` only."""
        chosen = values if where is None else np.where(where, values, 0.0)
        added = np.bincount(self.cell_group, weights=chosen, minlength=len(self.labels))
        return np.asarray(added, dtype=np.float64)

    @cached_property
    def rows(self) -> IntArray:
        """Rows by group, unweighted."""
        return np.rint(self.total(self.cube.sums["count"])).astype(np.int64)

    @cached_property
    def count(self) -> FloatArray:
        """Rows by `[group, true, predicted]`; the last index of true is "unknown"."""
        return self._confusion("count")

    @cached_property
    def weight(self) -> FloatArray:
        """Sum of weights, like `count`."""
        return self._confusion("weight")

    @cached_property
    def weight_squared(self) -> FloatArray:
        """Sum of squared weights, like `count`."""
        return self._confusion("weight_squared")

    @cached_property
    def scored(self) -> tuple[ScoredCounts, ...]:
        """The rows with known outcome by score bin, one entry a group."""
        return split_scores(self.cube, self.cell_group, len(self.labels))

    def _confusion(self, name: str) -> FloatArray:
        size = max(len(self.cube.classes), 2)
        true = self.cube.codes["y_true"]
        cell = np.where(true == UNKNOWN, size, true) * size + self.cube.codes["y_pred"]
        index = self.cell_group * (size + 1) * size + cell
        length = len(self.labels) * (size + 1) * size
        counted = np.bincount(index, weights=self.cube.sums[name], minlength=length)
        added: FloatArray = np.asarray(counted, dtype=np.float64)
        return added.reshape(len(self.labels), size + 1, size)

    @property
    def has_truth(self) -> bool:
        """Whether any row has a true outcome."""
        return self._has("y_true")

    @property
    def has_scores(self) -> bool:
        """Whether the rows have scores."""
        return self._has("score_bin")

    def _has(self, code: str) -> bool:
        return code in self.cube.codes and bool((self.cube.codes[code] != UNKNOWN).any())

    @cached_property
    def cell_score(self) -> FloatArray:
        """Each cell's score: exact, or the mean of the cell's rows where scores were binned."""
        weight = self.cube.sums["weight"]
        if self.cube.exact_scores:
            return self.cube.edges[self.cube.codes["score_bin"]]
        safe = np.where(weight > 0, weight, 1.0)
        middle = self.cube.edges[self.cube.codes["score_bin"]]
        return np.where(weight > 0, self.cube.sums["score_sum"] / safe, middle)


def compute_view(cube: Cube, attributes: tuple[str, ...] = ()) -> View:
    """Return `cube` by the combinations of `attributes` that have rows, in sorted order."""
    columns = [cube.attributes.index(name) for name in attributes]
    if not columns:
        return View(cube, None, ("",), np.zeros(len(cube.group_codes), dtype=np.int64))
    codes = cube.group_codes[:, columns]
    first, cell_group = number_combinations(codes.T, len(codes))
    labels = tuple(
        JOIN.join(cube.groups[name][code] for name, code in zip(attributes, row, strict=True))
        for row in codes[first]
    )
    return View(cube, JOIN.join(attributes), labels, cell_group)
