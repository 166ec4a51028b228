"""How files, models and decisions are read: which fields there are, and which are folded away."""

from __future__ import annotations

from dataclasses import dataclass

from audits.data import ColumnPreview, DataPreview
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_values import needs_meanings
from dashboard.viewmodels.new_audit.model_fit import ModelFit
from dashboard.viewmodels.new_audit.new_audit import Draft

ENCODINGS = ("", "utf-8", "cp1252", "latin-1", "cp1250", "cp1251", "utf-16", "shift_jis", "gb18030")
DELIMITERS = ("", ",", ";", "\t", "|", " ")
DECIMALS = ("", ".", ",")
OUTPUTS = ("", "probability", "logit", "score", "value")
DIRECTIONS = ("", "higher", "lower")
"""What is offered; "" is what the file, the model or the scores show."""

_FIELDS = {
    "data.encoding": "file", "data.delimiter": "file", "data.decimal": "file",
    "data.sheet": "file", "model.output": "output", "model.features": "features",
    "model.classes": "classes", "predictions.positive": "decision",
    "predictions.direction": "direction", "predictions.threshold": "cut",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """What the form is about: the data, the column of decisions where it has one, the model."""

    preview: DataPreview
    draft: Draft
    label: ColumnPreview | None = None
    fit: ModelFit | None = None


def name_field(setting: str) -> str:
    """Return the field that declares a setting, "" where none does by itself."""
    return _FIELDS.get(setting, "")


def list_folded(form: AuditForm, about: Subject) -> list[str]:
    """Return the fields that say something here and that no refusal has opened."""
    draft, fit = about.draft, about.fit
    rule = fit.info.rule if fit else "none"
    fits = {
        "file": about.preview.format in ("csv", "excel"),
        "output": fit is not None and fit.info.format != "endpoint",
        "rule": draft.task == "binary" and (rule != "none" or form.own_rule),
        "features": fit is not None and bool(fit.inputs) and fit.info.format != "endpoint",
        "decision": about.label is not None and bool(draft.target)
        and not needs_meanings(about.label),
        "direction": bool(draft.score),
        "cut": bool(draft.score and not draft.label),
    }  # fmt: skip
    return [name for name, here in fits.items() if here and name not in form.opened]
