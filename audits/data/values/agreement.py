"""How far two ways of calling people favourable agree, and whether that is chance."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import duckdb

SURE = 3.29
"""Standard errors from chance: more than so many come by chance once in a thousand times."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Rows by decision and known outcome: `hits` are favourable in both, `misses` in none,
    `first` in the decision alone, `second` in the outcome alone."""

    hits: int
    misses: int
    first: int
    second: int

    @property
    def rows(self) -> int:
        """Rows with a decision and a known outcome."""
        return self.hits + self.misses + self.first + self.second

    @property
    def share(self) -> float:
        """The share of rows in which both say the same; 0 without rows."""
        return (self.hits + self.misses) / self.rows if self.rows else 0.0

    @property
    def chance(self) -> float:
        """The share that would agree if neither told anything of the other."""
        if not self.rows:
            return 0.0
        decided = (self.hits + self.first) / self.rows
        true = (self.hits + self.second) / self.rows
        return decided * true + (1 - decided) * (1 - true)

    @property
    def is_better(self) -> bool:
        """Whether they surely agree more often than by chance."""
        return self._z() > SURE

    @property
    def is_worse(self) -> bool:
        """Whether they surely agree less often than by chance."""
        return self._z() < -SURE

    def turned(self) -> Agreement:
        """Return the agreement of the opposite decisions."""
        return Agreement(self.second, self.first, self.misses, self.hits)

    def _z(self) -> float:
        """Return Pearson's test of a table of two by two, signed, with Yates's correction."""
        decided, true = self.hits + self.first, self.hits + self.second
        spread = decided * (self.rows - decided) * true * (self.rows - true)
        if spread <= 0:
            return 0.0
        product = self.hits * self.misses - self.first * self.second
        corrected = max(abs(product) - self.rows / 2, 0.0)
        return math.copysign(corrected * math.sqrt(self.rows / spread), product)


def compute_agreement(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    text: str,
    favourable: Collection[str],
    outcome: str,
) -> Agreement:
    """Count the rows of `view`. text: SQL for the decision's text; favourable: its favourable
    values; outcome: SQL for the true outcome, 1, 0 or NULL."""
    rows = connection.execute(
        f"SELECT v, y, count(*) FROM (SELECT {text} AS v, {outcome} AS y FROM {view}) "
        "WHERE v IS NOT NULL AND y IS NOT NULL GROUP BY ALL"
    ).fetchall()
    counts = dict.fromkeys([(a, b) for a in (False, True) for b in (0, 1)], 0)
    for value, true, count in rows:
        counts[value in favourable, int(true)] += int(count)
    return Agreement(counts[True, 1], counts[False, 0], counts[True, 0], counts[False, 1])
