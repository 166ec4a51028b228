"""Counterfactual: the smallest change of a row that changes the model's mind, or why none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One column's change, from the value that the row has to the value it would need."""

    column: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A way for one row to get the wanted outcome.

    row: the row's id. rank: 0 is the best answer of this row. values: every feature with its
    new value. changes: only those that differ. cost: sum over changes of the move in units of
    that column's spread in the reference data (1 for a changed category), or what the rules say
    that it costs; a column that follows another one costs nothing more; lower is easier.
    y_score: the model's score of the changed row, by a new prediction. valid: the wanted
    outcome was reached in that prediction. plausible: every value and the changed combination
    were seen in the reference data's range. distance: to the nearest reference row that has the
    wanted outcome, 0 to 1 (mean over the columns, Gower); density: how crowded the place is beside
    theirs, 1 as crowded, less is emptier, at most 10; both None where too few such rows are known.
    broken_rules: rules between columns that the row itself breaks and this answer breaks no more
    than it.
    """

    row: str
    rank: int
    values: dict[str, Any]
    changes: tuple[Change, ...]
    cost: float
    y_score: float
    valid: bool
    plausible: bool
    distance: float | None = None
    density: float | None = None
    broken_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoRecourse:
    """No allowed change was found for this row: why, and what was searched.

    proven: none exists among all allowed changes of up to `max_changes` columns, for the values
    that `searched` names; else none was found, which is evidence and no proof. max_changes is 0
    where the evidence does not say it.
    """

    row: str
    reason: str
    searched: str
    proven: bool = False
    max_changes: int = 0
