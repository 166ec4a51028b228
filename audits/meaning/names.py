"""Inputs that a booster's library, or its owner for its sake, called otherwise than the data."""

from __future__ import annotations

from audits.core.report.report import Notice
from audits.data import AuditTable
from audits.models import ModelClient, match_replaced

_SHOWN = 6


def fit_names(table: AuditTable, model: ModelClient) -> tuple[Notice, ...]:
    """Let `model` call its inputs as the data does where the two surely differ in blanks and
    marks alone; return what a reader must know of it."""
    found = match_replaced(model.info.features, [column.name for column in table.columns])
    if not found:
        return ()
    model.rename({**model.renamed, **found})
    pairs = [f"{column!r} for {name!r}" for name, column in found.items()]
    rest = f" and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
    text = (
        "The model's inputs are named otherwise than the data's columns, by marks and blanks "
        f"alone; it is given {', '.join(pairs[:_SHOWN])}{rest} ([model] features declares it)."
    )
    return (Notice(code="model.features", text=text),)
