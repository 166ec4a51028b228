"""The nearest real people who got the wanted outcome: engine "nearest".

Every answer starts from a row of the reference data that the model accepts and that the rules
let this row become; changes that are not needed are then taken back, so that what is left are
values of one real person. Columns that follow another one (`links`) are not copied: they take
what the rules say."""

from __future__ import annotations

import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.core.counterfactual import NoRecourse
from audits.recourse.columns import encode_frame
from audits.recourse.engines.outcome import EngineOutcome
from audits.recourse.engines.postprocess import (
    Bench,
    RecourseTask,
    drop_unneeded,
    finish_proposals,
    open_bench,
)
from audits.recourse.result import RecourseResult
from audits.recourse.search.proposals import Proposals

NEIGHBOURS = 8
"""How many of the nearest rows are tried for each answer that is asked for."""
BLOCK = 256


def find_nearest(task: RecourseTask) -> EngineOutcome:
    """Answer each row by real rows of the wanted outcome; see `RecourseTask`."""
    bench = open_bench(task)
    accepted = _find_accepted(bench)
    tried = task.answers * NEIGHBOURS
    rows: list[IntArray] = [np.empty(0, dtype=np.int64)]
    targets: list[FloatArray] = [np.empty((0, len(bench.columns)))]
    for start in range(0, len(bench.editor.codes), BLOCK):
        codes = bench.editor.codes[start : start + BLOCK]
        costs = _measure(bench, np.arange(start, start + len(codes)), accepted)
        order = np.argsort(costs, axis=1, kind="stable")[:, :tried]
        row, place = np.nonzero(np.isfinite(np.take_along_axis(costs, order, axis=1)))
        rows.append(row + start)
        targets.append(accepted[order[row, place]])
    proposals = _become(bench, np.concatenate(rows), np.concatenate(targets))
    finished = finish_proposals(bench, drop_unneeded(bench, proposals))
    reached = np.bincount(proposals.rows, minlength=len(bench.names))
    results = [
        RecourseResult(name, tuple(answers), None if answers else _explain(
            bench, name, len(accepted), int(reached[number])))
        for number, (name, answers) in enumerate(zip(bench.names, finished.answers, strict=True))
    ]  # fmt: skip
    return EngineOutcome(results, finished.tried, finished.failed)


def _find_accepted(bench: Bench) -> FloatArray:
    """Return the codes of the different reference rows that the model accepts."""
    task = bench.task
    frame = task.reference[[column.name for column in bench.columns]].astype(
        {column.name: column.dtype for column in bench.columns}
    )
    reached = bench.scorer.score(frame) >= bench.scorer.threshold
    codes = encode_frame(bench.columns, frame.iloc[np.flatnonzero(reached)])
    return np.unique(codes, axis=0)


def _measure(bench: Bench, rows: IntArray, accepted: FloatArray) -> FloatArray:
    """Return what each row pays to become each accepted row, infinite where it may not."""
    total = np.zeros((len(rows), len(accepted)))
    for place, column in enumerate(bench.columns):
        old, new = bench.editor.codes[rows, place][:, None], accepted[None, :, place]
        same: BoolArray = (old == new) | (np.isnan(old) & np.isnan(new))
        finite = np.where(np.isnan(new), 0.0, new)
        fits = bench.constraints.allows(place, rows[:, None], finite) & ~np.isnan(new)
        fits &= _can_follow(bench, place, rows, accepted[:, place])
        same |= bench.constraints.find_following(place, new)
        total += np.where(same, 0.0, np.where(fits, column.cost(old, finite), np.inf))
    return total


def _can_follow(bench: Bench, place: int, rows: IntArray, new: FloatArray) -> BoolArray:
    """Say whether what follows a column may follow it to each new code, `[n_rows, n_new]`."""
    every = np.ones((len(rows), len(new)), dtype=np.bool_)
    if place not in bench.constraints.leaders:
        return every
    codes, inverse = np.unique(new[~np.isnan(new)], return_inverse=True)
    changes = Proposals(
        np.repeat(rows, len(codes)),
        np.full((len(rows) * len(codes), 1), place),
        np.tile(codes, len(rows))[:, None],
    )
    fits = bench.constraints.can_follow(changes).reshape(len(rows), len(codes))
    every[:, ~np.isnan(new)] = fits[:, inverse]
    return every


def _become(bench: Bench, rows: IntArray, targets: FloatArray) -> Proposals:
    """Return the changes that turn each row into its target."""
    old = bench.editor.codes[rows]
    differs = ~((old == targets) | (np.isnan(old) & np.isnan(targets)))
    differs = bench.constraints.keep_acts(old, targets, differs)
    places = np.where(differs, np.arange(old.shape[1]), -1)
    return Proposals(rows, places, np.where(differs, targets, 0.0))


def _explain(bench: Bench, name: str, accepted: int, reached: int) -> NoRecourse:
    most = bench.task.max_changes
    reason = "No accepted row of the reference data is one that the rules let this row become."
    if reached:
        reason = (
            f"None of the {reached} nearest accepted rows that the rules allow can be followed by "
            f"changing up to {most} columns."
        )
    searched = f"{accepted:,} different accepted rows of the reference data"
    return NoRecourse(name, reason, searched, max_changes=most)
