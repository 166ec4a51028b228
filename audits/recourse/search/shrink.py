"""Shrinking: from a change that works to the smallest that still does."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.recourse.columns import Column
from audits.recourse.rules.constraints import Constraints
from audits.recourse.search.goals import straighten
from audits.recourse.search.proposals import Editor, Proposals, Scorer

MAX_STEPS = 2**40
POINTS = 3
"""Steps tried at once: more rows in a call, but half as many calls as one at a time."""
GUESSES = 3
"""Rounds in which a smooth model's line is followed; past them it is no line."""
CLOSE = 32
"""The part of what is open that the steps around a guess are apart."""
HAIR = 1e-6
"""A share of a step: steps such as 0.1 have no exact float."""


def compute_costs(columns: Sequence[Column], editor: Editor, proposals: Proposals) -> FloatArray:
    """Return what each change of each proposal costs, `[n_proposals, n_changes]`."""
    costs = np.zeros(proposals.values.shape)
    for place, column in enumerate(columns):
        where, slot = np.nonzero(proposals.columns == place)
        old = editor.codes[proposals.rows[where], place]
        costs[where, slot] = column.cost(old, proposals.values[where, slot])
    return costs


def shrink_numbers(
    editor: Editor,
    scorer: Scorer,
    columns: Sequence[Column],
    constraints: Constraints,
    proposals: Proposals,
    failing: FloatArray | None = None,
) -> Proposals:
    """Move numbers back toward what the rows have, while the wanted outcome holds.

    The costliest change of each proposal goes first. Each is narrowed down in whole steps of its
    column (integers stay integers, decimals as many as the reference data has), all proposals
    together. Only values that a prediction confirmed are taken, so the result is as valid as
    the proposals were; when the time runs out it is the best so far.

    failing: for each proposal of one change a value on the way back that is known not to be
    enough, so that none is looked for beyond it; NaN where none is known.
    """
    if failing is None:
        failing = np.full(len(proposals), np.nan)
    order = np.argsort(-compute_costs(columns, editor, proposals), axis=1, kind="stable")[:, ::-1]
    shrunk = proposals
    for _ in range(order.shape[1]):  # the last one is narrowed: trials that differ in it are alike
        shrunk = Proposals(
            proposals.rows,
            np.take_along_axis(shrunk.columns, order, axis=1),
            np.take_along_axis(shrunk.values, order, axis=1),
        )
        _narrow_down(editor, scorer, columns, constraints, shrunk, failing)
        order = np.broadcast_to(np.roll(np.arange(order.shape[1]), 1), order.shape)
    return shrunk


def _narrow_down(
    editor: Editor,
    scorer: Scorer,
    columns: Sequence[Column],
    constraints: Constraints,
    shrunk: Proposals,
    failing: FloatArray,
) -> None:
    """Shrink the last change of every proposal, in place."""
    slot = shrunk.columns.shape[1] - 1
    start = shrunk.values[:, slot].copy()
    ends = Ends.unknown(_count_steps(editor, columns, constraints, shrunk, slot, failing))
    moves = _list_moves(editor, columns, shrunk)
    free = constraints.is_free and not constraints.is_bounded
    for tries in itertools.count():
        open_ = np.flatnonzero(ends.kept < ends.most)
        if scorer.expired or not open_.size:
            break
        aims = None
        if scorer.is_smooth and 0 < tries <= GUESSES:
            aims = _follow_line(scorer, ends, open_)
        elif free and not scorer.is_smooth:  # rules and bounds have borders of their own
            aims = _find_border(scorer, shrunk.columns[:, slot], start, moves, ends, open_)
        steps = ends.plan(open_, aims)
        trial = shrunk.take(np.repeat(open_, POINTS))
        trial.values[:, slot] = np.repeat(start[open_], POINTS)
        trial.values[:, slot] = _step_back(editor, columns, constraints, trial, slot, steps.ravel())
        gains, works = _try(editor, scorer, constraints, trial)
        last = ends.learn(open_, steps, gains.reshape(steps.shape), works.reshape(steps.shape))
        better = np.flatnonzero(last >= 0)
        shrunk.values[open_[better], slot] = trial.values[better * POINTS + last[better], slot]


