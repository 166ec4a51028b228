"""Rows that take some columns from one row and the others from another, and their predictions.

Sampling Shapley values asks a model for very many such rows. Where the model's encoding works
column by column, the few rows are encoded once and their encoded columns are mixed; else the
raw columns are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pandas as pd

from audits.core.arrays import BoolArray, FloatArray, IndexArray
from audits.core.errors import CheckNotApplicableError, InputError
from audits.models import Adapter, Encoded, PredictsEncoded

Predict = Callable[[FloatArray], FloatArray]
"""From encoded rows to what a model answers: `[n, k]` probabilities or `[n]` values."""
Score = Callable[[FloatArray, IndexArray], FloatArray]
"""From what a model answers, and the positions `[n]` of the explained rows that it is asked for,
to the number `[n]` that is explained. Most numbers need the answer alone; a row's loss needs what
is true of the row."""

MIXED_CELLS = 1 << 23
"""Cells of the mixed rows that one call of the model may hold: 64 MB as float64."""
_PROBED = 16


class Blender(Protocol):
    """Mixes rows of two tables column by column and predicts the mixtures.

    A player is a raw column. Rows of the explained table are named by their position, rows of
    the reference by theirs.
    """

    @property
    def n_players(self) -> int:
        """How many raw columns there are."""
        ...

    def predict(self, rows: IndexArray, others: IndexArray, from_row: BoolArray) -> FloatArray:
        """Return the scores `[n]` of mixtures.

        rows, others: `[n]` positions in the explained and in the reference table. from_row:
        `[n, n_players]`, whether a column comes from the explained row.
        Raises InputError where the model answers no finite number for a mixture.
        """
        ...

    def find_differences(self, rows: IndexArray, others: IndexArray) -> BoolArray:
        """Return `[n, n_players]`: whether the two rows differ in a column, so that it matters."""
        ...


class MatrixBlender:
    """Mixes encoded columns; a raw column moves all the encoded columns that it owns."""

    def __init__(
        self, predict: Predict, score: Score, explained: Encoded, reference: Encoded, n_players: int
    ) -> None:
        self.n_players = n_players
        self._predict = predict
        self._score = score
        self._owner = np.asarray(explained.owner, dtype=np.intp)
        self._explained = explained.matrix
        self._reference = reference.matrix

    def predict(self, rows: IndexArray, others: IndexArray, from_row: BoolArray) -> FloatArray:
        """See `Blender.predict`."""
        return _in_chunks(len(rows), self._explained.shape[1], lambda part: self._mix(
            rows[part], others[part], from_row[part]))  # fmt: skip

    def _mix(self, rows: IndexArray, others: IndexArray, from_row: BoolArray) -> FloatArray:
        mixed = self._reference[others]
        np.copyto(mixed, self._explained[rows], where=from_row[:, self._owner])
        return _check_finite(self._score(self._predict(mixed), rows))

    def find_differences(self, rows: IndexArray, others: IndexArray) -> BoolArray:
        """See `Blender.find_differences`."""
        mine, theirs = self._explained[rows], self._reference[others]
        differs = (mine != theirs) & ~(np.isnan(mine) & np.isnan(theirs))
        found = np.zeros((len(rows), self.n_players), dtype=np.bool_)
        for column, player in enumerate(self._owner):
            found[:, player] |= differs[:, column]
        return found


class FrameBlender:
    """Mixes raw columns, for models whose encoding cannot be taken apart."""

    def __init__(
        self, predict: Callable[[pd.DataFrame], FloatArray], score: Score,
        explained: pd.DataFrame, reference: pd.DataFrame,
    ) -> None:  # fmt: skip
        self.n_players = explained.shape[1]
        self._predict = predict
        self._score = score
        self._rows = len(explained)
        self._both = pd.concat([explained, reference], ignore_index=True)
        self._codes = np.column_stack(
            [pd.factorize(self._both[name])[0] for name in self._both.columns]
        )

    def predict(self, rows: IndexArray, others: IndexArray, from_row: BoolArray) -> FloatArray:
        """See `Blender.predict`."""
        return _in_chunks(len(rows), self.n_players, lambda part: self._mix(
            rows[part], others[part], from_row[part]))  # fmt: skip

    def _mix(self, rows: IndexArray, others: IndexArray, from_row: BoolArray) -> FloatArray:
        places = np.where(from_row, rows[:, None], self._rows + others[:, None])
        columns = {
            name: self._both[name].array.take(places[:, player])
            for player, name in enumerate(self._both.columns)
        }
        return _check_finite(self._score(self._predict(pd.DataFrame(columns)), rows))

    def find_differences(self, rows: IndexArray, others: IndexArray) -> BoolArray:
        """See `Blender.find_differences`."""
        found: BoolArray = self._codes[rows] != self._codes[self._rows + others]
        return found


def build_blender(
    adapter: Adapter, explained: pd.DataFrame, reference: pd.DataFrame, score: Score
) -> Blender:
    """Return the fastest blender that answers as the model itself does.

    explained, reference: frames of the model's raw columns; both with at least one row.
    """
    if isinstance(adapter, PredictsEncoded):
        try:
            mine, theirs = adapter.encode(explained), adapter.encode(reference)
        except CheckNotApplicableError:
            pass
        else:
            predict = adapter.predict_encoded
            probe = explained.iloc[:_PROBED]
            if np.allclose(predict(mine.matrix[:_PROBED]), adapter.predict(probe), atol=1e-6):
                return MatrixBlender(predict, score, mine, theirs, explained.shape[1])
    return FrameBlender(adapter.predict, score, explained, reference)


def _in_chunks(n: int, width: int, call: Callable[[slice], FloatArray]) -> FloatArray:
    size = max(1, MIXED_CELLS // max(width, 1))
    answer = np.empty(n, dtype=np.float64)
    for begin in range(0, n, size):
        part = slice(begin, begin + size)
        answer[part] = call(part)
    return answer


def _check_finite(scores: FloatArray) -> FloatArray:
    wrong = np.count_nonzero(~np.isfinite(scores))
    if wrong:
        raise InputError(
            f"the model answered no finite number for {wrong} of {len(scores)} rows that mix "
            "values of two real rows; it cannot be explained by such mixtures"
        )
    return scores
