"""Columns that are the outcome or the decision in other words.

Where the decision is wrong cannot be told by them: that a part of the rows which is picked by the
outcome has more errors of one kind is true of any model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from audits.checks.base import Context
from audits.checks.data.audited_columns import draw_positions
from audits.core.arrays import BoolArray
from audits.core.settings.spec import Task
from audits.diagnostics import compute_told, split_halves

TELLING = 0.95
"""From this AUC on a column says the outcome or the decision: the limit of the leakage rule."""
ROWS = 5_000


def find_telling_columns(context: Context, names: Sequence[str], purpose: str) -> tuple[str, ...]:
    """Return those of some columns that say the outcome or the decision nearly perfectly, learned
    on one half of at most `ROWS` drawn rows and measured on the other."""
    if not names:
        return ()
    positions = draw_positions(context, f"{purpose}:telling", ROWS)
    frame = context.table.read_rows(positions)[list(names)].reset_index(drop=True)
    wanted = ["y_pred"] if context.spec.data.target is None else ["y_true", "y_pred"]
    outcomes = [values[positions] for values in context.read_predictions(wanted).values()]
    learned = split_halves(len(frame), context.generator(f"{purpose}:halves"))
    return tuple(
        name
        for name in names
        if any(_tells(frame[name], one, learned, context.spec.audit.task) for one in outcomes)
    )


def _tells(values: pd.Series, outcome: np.ndarray, learned: BoolArray, task: Task) -> bool:
    known = ~pd.isna(outcome)
    told = compute_told(values[known].reset_index(drop=True), outcome[known], learned[known], task)
    return told is not None and told.auc >= TELLING
