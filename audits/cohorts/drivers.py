"""What drives a part of the data that conditions describe: from a run's evidence and its data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audits.checks import PREDICTIONS_FILE, name_column
from audits.core.errors import CheckNotApplicableError
from audits.core.limits import MIN_ROWS_FOR_ATTRIBUTIONS
from audits.data import AuditTable
from audits.explain import (
    CohortImportance,
    compute_cohort_importance,
    find_attributions,
    find_positions,
    iterate_values,
)
from audits.slices import find_rows, parse_condition


def explain_cohort(
    table: AuditTable, folder: Path, features: Sequence[str], conditions: Sequence[str]
) -> CohortImportance:
    """Return how the model's columns move the rows that meet all conditions, beside all others.

    folder: a run's; its attributions are read in batches. features: the model's columns.
    conditions: as slices are listed, see `parse_condition`. Only explained rows count.

    Raises CheckNotApplicableError where the run has no attributions or where one side has fewer
    than MIN_ROWS_FOR_ATTRIBUTIONS explained rows, InputError for a condition that makes no sense.
    """
    evidence = find_attributions(folder / "evidence")
    if evidence is None:
        raise CheckNotApplicableError("the run has no attributions")
    parsed = [parse_condition(words, table.columns) for words in conditions]
    positions = find_positions(folder / PREDICTIONS_FILE, evidence)
    inside = find_rows(table, parsed)[positions]
    rows = int(inside.sum())
    if min(rows, len(inside) - rows) < MIN_ROWS_FOR_ATTRIBUTIONS:
        raise CheckNotApplicableError(
            f"{rows:,} of {len(inside):,} explained rows meet the conditions; at least "
            f"{MIN_ROWS_FOR_ATTRIBUTIONS} have to, and as many not"
        )
    chunks = iterate_values(evidence, [name_column(name) for name in features])
    return compute_cohort_importance(chunks, inside, features)
