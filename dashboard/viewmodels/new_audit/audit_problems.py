"""What is wrong with a new audit's settings, at the field where it is put right."""

from __future__ import annotations

from audits.core.errors import AssayError
from audits.core.format import plain_text
from audits.core.limits import MAX_GROUPS
from audits.data import DataPreview
from audits.meaning import match_classes
from dashboard.catalogue import say
from dashboard.viewmodels.new_audit.audit_columns import ColumnRow, find_roles
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_moves import ONE_WAY, has_order
from dashboard.viewmodels.new_audit.audit_values import (
    find_values_problem,
    needs_meanings,
    read_said,
)
from dashboard.viewmodels.new_audit.model_fit import (
    ModelFit,
    find_absent_problem,
    find_fit_problem,
    find_output_problem,
)
from dashboard.viewmodels.new_audit.new_audit import Draft, parse_spec, read_edges

SINGLE = ("target", "id", "weight", "label", "score")
"""Roles that one column at most may have."""

Problems = dict[str, str]
"""Messages by the field: columns, task, positive, values, decisions, features, output, classes,
threshold, model, moves, name."""


def find_gaps(draft: Draft, *, with_model: bool) -> Problems:
    """Return what has not been chosen yet."""
    decided = bool(draft.label or draft.score)
    needs = (
        ("name", draft.name.strip(), "form.need_name"),
        ("model", draft.model or not with_model, "form.need_model"),
        ("columns", decided or with_model, "form.need_decisions"),
        ("columns", draft.target or not with_model, "form.need_target"),
        ("positive", draft.task != "binary" or not (draft.target or draft.label)
         or draft.positive is not None, "form.need_positive"),
        ("threshold", draft.output != "score" or isinstance(draft.threshold, float),
         "form.need_threshold"),
    )  # fmt: skip
    return {field: say(key) for field, given, key in reversed(needs) if not given}


def find_wrongs(
    draft: Draft, preview: DataPreview, rows: list[ColumnRow], fit: ModelFit | None, form: AuditForm
) -> Problems:
    """Return what was chosen and cannot be so."""
    found = _check_values(draft, preview, form)
    if wrong := _check_roles(rows, preview):
        found["columns"] = wrong
    if wrong := _check_task(draft, preview):
        found["task"] = wrong
    if fit is not None and draft.model:
        found |= _check_model(draft, preview, fit)
        if wrong := _check_moves(draft, preview):
            found["moves"] = wrong
    return found


def _check_values(draft: Draft, preview: DataPreview, form: AuditForm) -> Problems:
    """Return what has to be said of the values of the outcome and of the decisions."""
    asked = {"values": draft.target if draft.task == "binary" else "", "decisions": draft.label}
    found: Problems = {}
    for field, name in asked.items():
        one = preview.by_name.get(name)
        if wrong := find_values_problem(one, read_said(form, one)):
            found[field] = wrong
    return found


def _check_model(draft: Draft, preview: DataPreview, fit: ModelFit) -> Problems:
    if wrong := find_absent_problem(fit, preview):
        return {"features": wrong}
    if wrong := find_output_problem(fit, draft.task):
        return {"output": wrong}
    if wrong := find_fit_problem(fit, draft.target, draft.task):
        return {"output" if fit.setting == "model.output" else "model": wrong}
    wrong = _check_classes(draft, preview, fit)
    return {"classes": wrong} if wrong else {}


def _check_moves(draft: Draft, preview: DataPreview) -> str:
    for setting, names in draft.moves:
        for name in names:
            column = preview.by_name[name].column if name in preview.by_name else None
            if setting in ONE_WAY and column is not None and not has_order(column):
                return say("form.moves_wrong", name=plain_text(name))
    return ""


def _check_roles(rows: list[ColumnRow], preview: DataPreview) -> str:
    roles = find_roles(rows)
    for role in SINGLE:
        if len(roles[role]) > 1:
            names = plain_text(", ".join(roles[role]))
            return say("form.role_twice", role=say(f"role.{role}"), names=names)
    for role in ("weight", "score"):
        for name in roles[role]:
            if not preview.by_name[name].column.is_numeric:
                kind = say(f"kind.{preview.by_name[name].column.kind}").lower()
                return say("form.not_numbers", name=plain_text(name), kind=kind,
                           role=say(f"role.{role}"))  # fmt: skip
    for row in rows:
        if row.role in ("protected", "legitimate") and (wrong := _check_groups(row, preview)):
            return wrong
    return ""


def _check_groups(row: ColumnRow, preview: DataPreview) -> str:
    column, name = preview.by_name[row.name].column, plain_text(row.name)
    if row.cuts.strip():
        if not column.is_numeric:
            return say("form.cut_texts", name=name)
        if read_edges(row.cuts) is None:
            return say("form.cuts_wrong", name=name, text=plain_text(row.cuts))
    elif column.distinct > MAX_GROUPS:
        key = "form.many_numbers" if column.is_numeric else "form.many_groups"
        return say(key, name=name, n=f"{column.distinct:,}")
    return ""


def _check_task(draft: Draft, preview: DataPreview) -> str:
    if not draft.target:
        return ""
    column, name = preview.by_name[draft.target].column, plain_text(draft.target)
    if column.distinct == 1:
        return say("form.one_value", name=name)
    one = preview.by_name[draft.target]
    if draft.task == "binary" and column.distinct > 2 and not needs_meanings(one):
        key = "form.many_decimals" if column.is_numeric and column.distinct > 50 else "form.not_two"
        return say(key, name=name, n=f"{column.distinct:,}")
    if draft.task == "regression" and not column.is_numeric:
        return say("form.no_numbers", name=name)
    if draft.task == "multiclass" and column.distinct > 200:
        return say("form.many_classes", name=name, n=f"{column.distinct:,}")
    return ""


def _check_classes(draft: Draft, preview: DataPreview, fit: ModelFit) -> str:
    """Return why the model's classes cannot be matched with the outcome's values. Of a model of
    two classes, rows with known outcomes tell: see `FileProbes.try_outputs`."""
    if draft.task != "multiclass" or not draft.target or fit.info.task != draft.task:
        return ""
    values = tuple(str(value) for value in preview.by_name[draft.target].values)
    if len(set(draft.classes)) < len(draft.classes):
        return say("form.class_twice")
    try:
        match_classes(draft.classes or fit.info.classes, values, bool(draft.classes))
    except AssayError as error:
        return say("form.classes", reason=plain_text(str(error)))
    return ""


def check_settings(draft: Draft) -> str:
    """Return what the audit itself would refuse in the settings, "" where nothing."""
    try:
        parse_spec(draft)
    except AssayError as error:
        return say("form.settings", reason=plain_text(str(error)))
    return ""