@dataclass(slots=True)
class Ends:
    """Between which steps back each change stops working: `kept` is the most that is known to
    work, `most` the most that may. The gains at `kept` and at `most + 1`, NaN where unknown."""

    kept: IntArray
    most: IntArray
    gain_kept: FloatArray
    gain_past: FloatArray

    @classmethod
    def unknown(cls, most: IntArray) -> Ends:
        """Return the ends before anything was tried."""
        nothing = np.full(len(most), np.nan)
        return cls(np.zeros_like(most), most, nothing, nothing.copy())

    def plan(self, open_: IntArray, aims: tuple[IntArray, IntArray] | None) -> IntArray:
        """Return the next steps to try, `[n_open, POINTS]`, rising.

        They divide what is open evenly; each of the next steps is tried where there are only a
        few. aims: the step that is guessed to be the last one to work, -1 where there is no guess,
        and how far apart the steps around it are to be, both `[n_open]`.
        """
        kept, gaps = self.kept[open_, None], (self.most - self.kept)[open_, None]
        ahead = np.ceil(np.arange(1, POINTS + 1) * np.maximum(gaps / (POINTS + 1), 1.0))
        if aims is not None:
            aim, apart = aims[0][:, None], aims[1][:, None]
            close = np.clip(aim - kept + apart * np.arange(-1, POINTS - 1), 1, gaps)
            ahead = np.where((aim >= 0) & (gaps > POINTS), close, ahead)
        steps: IntArray = kept + np.minimum(ahead, gaps).astype(np.int64)
        return steps

    def learn(
        self, open_: IntArray, steps: IntArray, gains: FloatArray, works: BoolArray
    ) -> IntArray:
        """Move the ends to what was tried; return which of the steps is now kept, -1 for none."""
        last = np.where(works.any(axis=1), POINTS - 1 - works[:, ::-1].argmax(axis=1), -1)
        better = np.flatnonzero(last >= 0)
        self.kept[open_[better]] = steps[better, last[better]]
        self.gain_kept[open_[better]] = gains[better, last[better]]
        short = np.flatnonzero(last < POINTS - 1)
        ended, past = open_[short], last[short] + 1
        self.most[ended] = np.maximum(steps[short, past] - 1, self.kept[ended])
        self.gain_past[ended] = gains[short, past]
        return last


