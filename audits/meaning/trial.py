"""Settings tried before an audit: what the model's outputs mean on the rows that are there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from audits.core.settings.spec import AuditSpec
from audits.data import connect, open_table
from audits.meaning.classes import Meaning, find_meaning
from audits.meaning.names import fit_names
from audits.meaning.resolve import check_task
from audits.models import open_declared


def try_meaning(spec: AuditSpec, base: Path) -> Meaning:
    """Open the data and the model and return what the model's outputs mean.

    base: the folder of the settings. Raises InputError for whatever the audit would refuse there,
    and UndecidedError where both readings fit.
    """
    assert spec.model is not None
    with closing(connect()) as connection:
        table = open_table(connection, spec, base)
        with open_declared(spec.model, base) as model:
            check_task(spec, model.info)
            fit_names(table, model)
            return find_meaning(spec, table, model)
