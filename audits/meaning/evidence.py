"""What rows with known outcomes tell of a binary model: which of its outputs ranks whom higher."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.cube import ScoredCounts, compute_auc
from audits.data import MARK, ROWS_VIEW, AuditTable, quote
from audits.models import ModelClient

TRIED = 1_000
"""Rows of each outcome that a reading is tried on."""
SURE = 3.29
"""Standard errors from one half that chance gives once in a thousand times."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """AUC of the favourable outcome by one output, with its interval (95%), on `rows` rows.

    z: how many standard errors it is from one half, were the output to tell nothing.
    """

    auc: float
    low: float
    high: float
    z: float
    rows: int

    @property
    def is_significant(self) -> bool:
        """Whether the output surely ranks one of the outcomes higher."""
        return abs(self.z) > SURE

    @property
    def is_below(self) -> bool:
        """Whether the AUC is surely below one half."""
        return self.z < -SURE

    def turned(self) -> Ranking:
        """Return the ranking by the other of two outputs."""
        return Ranking(1 - self.auc, 1 - self.high, 1 - self.low, -self.z, self.rows)

    def __str__(self) -> str:
        if math.isnan(self.auc):
            return f"no AUC: {self.rows:,} rows with a known outcome"
        return f"AUC {self.auc:.2f} ({self.low:.2f} to {self.high:.2f}) on {self.rows:,} rows"


def rank_known_rows(table: AuditTable, model: ModelClient, output: int) -> Ranking:
    """Try an output of a binary model on rows whose outcome is known, the same at every run."""
    truth = quote(MARK + "y_true")
    numbered = f"SELECT row_number() OVER () - 1 AS position, {truth} AS y FROM {ROWS_VIEW}"
    draws = " UNION ALL ".join(
        f"(SELECT position, y FROM ({numbered}) WHERE y = {outcome} "
        f"ORDER BY hash(position), position LIMIT {TRIED})"
        for outcome in (0, 1)
    )
    drawn = table.connection.execute(f"SELECT * FROM ({draws}) ORDER BY position").fetchnumpy()
    positions = np.asarray(drawn["position"], dtype=np.int64)
    true = np.asarray(drawn["y"], dtype=np.int64)
    if not len(positions):
        return Ranking(np.nan, np.nan, np.nan, 0.0, 0)
    frame: pd.DataFrame = table.read_rows(positions)
    return compute_ranking(model.predict(frame)[:, output], true)


def compute_ranking(scores: FloatArray, true: np.ndarray) -> Ranking:
    """Return how scores `[n]` rank outcomes `[n]` (1: favourable); NaN without both outcomes."""
    levels, place = np.unique(scores, return_inverse=True)
    ones, zeros = (
        np.bincount(place, weights=true == outcome, minlength=len(levels)).astype(np.float64)
        for outcome in (1, 0)
    )
    first, second, n = float(ones.sum()), float(zeros.sum()), len(true)
    sizes = (int(first), int(second))
    auc, low, high = compute_auc(ScoredCounts(levels, ones, zeros, sizes, (first, second)))
    if not first or not second:
        return Ranking(np.nan, np.nan, np.nan, 0.0, n)
    tied = ones + zeros
    ties = float((tied**3 - tied).sum()) / (n * (n - 1))
    # Mann and Whitney 1947, with ties: the spread of the AUC where scores tell nothing.
    spread = math.sqrt(max((n + 1 - ties) / (12 * first * second), 0.0))
    return Ranking(auc, low, high, (auc - 0.5) / spread if spread else 0.0, n)
