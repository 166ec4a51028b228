"""From what the search found to answers: stored values, predicted again, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from audits.core.arrays import IntArray
from audits.core.counterfactual import Change, Counterfactual
from audits.recourse.columns import Column
from audits.recourse.rules.constraints import Constraints
from audits.recourse.search.plausibility import Neighbourhood
from audits.recourse.search.proposals import Editor, Proposals, Scorer
from audits.recourse.search.shrink import compute_costs


def rank_answers(
    editor: Editor,
    scorer: Scorer,
    columns: Sequence[Column],
    constraints: Constraints,
    neighbourhood: Neighbourhood,
    proposals: Proposals,
    *,
    names: Sequence[str],
    most: int | None = None,
) -> list[list[Counterfactual]]:
    """Predict the proposals again as they will be stored, and rank those that hold.

    names: the row ids of the editor's rows. most: the most answers a row gets, None for all.
    Columns that follow a changed one are among the changes, but neither counted nor paid for:
    they are part of the change that they follow.
    Returns each row's counterfactuals, fewest changed columns first, then lowest cost; all of
    them valid.
    """
    ranked: list[list[Counterfactual]] = [[] for _ in names]
    if not len(proposals):
        return ranked
    whole = constraints.complete(proposals)
    stored, codes = editor.list_stored(whole), editor.apply_codes(whole)
    answer = scorer.answer(from_stored(stored, columns))
    gains, scores = scorer.goal.compute_gain(answer), scorer.goal.pick_score(answer)
    costs = compute_costs(columns, editor, proposals).sum(axis=1)
    changed = (proposals.columns >= 0).sum(axis=1)
    order = np.lexsort((-gains, costs, changed, proposals.rows))
    kept = _keep_first(order[gains[order] >= scorer.threshold], proposals.rows, most)
    best = proposals.take(kept)
    codes, old = codes[kept], editor.codes[best.rows]
    moved = (codes != old) & ~(np.isnan(codes) & np.isnan(old))
    distance, density = neighbourhood.measure(codes)
    plausible = neighbourhood.contains(distance)
    labels = [column.name for column in columns]
    before = list(zip(*editor.list_stored(editor.unchanged()).values(), strict=True))
    after = list(zip(*stored.values(), strict=True))
    for i, (at, row, broken) in enumerate(
        zip(kept.tolist(), best.rows.tolist(), constraints.find_broken(best), strict=True)
    ):
        touched = np.flatnonzero(moved[i]).tolist()
        known = bool(np.isfinite(distance[i]))
        ranked[row].append(
            Counterfactual(
                row=names[row],
                rank=len(ranked[row]),
                values=dict(zip(labels, after[at], strict=True)),
                changes=tuple(
                    Change(labels[place], before[row][place], after[at][place]) for place in touched
                ),
                cost=float(costs[at]),
                y_score=float(scores[at]),
                valid=True,
                plausible=bool(plausible[i]),
                distance=float(distance[i]) if known else None,
                density=float(density[i]) if known else None,
                broken_rules=broken,
            )
        )
    return ranked


def _keep_first(order: IntArray, rows: IntArray, most: int | None) -> IntArray:
    """Return the first `most` places of each row; order: places, those of a row side by side."""
    if most is None or not len(order):
        return order
    mine = rows[order]
    starts = np.flatnonzero(np.r_[True, mine[1:] != mine[:-1]])
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return order[place < most]


def from_stored(stored: dict[str, list[Any]], columns: Sequence[Column]) -> pd.DataFrame:
    """Return stored values as the frame that the model sees."""
    return pd.DataFrame(
        {column.name: pd.Series(stored[column.name], dtype=column.dtype) for column in columns}
    )
