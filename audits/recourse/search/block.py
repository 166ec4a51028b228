"""The search over a block of rows: single changes, then combinations of more columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.core.counterfactual import NoRecourse
from audits.recourse.columns import Column
from audits.recourse.rules.constraints import Constraints
from audits.recourse.search.beam import (
    Combinations,
    Ranking,
    best_of_each_set,
    distinct,
    join,
    narrow,
    nothing,
    rank_candidates,
    spread,
    spread_best,
    start_beam,
)
from audits.recourse.search.candidates import Candidates
from audits.recourse.search.guide import Guide
from audits.recourse.search.proposals import BATCH_ROWS, Editor, Proposals, Scorer

LEAN = 12
"""Width and reach of the first look at combinations of columns."""
THOROUGH = 20_000
"""Combinations for each number of changed columns, for a row that has no answer yet."""
CHEAPER_LOOK = 10_000
CHEAPER = 512
"""Combinations looked at, and of them tried, for a row whose first answer may be too dear."""
PROMISING = 40
"""Combinations of the first look that are tried where a guide says which are promising, and"""
CHEAPER_PROMISING = 64
"""of those that may be cheaper."""
ROUNDING = 1e-9
"""Sums of costs may differ by less, depending on their order."""
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
        constraints: Constraints,
        *,
        answers: int,
    ) -> None:
        self._editor, self._scorer, self._constraints = editor, scorer, constraints
        self._columns, self._candidates = columns, candidates
        self._answers = answers
        n = len(editor.codes)
        self._allowed, self._costs = constraints.compute_moves(candidates)
        self._found: list[dict[frozenset[int], tuple[float, IntArray]]] = [{} for _ in range(n)]
        self._tried = np.zeros(n, dtype=np.int64)
        self._best = np.full(n, -np.inf)
        self._refused = np.zeros(n, dtype=np.bool_)
        self._singles = np.full(self._allowed.shape, np.nan)
        self._open = self._allowed
        self._unfinished = np.zeros(n, dtype=np.bool_)
        self._last = False
        self._guide: Guide | None = None

    def search(self, max_changes: int) -> None:
        """Try all single changes, then combinations of up to `max_changes` columns.

        A row with enough answers leaves. A row with some gets a lean look at combinations, a
        row with none a thorough one as well.
        """
        self._last = max_changes == 1
        ranking, beam = self._search_singles()
        finished = self._scorer.finished
        reach = max(1, len(self._candidates))
        for changes in range(2, max_changes + 1):
            self._last = changes == max_changes
            before = self._count_sets()
            self._scorer.finished = finished + int((before >= self._answers).sum())
            beam = beam.take(before[beam.rows] < self._answers)
            if self._guide is not None and len(beam):
                self._guide.look(beam)
            looked = self._widen(beam, ranking, LEAN, LEAN, guide=self._guide)
            unsolved = beam.take(self._count_sets()[beam.rows] == 0)
            searched = self._widen(unsolved, ranking, max(1, THOROUGH // reach), reach)
            first_answer = (before == 0) & (self._count_sets() > 0)
            self._cheapen(beam.take(first_answer[beam.rows]))
            beam = best_of_each_set(join([looked, searched]), self._candidates, cheapest=False)

    def proposals(self) -> Proposals:
        """Return what was found, fewest columns first within a row; column -1 pads."""
        flat = [(row, picks) for row, sets in enumerate(self._found) for _, picks in sets.values()]
        most = max((len(picks) for _, picks in flat), default=0)
        columns = np.full((len(flat), most), -1, dtype=np.int64)
        values = np.zeros((len(flat), most))
        for place, (_, picks) in enumerate(flat):
            columns[place, : len(picks)] = self._candidates.column[picks]
            values[place, : len(picks)] = self._candidates.value[picks]
        return Proposals(np.array([row for row, _ in flat], dtype=np.int64), columns, values)

    def find_failing(self, found: Proposals) -> FloatArray:
        """Return for each number that a proposal changes alone the nearest value on the way back
        that is known not to be enough, `[n_proposals]`; NaN where none is known."""
        failing = np.full(len(found), np.nan)
        if not len(found):
            return failing
        alone = np.flatnonzero((found.columns >= 0).sum(axis=1) == 1)
        for place in np.unique(found.columns[alone, 0]):
            if self._columns[place].kind != "number":
                continue
            here = alone[found.columns[alone, 0] == place]
            mine = np.flatnonzero(self._candidates.column == place)
            values, new = self._candidates.value[mine], found.values[here, :1]
            old = self._editor.codes[found.rows[here]][:, [place]]
            short = self._singles[np.ix_(found.rows[here], mine)] < self._scorer.threshold
            short &= (np.minimum(old, new) < values) & (values < np.maximum(old, new))
            gaps = np.where(short, np.abs(values - new), np.inf)
            nearest = gaps.argmin(axis=1)
            failing[here] = np.where(short.any(axis=1), values[nearest], np.nan)
        return failing

    def explain(self, row: int, name: str, max_changes: int) -> NoRecourse:
        """Say for a row without an answer why there is none, and what was searched."""
        movable = np.unique(self._candidates.owner[self._allowed[row]])
        names = [self._constraints.name_owner(place) for place in movable]
        most = min(max_changes, len(names))
        if not names:
            reason = (
                "No column may change: each is immutable or has no other allowed value "
                "in the reference data."
            )
            return NoRecourse(name, reason, "Nothing: no column may change.")
        searched = (
            f"{self._tried[row]:,} predictions of the row with up to {most} changes at once, "
            f"in the {len(names)} columns that may change ({', '.join(names)})."
        )
        if self._found[row]:
            reason = "Changes were found, but the model did not repeat its answer to them."
        elif self._unfinished[row]:
            reason = "Time ran out before every allowed change was tried; none tried so far works."
        elif self._refused[row]:
            reason = (
                "Changes that would be enough were found, but each breaks a rule between columns "
                "or is too unlike any real row."
            )
        elif np.isinf(self._best[row]):
            reason = "Every change that was tried breaks a rule between columns."
        else:
            reason = (
                f"No allowed change of up to {most} columns that was tried is enough: "
                f"{self._scorer.goal.explain(float(self._best[row]))}."
            )
        return NoRecourse(name, reason, searched)

    def _search_singles(self) -> tuple[Ranking, Combinations]:
        """Score every allowed change; return the candidates ranked, and those still open.

        Candidates in columns that solve a row alone are left out: with another column they
        would only add to an answer.
        """
        rows, picks = np.nonzero(self._allowed)
        unknown = np.full(len(rows), np.nan)
        singles, _ = self._score(Combinations(rows, picks[:, None], unknown, unknown))
        scores = np.full(self._allowed.shape, np.nan)
        scores[singles.rows, singles.picks[:, 0]] = singles.scores
        self._singles = scores
        open_ = self._allowed & ~np.isnan(scores)
        solved = np.zeros((len(self._found), len(self._columns)), dtype=np.bool_)
        for row, sets in enumerate(self._found):
            solved[row, [place for columns in sets for place in columns]] = True
        open_ &= ~solved[:, self._candidates.owner]
        if self._scorer.open_gradients(self._editor, self._candidates) and open_.any():
            self._guide = Guide(self._editor, self._scorer, self._candidates, scores)
        self._open = open_
        ranking = rank_candidates(self._candidates, scores, self._costs, open_)
        return ranking, start_beam(ranking, scores, self._costs)

    def _widen(
        self,
        beam: Combinations,
        ranking: Ranking,
        width: int,
        reach: int,
        guide: Guide | None = None,
    ) -> Combinations:
        """Add a column to each row's first `width` combinations; return the best that fail.

        guide: tells the few that are worth it.
        """
        beam = narrow(beam, width)
        rows = np.unique(beam.rows)
        at_once = max(1, BATCH_ROWS // (width * reach))
        failed = [nothing(beam.picks.shape[1] + 1)]
        for start in range(0, len(rows), at_once):
            part = np.isin(beam.rows, rows[start : start + at_once])
            if self._scorer.expired:
                self._unfinished[rows[start:]] = True
                break
            tried = distinct(spread(beam.take(part), ranking, self._candidates, reach))
            if guide is not None:
                tried = guide.choose(tried, self._cost_of(tried), PROMISING)
            scored, works = self._score(tried)
            short = scored.take(~works & ~np.isnan(scored.scores))
            failed.append(best_of_each_set(short, self._candidates, cheapest=False))
        return join(failed)

    def _cheapen(self, beam: Combinations) -> None:
        """Look for cheaper combinations for rows that have an answer of as many changes.

        Of those that cost less than the row's cheapest, the ones whose changes score best
        alone are tried, in any columns.
        """
        beam = narrow(beam, max(1, CHEAPER_LOOK // max(1, len(self._candidates))))
        rows = np.unique(beam.rows)
        at_once = max(1, BATCH_ROWS // CHEAPER_LOOK)
        bound = self._cheapest()
        cheaper = [nothing(beam.picks.shape[1] + 1)]
        for start in range(0, len(rows), at_once):
            if self._scorer.expired:
                return
            some = beam.take(np.isin(beam.rows, rows[start : start + at_once]))
            left = bound[some.rows] - some.costs
            fits = self._open[some.rows] & (self._costs[some.rows] < left[:, None] + ROUNDING)
            alone = np.where(fits, self._singles[some.rows], -np.inf)
            promise = alone + self._promise(some)[:, None]
            most = promise.size if self._guide is not None else CHEAPER * (some.picks.shape[1] + 1)
            tried = spread_best(some, promise, self._candidates, most)
            tried = distinct(tried.take(self._cost_of(tried) < bound[tried.rows]))
            if self._guide is not None:
                tried = self._guide.choose(tried, self._cost_of(tried), CHEAPER_PROMISING)
            else:
                tried = tried.take(np.lexsort((-self._promise(tried), tried.rows)))
                tried = distinct(narrow(tried, CHEAPER))
            cheaper.append(tried)
        self._score(join(cheaper))

    def _promise(self, tried: Combinations) -> FloatArray:
        """Return the sum of what the changes score alone."""
        alone: FloatArray = self._singles[tried.rows[:, None], tried.picks].sum(axis=1)
        return alone

    def _count_sets(self) -> IntArray:
        return np.array([len(sets) for sets in self._found], dtype=np.int64)

    def _cheapest(self) -> FloatArray:
        """Return the lowest cost found for each row, infinite where nothing was."""
        return np.array(
            [min((cost for cost, _ in sets.values()), default=np.inf) for sets in self._found]
        )

    def _cost_of(self, tried: Combinations) -> FloatArray:
        costs: FloatArray = self._costs[tried.rows[:, None], tried.picks].sum(axis=1)
        return costs

    def _score(self, tried: Combinations) -> tuple[Combinations, BoolArray]:
        """Predict the combinations and remember what they tell about their rows.

        Returns them with their scores, and which are answers. Those that break a rule between
        columns are no answers; they are predicted where another column may yet mend them.
        """
        kept = self._constraints.compute_kept(self._to_proposals(tried))
        if self._last and not kept.all():
            tried, kept = tried.take(kept), kept[kept]
        proposals = self._to_proposals(tried)
        scores = self._scorer.score_proposals(self._editor, self._constraints.complete(proposals))
        scored = Combinations(tried.rows, tried.picks, self._cost_of(tried), scores)
        known = ~np.isnan(scores)
        self._unfinished[tried.rows[~known]] = True
        self._tried += np.bincount(tried.rows[known], minlength=len(self._tried))
        np.maximum.at(self._best, tried.rows[known & kept], scores[known & kept])
        enough = scores >= self._scorer.threshold
        works = enough & kept
        if self._constraints.is_bounded and works.any():
            works[works] = self._constraints.compute_near(proposals.take(works))
        self._refused[tried.rows[enough & ~works]] = True
        self._keep_valid(scored.take(works))
        return scored, works

    def _to_proposals(self, tried: Combinations) -> Proposals:
        columns, values = self._candidates.column[tried.picks], self._candidates.value[tried.picks]
        return Proposals(tried.rows, columns, values)

    def _keep_valid(self, valid: Combinations) -> None:
        """Keep each row's cheapest combinations that do not merely add to an earlier one."""
        best = best_of_each_set(valid, self._candidates, cheapest=True)
        changed = self._candidates.owner[best.picks].tolist()
        for row, picks, names, cost in zip(
            best.rows.tolist(), best.picks, changed, best.costs.tolist(), strict=True
        ):
            sets, columns = self._found[row], frozenset(names)
            if columns in sets:
                if cost < sets[columns][0]:
                    sets[columns] = cost, picks
            elif not any(known <= columns for known in sets):
                sets[columns] = cost, picks
            if len(sets) > self._answers + SPARE:
                del sets[max(sets, key=lambda one: (len(one), sets[one][0]))]
