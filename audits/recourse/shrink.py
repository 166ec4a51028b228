"""Shrinking: from a change that works to the smallest that still does."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.recourse.columns import BoolArray, Column, FloatArray, IntArray
from audits.recourse.goals import straighten
from audits.recourse.guard import Guard
from audits.recourse.proposals import Editor, Proposals, Scorer

MOST_STEPS = 2**40
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
    guard: Guard,
    proposals: Proposals,
    failing: FloatArray | None = None,
) -> Proposals:
    """Move numbers back toward what the rows have, while the wanted outcome holds.

    The dearest change of each proposal goes first. Each is narrowed down in whole steps of its
    column (integers stay integers, decimals as many as the reference data has), all proposals
    together. Only values that a prediction confirmed are taken, so the result is as valid as
    the proposals were; when the time runs out it is the best so far.

    failing: for each proposal of one change a value on the way back that is known not to be
    enough, so that none is looked for beyond it; NaN where none is known.
    """
    if failing is None:
        failing = np.full(len(proposals), np.nan)
    order = np.argsort(-compute_costs(columns, editor, proposals), axis=1, kind="stable")
    shrunk = Proposals(
        proposals.rows,
        np.take_along_axis(proposals.columns, order, axis=1),
        np.take_along_axis(proposals.values, order, axis=1),
    )
    for slot in range(shrunk.columns.shape[1]):
        _narrow_down(editor, scorer, columns, guard, shrunk, slot, failing)
    return shrunk


def _narrow_down(
    editor: Editor,
    scorer: Scorer,
    columns: Sequence[Column],
    guard: Guard,
    shrunk: Proposals,
    slot: int,
    failing: FloatArray,
) -> None:
    """Shrink one change of every proposal, in place."""
    start = shrunk.values[:, slot].copy()
    ends = Ends.unknown(_count_steps(editor, columns, guard, shrunk, slot, failing))
    for tries in itertools.count():
        open_ = np.flatnonzero(ends.kept < ends.most)
        if scorer.expired or not open_.size:
            break
        steps = ends.plan(open_, scorer if 0 < tries <= GUESSES else None)
        trial = shrunk.take(np.repeat(open_, POINTS))
        trial.values[:, slot] = np.repeat(start[open_], POINTS)
        trial.values[:, slot] = _step_back(editor, columns, guard, trial, slot, steps.ravel())
        gains, works = _try(editor, scorer, guard, trial)
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

    def plan(self, open_: IntArray, scorer: Scorer | None) -> IntArray:
        """Return the next steps to try, `[n_open, POINTS]`, rising.

        They divide what is open evenly; each of the next steps is tried where there are only a
        few. scorer: of a smooth model, whose line between the ends is followed down to what is
        needed: the steps lie close around that where it is known.
        """
        kept, gaps = self.kept[open_, None], (self.most - self.kept)[open_, None]
        ahead = np.ceil(np.arange(1, POINTS + 1) * np.maximum(gaps / (POINTS + 1), 1.0))
        if scorer is not None and scorer.is_smooth:
            near, past = (straighten(scorer.goal, gain[open_, None]) for gain in
                          (self.gain_kept, self.gain_past))  # fmt: skip
            needed = straighten(scorer.goal, np.array(scorer.threshold))
            falls = (near >= needed) & (past < needed)
            share = np.divide(near - needed, near - past, out=np.zeros_like(near), where=falls)
            around = np.maximum(gaps // CLOSE, 1) * np.arange(-1, POINTS - 1)
            close = np.clip(np.floor(share * (gaps + 1)) + around, 1, gaps)
            ahead = np.where(falls & (gaps > POINTS), close, ahead)
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


def hold(editor: Editor, scorer: Scorer, guard: Guard, trial: Proposals) -> BoolArray:
    """Say which trials are accepted, keep the rules between columns and stay near real rows."""
    return _try(editor, scorer, guard, trial)[1]


def _try(
    editor: Editor, scorer: Scorer, guard: Guard, trial: Proposals
) -> tuple[FloatArray, BoolArray]:
    gains = scorer.score_proposals(editor, guard.complete(trial))
    works = (gains >= scorer.threshold) & guard.compute_kept(trial)
    if guard.is_bounded and works.any():
        works[works] = guard.compute_near(trial.take(works))
    return gains, works


def _count_steps(
    editor: Editor,
    columns: Sequence[Column],
    guard: Guard,
    shrunk: Proposals,
    slot: int,
    failing: FloatArray,
) -> IntArray:
    """Return how many steps back each change may go and still be a change within the rules."""
    steps = np.zeros(len(shrunk), dtype=np.int64)
    whole_only = {*guard.rules.allowed, *(link.leader for link in guard.rules.links)}
    for place, column in enumerate(columns):
        here = np.flatnonzero(shrunk.columns[:, slot] == place)
        if column.kind != "number" or not here.size or column.name in whole_only:
            continue
        old, new = editor.codes[shrunk.rows[here], place], shrunk.values[here, slot]
        low, high = guard.find_range(place, shrunk.rows[here])
        nearest = np.clip(old, np.maximum(low, column.low), np.minimum(high, column.high))
        limit = np.where(np.isnan(failing[here]), nearest, failing[here])
        whole = np.abs(new - limit) / column.step
        past = (limit == old) | ~np.isnan(failing[here])
        count = np.where(past, np.ceil(whole - HAIR) - 1, np.floor(whole + HAIR))
        steps[here] = np.clip(np.nan_to_num(count), 0, MOST_STEPS).astype(np.int64)
    return steps


def _step_back(
    editor: Editor,
    columns: Sequence[Column],
    guard: Guard,
    trial: Proposals,
    slot: int,
    steps: IntArray,
) -> FloatArray:
    """Return the trial's values, `steps` nearer to what the rows have."""
    values = trial.values[:, slot].copy()
    for place, column in enumerate(columns):
        here = np.flatnonzero(trial.columns[:, slot] == place)
        if column.kind != "number" or not here.size:
            continue
        old, new = editor.codes[trial.rows[here], place], values[here]
        toward = np.sign(old - new)
        back = (new + toward * steps[here] * column.step) / column.step
        # rounded away from the old value, so that it is never reached or passed
        whole = np.where(toward < 0, np.ceil(back - HAIR), np.floor(back + HAIR))
        nearer = column.settle(np.round(whole * column.step, column.decimals))
        fits = guard.allows(place, trial.rows[here], nearer) & (
            np.abs(nearer - old) <= np.abs(new - old)
        )
        values[here] = np.where(fits, nearer, new)
    return values
