"""The search over a block of rows: single changes, then combinations of more columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audits.core.counterfactual import NoRecourse
from audits.recourse.beam import (
    Combinations,
    Ranking,
    best_of_each_set,
    join,
    narrow,
    nothing,
    rank_candidates,
    start_beam,
    widen,
)
from audits.recourse.candidates import Candidates, compute_moves
from audits.recourse.columns import Column, IntArray
from audits.recourse.proposals import BATCH_ROWS, Editor, Proposals, Scorer
from audits.recourse.rules import ActionRules

LEAN = 16
"""Width and reach of the first look at combinations of columns."""
THOROUGH = 20_000
"""Combinations for each number of changed columns, for a row that has no answer yet."""
SPARE = 1
"""Sets of columns kept beyond the answers asked for, until shrinking has settled the costs."""


class Block:
    """Searches some rows together; keeps what was found for each and what was tried."""

    def __init__(
        self,
        editor: Editor,
        scorer: Scorer,
        columns: Sequence[Column],
        candidates: Candidates,
        rules: ActionRules,
        *,
        answers: int,
    ) -> None:
        self._editor, self._scorer = editor, scorer
        self._columns, self._candidates = columns, candidates
        self._answers = answers
        n = len(editor.codes)
        self._allowed, self._costs = compute_moves(columns, candidates, editor.codes, rules)
        self._found: list[dict[frozenset[int], IntArray]] = [{} for _ in range(n)]
        self._tried = np.zeros(n, dtype=np.int64)
        self._best = np.full(n, -np.inf)
        self._unfinished = np.zeros(n, dtype=np.bool_)

    def search(self, max_changes: int) -> None:
        """Try all single changes, then combinations of up to `max_changes` columns.

        A row with enough answers leaves. A row with some gets a lean look at combinations, a
        row with none a thorough one as well.
        """
        ranking, beam = self._search_singles()
        settled = self._scorer.settled
        for _ in range(1, max_changes):
            enough = np.array([len(sets) >= self._answers for sets in self._found])
            self._scorer.settled = settled + int(enough.sum())
            beam = beam.take(~enough[beam.rows])
            looked = self._widen(beam, ranking, LEAN, LEAN)
            unsolved = np.array([not sets for sets in self._found])
            reach = max(1, len(self._candidates))
            width = max(1, THOROUGH // reach)
            searched = self._widen(beam.take(unsolved[beam.rows]), ranking, width, reach)
            beam = best_of_each_set(join([looked, searched]), self._candidates, cheapest=False)

    def proposals(self) -> Proposals:
        """Return what was found, fewest columns first within a row; column -1 pads."""
        flat = [(row, picks) for row, sets in enumerate(self._found) for picks in sets.values()]
        most = max((len(picks) for _, picks in flat), default=0)
        columns = np.full((len(flat), most), -1, dtype=np.int64)
        values = np.zeros((len(flat), most))
        for place, (_, picks) in enumerate(flat):
            columns[place, : len(picks)] = self._candidates.column[picks]
            values[place, : len(picks)] = self._candidates.value[picks]
        return Proposals(np.array([row for row, _ in flat], dtype=np.int64), columns, values)

    def explain(self, row: int, name: str, max_changes: int) -> NoRecourse:
        """Say for a row without an answer why there is none, and what was searched."""
        movable = np.unique(self._candidates.column[self._allowed[row]])
        names = [self._columns[place].name for place in movable]
        most = min(max_changes, len(names))
        if not names:
            reason = (
                "No column may change: each is immutable or has no other allowed value "
                "in the reference data."
            )
            return NoRecourse(name, reason, "Nothing: no column may change.")
        searched = (
            f"{self._tried[row]:,} changes and combinations of changes, up to {most} at once, "
            f"of the {len(names)} columns that may change ({', '.join(names)})."
        )
        threshold = self._scorer.threshold
        if self._found[row]:
            reason = "Changes were found, but the model did not repeat its answer to them."
        elif self._unfinished[row]:
            reason = "Time ran out before every allowed change was tried; none tried so far works."
        else:
            reason = (
                f"No allowed change of up to {most} columns that was tried is enough: the best "
                f"reaches a score of {self._best[row]:.4g}, {threshold:.4g} is needed."
            )
        return NoRecourse(name, reason, searched)

    def _search_singles(self) -> tuple[Ranking, Combinations]:
        """Score every allowed change; return the candidates ranked, and those still open.

        Candidates in columns that solve a row alone are left out: with another column they
        would only add to an answer.
        """
        rows, picks = np.nonzero(self._allowed)
        unknown = np.full(len(rows), np.nan)
        singles = self._score(Combinations(rows, picks[:, None], unknown, unknown))
        scores = np.full(self._allowed.shape, np.nan)
        scores[rows, picks] = singles.scores
        open_ = self._allowed & ~np.isnan(scores)
        for row, sets in enumerate(self._found):
            if sets:
                alone = [place for columns in sets for place in columns]
                open_[row, np.isin(self._candidates.column, alone)] = False
        ranking = rank_candidates(self._candidates, scores, self._costs, open_)
        return ranking, start_beam(ranking, scores, self._costs)

    def _widen(self, beam: Combinations, ranking: Ranking, width: int, reach: int) -> Combinations:
        """Add a column to each row's first `width` combinations; return the best that fail."""
        beam = narrow(beam, width)
        rows = np.unique(beam.rows)
        at_once = max(1, BATCH_ROWS // (width * reach))
        failed = [nothing(beam.picks.shape[1] + 1)]
        for start in range(0, len(rows), at_once):
            part = np.isin(beam.rows, rows[start : start + at_once])
            if self._scorer.expired:
                self._unfinished[rows[start:]] = True
                break
            scored = self._score(widen(beam.take(part), ranking, self._candidates, reach))
            short = scored.take(scored.scores < self._scorer.threshold)
            failed.append(best_of_each_set(short, self._candidates, cheapest=False))
        return join(failed)

    def _score(self, tried: Combinations) -> Combinations:
        """Predict the combinations and remember what they tell about their rows."""
        proposals = Proposals(
            tried.rows, self._candidates.column[tried.picks], self._candidates.value[tried.picks]
        )
        scores = self._scorer.score_proposals(self._editor, proposals)
        costs = self._costs[tried.rows[:, None], tried.picks].sum(axis=1)
        scored = Combinations(tried.rows, tried.picks, costs, scores)
        known = ~np.isnan(scores)
        self._unfinished[tried.rows[~known]] = True
        self._tried += np.bincount(tried.rows[known], minlength=len(self._tried))
        np.maximum.at(self._best, tried.rows[known], scores[known])
        self._keep_valid(scored.take(scores >= self._scorer.threshold))
        return scored

    def _keep_valid(self, valid: Combinations) -> None:
        """Keep each row's cheapest combinations that do not merely add to an earlier one."""
        best = best_of_each_set(valid, self._candidates, cheapest=True)
        for row, picks in zip(best.rows, best.picks, strict=True):
            sets = self._found[row]
            columns = frozenset(self._candidates.column[picks].tolist())
            if len(sets) < self._answers + SPARE and not any(known <= columns for known in sets):
                sets[columns] = picks
