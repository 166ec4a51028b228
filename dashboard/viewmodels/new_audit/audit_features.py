"""Which columns of the data a model's inputs are, as a table that people fill in."""

from __future__ import annotations

import pandas as pd

from audits.data import DataPreview
from dashboard.catalogue import say
from dashboard.viewmodels.new_audit.audit_columns import guess_all
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_moves import has_order
from dashboard.viewmodels.new_audit.model_fit import ModelFit, find_absent

_APART = ("target", "id", "weight")


def tabulate_features(form: AuditForm, fit: ModelFit, preview: DataPreview) -> pd.DataFrame:
    """Return the model's inputs with their columns: as chosen, else of the same name, else None."""
    named = {**{name: name for name in fit.inputs}, **dict(fit.renamed), **form.features}
    known = set(preview.names)
    records = [(name, named[name] if named[name] in known else None) for name in fit.inputs]
    return pd.DataFrame(records, columns=[say("form.input"), say("form.column")], dtype=object)


def read_features(table: pd.DataFrame, fit: ModelFit) -> dict[str, str]:
    """Return what the edited table says otherwise than the names of the model and the data."""
    plain = dict(fit.renamed)
    found = {}
    for name, column in zip(table[say("form.input")], table[say("form.column")], strict=True):
        if column is not None and not pd.isna(column) and column != plain.get(name, name):
            found[str(name)] = str(column)
    return found


def fill_in_order(fit: ModelFit, preview: DataPreview) -> dict[str, str]:
    """Return the inputs with the data's columns of numbers in the file's order, where the data has
    none of the inputs (a matrix of numbers was without names) and just as many are left beside the
    outcome, the id and the weight, or beside the protected ones too; else {}."""
    if not fit.inputs or len(find_absent(fit.info, preview.names)) < len(fit.inputs):
        return {}
    roles = guess_all(preview, None, with_model=True)
    for apart in (_APART, (*_APART, "protected")):
        free = [one.column.name for one in preview.columns
                if has_order(one.column) and roles.get(one.column.name) not in apart]  # fmt: skip
        if len(free) == len(fit.inputs):
            return dict(zip(fit.inputs, free, strict=True))
    return {}
