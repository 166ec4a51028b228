"""The reference rows for training: features, the true outcome as 0 or 1, the group."""

from __future__ import annotations

import pandas as pd

from audits.core.errors import InputError, one_of
from audits.core.settings.spec import AuditSpec
from audits.data.groups.protected import render_group_expression
from audits.data.schema import find_column, tabulate_columns
from audits.data.sql import list_columns, quote, read_frame
from audits.data.table import AuditTable
from audits.data.values.evidence_columns import describe_target
from audits.data.values.outcome import count_texts, find_coding
from audits.data.values.spelling import render_spelled
from audits.data.values.typed import render_text


def read_training_rows(
    table: AuditTable, spec: AuditSpec, attribute: str, names: tuple[str, str]
) -> pd.DataFrame:
    """Return the reference rows that have a true outcome, with two columns more.

    names: those of the outcome (1: favourable) and of the group. Raises InputError where there
    is no reference, or it lacks the target, the attribute or a second group.
    """
    if table.reference is None:
        raise InputError(
            "retraining needs rows to train on: give them as [data] reference, "
            "apart from the audited rows"
        )
    view = table.reference.view
    _, columns = tabulate_columns(table.connection, view)
    assert spec.data.target is not None  # AuditSpec promises it beside a model
    assert spec.data.positive is not None
    target = find_column(columns, spec.data.target, "target (in reference)")
    protected = find_column(columns, attribute, "attribute (in reference)")
    outcome = describe_target(target, spec.data, "target (in reference)")
    coding = find_coding(
        count_texts(table.connection, view, outcome.text),
        outcome,
        spec.data.positive,
        spec.data.negative,
    )
    true = coding.render(outcome.text)
    group = render_group_expression(
        protected,
        tuple(spec.data.edges.get(attribute, ())),
        render_spelled(
            attribute,
            spec.data.spellings.get(attribute, {}),
            render_text(attribute, list_columns(table.connection, view)),
        ),
    )
    if attribute in table.merges:
        group = table.merges[attribute].render(group)
    own = ", ".join(quote(column.name) for column in columns)
    frame = read_frame(
        table.connection,
        f"SELECT {own}, {true} AS {quote(names[0])}, {group} AS {quote(names[1])} FROM {view} "
        f"WHERE ({true}) IS NOT NULL",
    )
    found = sorted(frame[names[1]].unique())
    if len(found) < 2:
        raise InputError(
            f"attribute {attribute!r} has one group only in the reference, {one_of(found)}; "
            "there is no gap to narrow"
        )
    return frame
