"""What checks that ask the model about rows share: rows sampled with the run's seed, the audited
answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from audits.checks.base import Context
from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import CheckNotApplicableError
from audits.models import ModelClient


def require_model(context: Context) -> ModelClient:
    """Return the model. Raises CheckNotApplicableError where decisions alone are audited."""
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    return context.model


def make_answer(context: Context) -> Callable[[pd.DataFrame], FloatArray]:
    """Return the audited output as a function of rows: the probability of the favourable class
    (of the first class of a multiclass model), or the value for regression."""
    model, output = require_model(context), context.output

    def answer(frame: pd.DataFrame) -> FloatArray:
        scores = model.predict(frame)
        return scores if output is None else scores[:, output]

    return answer


def draw_positions(context: Context, wanted: int, purpose: str) -> IntArray:
    """Return positions of at most `wanted` rows in rising order, sampled with the run's seed."""
    total = context.table.rows
    if total <= wanted:
        return np.arange(total)
    return np.sort(context.generator(purpose).choice(total, size=wanted, replace=False))


def describe_rows(context: Context, used: int) -> str:
    """Return "all 1,000 rows" or "2,000 of 10,000 rows, sampled with the run's seed"."""
    total = context.table.rows
    return (
        f"all {total:,} rows"
        if used >= total
        else f"{used:,} of {total:,} rows, sampled with the run's seed"
    )
