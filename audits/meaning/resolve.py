"""A model beside its data: checked to fit, its outputs named, its decisions resolved, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from audits.core.errors import InputError
from audits.core.report.report import Notice
from audits.core.settings.spec import AuditSpec
from audits.data import AuditTable
from audits.meaning.classes import find_meaning
from audits.meaning.decisions import resolve_cut
from audits.models import ModelClient, ModelInfo


@dataclass(frozen=True, slots=True)
class Resolved:
    """What is audited. spec: the settings with the threshold as a number and the inputs'
    names. classes: the model's
    outputs in their order, as the data spells them (`()` for regression). output: which of them
    is audited (see `Context.output`). notices: what a reader must know of it."""

    spec: AuditSpec
    classes: tuple[str, ...]
    output: int | None
    notices: tuple[Notice, ...]


def resolve_model(
    spec: AuditSpec,
    table: AuditTable,
    model: ModelClient,
    on_rows: Callable[[float], None] = lambda _: None,
) -> Resolved:
    """Return what the model's outputs and decisions mean; `model` calls its classes so from now on.

    on_rows: told the share of the rows that were asked for their own decisions, where any are.
    Raises InputError, saying what to declare, where something is neither declared nor proven.
    """
    assert spec.model is not None
    meaning = find_meaning(spec, table, model)
    model.name_classes(meaning.classes)
    decided = resolve_cut(spec, table, model, meaning.output, on_rows)
    names = {"features": model.renamed} if model.renamed else {}
    section = spec.model.model_copy(update={"threshold": decided.cut, **names})
    return Resolved(
        spec.model_copy(update={"model": section}),
        meaning.classes,
        meaning.output,
        (*meaning.notices, *decided.notices),
    )


def check_task(spec: AuditSpec, info: ModelInfo) -> None:
    """Raise InputError where the model is of another kind than the audit."""
    wanted = spec.audit.task
    if info.task == wanted:
        return
    assert spec.model is not None
    if info.task == "regression" and not spec.model.reading:
        raise InputError(
            "the model answers one number a row, which its file does not call a probability, and "
            f"the audit says task = {wanted!r}; declare what it is, [model] output = "
            '"probability", "logit" (log-odds) or "score" (only its order counts), or [audit] task '
            '= "regression"',
            setting="model.output",
        )
    advice = (
        ', or [model] task = "regression" to read its number as a value'
        if wanted == "regression"
        else ""
    )
    raise InputError(
        f"the model is for {info.task}, the audit says task = {wanted!r}; change [audit] "
        f"task{advice}"
    )
