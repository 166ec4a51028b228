"""Which columns of the data the audited decisions may rest on."""

from __future__ import annotations

from audits.checks.base import Context


def choose_audited_columns(context: Context) -> list[str]:
    """Return the model's features; without a model, what is not outcome, decision or group."""
    if context.model is not None:
        return list(context.model.info.features)
    spec = context.spec
    given = spec.predictions
    aside = {
        *spec.data.protected, spec.data.target, spec.data.weight, spec.data.id, spec.data.key,
        given and given.label, given and given.score,
    }  # fmt: skip
    return [column.name for column in context.table.columns if column.name not in aside]
