"""From what the search found to answers: stored values, predicted again, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from audits.core.counterfactual import Change, Counterfactual
from audits.recourse.columns import Column
from audits.recourse.guard import Guard
from audits.recourse.plausibility import Neighbourhood
from audits.recourse.proposals import Editor, Proposals, Scorer
from audits.recourse.shrink import compute_costs


def rank_answers(
    editor: Editor,
    scorer: Scorer,
    columns: Sequence[Column],
    guard: Guard,
    neighbourhood: Neighbourhood,
    proposals: Proposals,
    *,
    names: Sequence[str],
) -> list[list[Counterfactual]]:
    """Predict the proposals again as they will be stored, and rank those that hold.

    names: the row ids of the editor's rows. Columns that follow a changed one are among the
    changes, but neither counted nor paid for: they are part of the change that they follow.
    Returns each row's counterfactuals, fewest changed columns first, then lowest cost; all of
    them valid.
    """
    ranked: list[list[Counterfactual]] = [[] for _ in names]
    if not len(proposals):
        return ranked
    whole = guard.complete(proposals)
    stored = to_stored(editor.apply(whole))
    before = to_stored(editor.apply(editor.unchanged()))
    answer = scorer.answer(from_stored(stored, columns))
    gains, scores = scorer.goal.compute_gain(answer), scorer.goal.pick_score(answer)
    costs = compute_costs(columns, editor, proposals).sum(axis=1)
    codes = editor.apply_codes(whole)
    moved = codes != editor.codes[whole.rows]
    distance, density = neighbourhood.measure(codes)
    plausible = neighbourhood.contains(distance)
    broken = guard.find_broken(proposals)
    changed = (proposals.columns >= 0).sum(axis=1)
    for i in np.lexsort((-gains, costs, changed)):
        row = int(proposals.rows[i])
        if gains[i] < scorer.threshold:
            continue
        where = sorted({int(place) for place in whole.columns[i] if place >= 0})
        touched = [columns[place].name for place in where if moved[i, place]]
        changes = tuple(Change(name, before[name][row], stored[name][i]) for name in touched)
        known = bool(np.isfinite(distance[i]))
        ranked[row].append(
            Counterfactual(
                row=names[row],
                rank=len(ranked[row]),
                values={column.name: stored[column.name][i] for column in columns},
                changes=changes,
                cost=float(costs[i]),
                y_score=float(scores[i]),
                valid=True,
                plausible=bool(plausible[i]),
                distance=float(distance[i]) if known else None,
                density=float(density[i]) if known else None,
                broken_rules=broken[i],
            )
        )
    return ranked


def to_stored(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the values as they are stored: plain numbers, texts, yes/no, None for missing."""
    return {
        str(name): [
            None if absent else value
            for value, absent in zip(values.tolist(), values.isna().tolist(), strict=True)
        ]
        for name, values in frame.items()
    }


def from_stored(stored: dict[str, list[Any]], columns: Sequence[Column]) -> pd.DataFrame:
    """Return stored values as the frame that the model sees."""
    return pd.DataFrame(
        {column.name: pd.Series(stored[column.name], dtype=column.dtype) for column in columns}
    )
