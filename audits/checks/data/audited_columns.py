"""Which columns of the data the audited decisions may rest on, and what each column is for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audits.checks.base import Context


def choose_audited_columns(context: Context) -> list[str]:
    """Return the model's features; without a model, what is not outcome, decision or group."""
    if context.model is not None:
        return list(context.model.info.features)
    spec = context.spec
    given = spec.predictions
    aside = {
        *spec.data.protected, spec.data.target, spec.data.weight, spec.data.id, spec.data.key,
        *((*given.decided, *given.scored) if given else ()),
    }  # fmt: skip
    return [column.name for column in context.table.columns if column.name not in aside]


def list_roles(context: Context) -> dict[str, list[str]]:
    """Return what each column of the data is for, in the order of the data: "target", "protected",
    "legitimate", "feature" (the model is given it), "id", "key", "weight", "decision", "score";
    empty for a column that the audit does not use."""
    data, given = context.spec.data, context.spec.predictions
    named = (
        ("target", (data.target,)),
        ("protected", data.protected),
        ("legitimate", data.legitimate),
        ("feature", context.model.info.features if context.model is not None else ()),
        ("id", (data.id,)),
        ("key", (data.key,)),
        ("weight", (data.weight,)),
        ("decision", given.decided if given else ()),
        ("score", given.scored if given else ()),
    )
    return {
        column.name: [role for role, names in named if column.name in names]
        for column in context.table.columns
    }


def draw_positions(context: Context, purpose: str, most: int) -> NDArray[np.int64]:
    """Return the positions of all rows, or of `most` sampled with the run's seed, rising."""
    total = context.table.rows
    if total <= most:
        return np.arange(total, dtype=np.int64)
    chosen = context.generator(purpose).choice(total, size=most, replace=False)
    return np.sort(chosen).astype(np.int64)


def describe_drawn(context: Context, positions: NDArray[np.int64]) -> str:
    """Return "1,000 rows" or "1,000 of 5,000 rows, sampled with the run's seed"."""
    if len(positions) == context.table.rows:
        return f"{len(positions):,} rows"
    return f"{len(positions):,} of {context.table.rows:,} rows, sampled with the run's seed"
