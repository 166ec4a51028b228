"""New York City Local Law 144: the tables of 6 RCNY 5-301(b) and (c), from the cube.

The clauses were read in a copy of the rule (`core/words/clauses.py`). The rule leaves some things
open; what is done here:

- Unknown is who lacks sex or race: in none of the three tables, counted apart, and not part of
  the sample whose median is taken or whose 2% are meant.
- A score above the median is strictly above it; ties at the median are not above.
- Every applicant counts once, also where the audit's rows are weighted.
- Ratios come from the unrounded rates, against the highest rate of the same table among the
  categories that are not left out; where that rate is zero there is no ratio.
- A category left out is one under `exclude_under` of the known applicants; it stays listed.

The law has no pass mark, and none is applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from audits.core.arrays import IntArray
from audits.core.groups import MISSING
from audits.core.settings.spec import LocalLaw144Section
from audits.cube import UNKNOWN, Cube

Kind = Literal["selection", "scoring"]
TableName = Literal["sex", "race", "intersectional"]


@dataclass(frozen=True, slots=True)
class Category:
    """One line of a table. parts: ("Male",) or ("Male", "White").

    chosen: those selected, or those with a score above the median. unsettled: further ones
    whose score shares the median's bin, where the cube has bins; else 0.
    """

    parts: tuple[str, ...]
    applicants: int
    chosen: int
    unsettled: int
    left_out: bool

    @property
    def rate(self) -> Fraction:
        """The selection or scoring rate, exactly."""
        return Fraction(self.chosen, self.applicants)


@dataclass(frozen=True, slots=True)
class Table:
    """The categories of one breakdown, in the order of their names.

    best: the category whose rate is the highest of those not left out; None without one.
    """

    name: TableName
    attributes: tuple[str, ...]
    categories: tuple[Category, ...]
    best: Category | None

    def ratio(self, category: Category) -> Fraction | None:
        """Return the category's impact ratio; None where it is left out or there is none."""
        if category.left_out or self.best is None or self.best.chosen == 0:
            return None
        return category.rate / self.best.rate


@dataclass(frozen=True, slots=True)
class Median:
    """The median score of the known applicants; low and high differ where scores are binned."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Summary:
    """All tables of one kind. known and unknown: applicants in the tables, and in none."""

    kind: Kind
    tables: tuple[Table, ...]
    known: int
    unknown: int
    median: Median | None


def build_summary(cube: Cube, settings: LocalLaw144Section, kind: Kind) -> Summary:
    """Return the tables by sex, by race or ethnicity and by both.

    kind: "selection" counts decisions, "scoring" scores above the median (the cube must have
    scores).
    """
    count = np.rint(cube.sums["count"]).astype(np.int64)
    columns = [cube.attributes.index(name) for name in (settings.sex, settings.race)]
    names = [cube.groups[name] for name in (settings.sex, settings.race)]
    codes = cube.group_codes[:, columns]
    known = np.ones(len(count), dtype=bool)
    for column, groups in enumerate(names):
        known &= np.asarray(groups, dtype=object)[codes[:, column]] != MISSING
    people = int(count[known].sum())
    if people == 0:
        return Summary(kind, (), 0, int(count.sum()), None)
    median = None
    unsettled = np.zeros(len(count), dtype=bool)
    if kind == "selection":
        chosen = cube.codes["y_pred"] == 1
    else:
        place, median, settled = _find_median(cube, np.where(known, count, 0))
        chosen = cube.codes["score_bin"] > place
        unsettled = (cube.codes["score_bin"] == place) & (not settled)
    tables = []
    breakdowns: tuple[tuple[TableName, tuple[int, ...]], ...] = (
        ("sex", (0,)), ("race", (1,)), ("intersectional", (0, 1)),
    )  # fmt: skip
    for name, by in breakdowns:
        found, place_of = np.unique(codes[known][:, by], axis=0, return_inverse=True)
        added = [
            _add(place_of.reshape(-1), np.where(where, count, 0)[known], len(found))
            for where in (known, chosen, unsettled)
        ]
        parts = [tuple(names[i][code] for i, code in zip(by, row, strict=True)) for row in found]
        attributes = tuple((settings.sex, settings.race)[i] for i in by)
        tables.append(_make_table(name, attributes, parts, added, people, settings))
    return Summary(kind, tuple(tables), people, int(count.sum()) - people, median)


def has_scores(cube: Cube) -> bool:
    """Whether every row of the cube has a score."""
    return cube.task == "binary" and not bool((cube.codes["score_bin"] == UNKNOWN).any())


def _add(place: IntArray, values: IntArray, size: int) -> IntArray:
    return np.rint(np.bincount(place, weights=values, minlength=size)).astype(np.int64)


def _make_table(
    name: TableName,
    attributes: tuple[str, ...],
    parts: Sequence[tuple[str, ...]],
    added: Sequence[IntArray],
    people: int,
    settings: LocalLaw144Section,
) -> Table:
    least = Fraction(str(settings.exclude_under))
    categories = tuple(
        Category(own, int(n), int(chosen), int(open_), Fraction(int(n), people) < least)
        for own, n, chosen, open_ in zip(parts, *added, strict=True)
    )
    counted = [category for category in categories if not category.left_out]
    best = max(counted, key=lambda category: category.rate, default=None)
    return Table(name, attributes, categories, best)


def _find_median(cube: Cube, count: IntArray) -> tuple[int, Median, bool]:
    """Return the highest bin that is not above the median, the median, and whether every bin is
    known to be above it or not.

    Of an even number of scores the median is the mean of the middle two, as usual: where they
    differ, the upper one is above it.
    """
    reached = np.cumsum(_add(cube.codes["score_bin"], count, len(cube.edges)))
    total = int(reached[-1])
    lower, upper = (
        int(np.searchsorted(reached, position, side="right"))
        for position in ((total - 1) // 2, total // 2)
    )
    low, high = float(cube.edges[lower]), float(cube.edges[upper])
    if cube.score_bits is None:
        value = (low + high) / 2
        return lower, Median(value, value, value), True
    high = min(high + 2.0**-cube.score_bits, 1.0)
    return lower, Median((low + high) / 2, low, high), lower != upper or low == high