def _follow_line(scorer: Scorer, ends: Ends, open_: IntArray) -> tuple[IntArray, IntArray]:
    """Guess where a smooth model's line between the ends falls below what is needed."""
    near, past = (straighten(scorer.goal, gain[open_]) for gain in (ends.gain_kept, ends.gain_past))
    needed = straighten(scorer.goal, np.array(scorer.threshold))
    falls = (near >= needed) & (past < needed)
    share = np.divide(near - needed, near - past, out=np.zeros_like(near), where=falls)
    gaps = (ends.most - ends.kept)[open_]
    aims = ends.kept[open_] + np.floor(share * (gaps + 1)).astype(np.int64)
    return np.where(falls, aims, -1), np.maximum(gaps // CLOSE, 1)


def _find_border(
    scorer: Scorer,
    places: IntArray,
    start: FloatArray,
    moves: FloatArray,
    ends: Ends,
    open_: IntArray,
) -> tuple[IntArray, IntArray] | None:
    """Guess where the answer changes, for a model that tells between which values it does not.

    Where one such border is left between the ends, the last step to work is beside it; where
    none is, all steps work alike. places, start, moves: for each proposal the column that is
    narrowed, where it starts and what a step adds to it.
    """
    aims = np.full(len(open_), -1, dtype=np.int64)
    for place in np.unique(places[open_]).tolist():
        borders = scorer.find_borders(place)
        if borders is None:
            return None
        here = np.flatnonzero(places[open_] == place)
        which = open_[here]
        new, move = start[which], moves[which]
        near, past = new + move * ends.kept[which], new + move * (ends.most[which] + 1)
        first = np.searchsorted(borders, np.minimum(near, past))
        count = np.searchsorted(borders, np.maximum(near, past), side="right") - first
        border = np.append(borders, np.nan)[first]
        guess = np.where(count == 1, np.floor((border - new) / move + HAIR), ends.most[which])
        aims[here] = np.where((count <= 1) & np.isfinite(guess), guess, -1)
    return aims, np.ones_like(aims)


def _list_moves(editor: Editor, columns: Sequence[Column], shrunk: Proposals) -> FloatArray:
    """Return what one step back adds to each proposal's last change, `[n]`; NaN where the old
    value is missing, 0 where it is no number."""
    moves = np.zeros(len(shrunk))
    for place in np.unique(shrunk.columns[:, -1]).tolist():
        here = np.flatnonzero(shrunk.columns[:, -1] == place)
        if place >= 0 and columns[place].kind == "number":
            gaps = editor.codes[shrunk.rows[here], place] - shrunk.values[here, -1]
            moves[here] = np.sign(gaps) * columns[place].step
    return moves


def hold(editor: Editor, scorer: Scorer, constraints: Constraints, trial: Proposals) -> BoolArray:
    """Say which trials are accepted, keep the rules between columns and stay near real rows."""
    return _try(editor, scorer, constraints, trial)[1]


def _try(
    editor: Editor, scorer: Scorer, constraints: Constraints, trial: Proposals
) -> tuple[FloatArray, BoolArray]:
    gains = scorer.score_proposals(editor, constraints.complete(trial))
    works = (gains >= scorer.threshold) & constraints.compute_kept(trial)
    if constraints.is_bounded and works.any():
        works[works] = constraints.compute_near(trial.take(works))
    return gains, works


def _count_steps(
    editor: Editor,
    columns: Sequence[Column],
    constraints: Constraints,
    shrunk: Proposals,
    slot: int,
    failing: FloatArray,
) -> IntArray:
    """Return how many steps back each change may go and still be a change within the rules."""
    steps = np.zeros(len(shrunk), dtype=np.int64)
    whole_only = {
        *constraints.rules.allowed,
        *(columns[place].name for place in constraints.leaders),
    }
    for place in np.unique(shrunk.columns[:, slot]).tolist():
        here, column = np.flatnonzero(shrunk.columns[:, slot] == place), columns[place]
        if place < 0 or column.kind != "number" or column.name in whole_only:
            continue
        old, new = editor.codes[shrunk.rows[here], place], shrunk.values[here, slot]
        low, high = constraints.find_range(place, shrunk.rows[here])
        nearest = np.clip(old, np.maximum(low, column.low), np.minimum(high, column.high))
        limit = np.where(np.isnan(failing[here]), nearest, failing[here])
        whole = np.abs(new - limit) / column.step
        past = (limit == old) | ~np.isnan(failing[here])
        count = np.where(past, np.ceil(whole - HAIR) - 1, np.floor(whole + HAIR))
        steps[here] = np.clip(np.nan_to_num(count), 0, MAX_STEPS).astype(np.int64)
    return steps


def _step_back(
    editor: Editor,
    columns: Sequence[Column],
    constraints: Constraints,
    trial: Proposals,
    slot: int,
    steps: IntArray,
) -> FloatArray:
    """Return the trial's values, `steps` nearer to what the rows have."""
    values = trial.values[:, slot].copy()
    for place in np.unique(trial.columns[:, slot]).tolist():
        here, column = np.flatnonzero(trial.columns[:, slot] == place), columns[place]
        if place < 0 or column.kind != "number":
            continue
        old, new = editor.codes[trial.rows[here], place], values[here]
        toward = np.sign(old - new)
        back = (new + toward * steps[here] * column.step) / column.step
        # rounded away from the old value, so that it is never reached or passed
        whole = np.where(toward < 0, np.ceil(back - HAIR), np.floor(back + HAIR))
        nearer = column.round_to_dtype(np.round(whole * column.step, column.decimals))
        fits = constraints.allows(place, trial.rows[here], nearer) & (
            np.abs(nearer - old) <= np.abs(new - old)
        )
        values[here] = np.where(fits, nearer, new)
    return values
