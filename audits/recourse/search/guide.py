"""Which combinations of changes to try first, guessed from single changes and gradients.

In the margin (`straighten`) a network is nearly additive: two changes together do about what they
do alone. What they do to each other is read from gradients: after change a the gradient along b
is another one than before, and by how much says what a adds to b. The gradient at the unchanged
row alone is a poor guide, because single changes reach far; on the income sample it took 4 tries
to the cheapest pair at the median and 34 at the 90th percentile, where this guess takes 2 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.recourse.search.beam import Combinations, narrow
from audits.recourse.search.candidates import Candidates
from audits.recourse.search.goals import straighten
from audits.recourse.search.proposals import Editor, Proposals, Scorer

HEADS = 4
"""Combinations a row after which the gradient is taken: more of them cost what they save."""
ONE_SIDED = 0.5
"""The share of an interaction that is believed where only one side of it is known."""


class Guide:
    """Guesses margins of combinations for a block's rows.

    singles: gains of the single changes, `[n_rows, n_candidates]`, NaN where unknown.
    """

    def __init__(
        self, editor: Editor, scorer: Scorer, candidates: Candidates, singles: FloatArray
    ) -> None:
        self._editor, self._scorer, self._candidates = editor, scorer, candidates
        unchanged = editor.unchanged()
        before = straighten(scorer.goal, scorer.score_proposals(editor, unchanged))
        self._before = before
        self._alone = np.nan_to_num(straighten(scorer.goal, singles) - before[:, None])
        self._at_start: FloatArray | None = None
        self._keys: IntArray = np.empty(0, dtype=np.int64)
        self._margins: FloatArray = np.empty(0)
        self._added: FloatArray = np.empty((0, len(candidates)))

    def look(self, beam: Combinations) -> None:
        """Take the gradient after each row's first combinations, and before any change."""
        heads = narrow(beam, HEADS)
        rows = np.unique(heads.rows)
        if self._at_start is None:
            self._at_start = np.zeros(self._alone.shape, dtype=np.float32)
            start = self._editor.unchanged().take(rows)
            self._at_start[rows] = np.nan_to_num(self._scorer.follow(start))
        keys = self._number(heads.rows, heads.picks)
        order = np.argsort(keys)
        heads = heads.take(order)
        changes = self._candidates.column[heads.picks], self._candidates.value[heads.picks]
        added = self._scorer.follow(Proposals(heads.rows, *changes))
        known = ~np.isnan(added).any(axis=1)
        self._keys = keys[order][known]
        self._margins = straighten(self._scorer.goal, heads.scores)[known]
        self._added = added[known] - self._at_start[heads.rows[known]]

    def guess(self, tried: Combinations) -> FloatArray:
        """Return the guessed margins `[n]`."""
        rows = tried.rows
        additive = self._before[rows] + self._alone[rows[:, None], tried.picks].sum(axis=1)
        total, count = np.zeros((2, len(tried)))
        mutual = np.zeros(len(tried))
        for head, pick in self._split(tried.picks):
            keys = self._number(rows, head)
            place = np.searchsorted(self._keys, keys)
            inside = np.flatnonzero(place < len(self._keys))
            known = inside[self._keys[place[inside]] == keys[inside]]
            at, last = place[known], pick[known]
            total[known] += self._margins[at] + self._alone[rows[known], last]
            mutual[known] += self._added[at, last]
            count[known] += 1
        believed = np.where(count > 1, 1.0, ONE_SIDED)
        seen = np.maximum(count, 1)
        guess: FloatArray = np.where(count > 0, (total + believed * mutual) / seen, additive)
        return guess

    def choose(self, tried: Combinations, costs: FloatArray, most: int) -> Combinations:
        """Keep each row's `most` promising combinations: those that are guessed to be enough,
        the cheapest first, then those that come nearest."""
        guess = self.guess(tried)
        works = guess >= straighten(self._scorer.goal, np.array([self._scorer.threshold]))[0]
        order = np.lexsort((np.where(works, costs, -guess), ~works, tried.rows))
        return narrow(tried.take(order), most)

    def _split(self, picks: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield every way to see combinations as all changes but one, and that one."""
        for slot in range(picks.shape[1]):
            yield np.delete(picks, slot, axis=1), picks[:, slot]

    def _number(self, rows: IntArray, picks: IntArray) -> IntArray:
        """Return one number for each combination (picks ascending), no two alike (but for some
        where there are so many that a number overflows: then a guess is worse, no answer is)."""
        keys = rows.astype(np.int64)
        for pick in picks.T:
            keys = keys * len(self._candidates) + pick
        return keys
