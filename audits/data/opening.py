"""Opening the data of an audit: the one place that knows in which order it is read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from audits.core.report import Notice
from audits.core.spec import AuditSpec
from audits.data.joined import join_protected
from audits.data.kept import check_values, render_kept_columns
from audits.data.overrides import open_overrides
from audits.data.protected import MARK, check_protected, check_reference_groups
from audits.data.schema import Column, find_column, tabulate_columns
from audits.data.source import Source, open_source
from audits.data.spelling import render_spelled
from audits.data.sql import list_columns, quote
from audits.data.table import ROWS_VIEW, AuditTable
from audits.data.told import (
    drop_rows,
    tell_groups,
    tell_repeated_ids,
    tell_unused_missing,
    tell_unused_spellings,
)
from audits.data.typed import Reading, check_declared_types


def open_table(connection: duckdb.DuckDBPyConnection, spec: AuditSpec, base: Path) -> AuditTable:
    """Open and check the audited data and its reference.

    Raises InputError for whatever the spec names that the files do not have, and for values that
    have no plain meaning.
    """
    data, reading = spec.data, plan_reading(spec)
    source = open_source(
        connection, data.path, base=base, view="assay_source", role="data", reading=reading
    )
    view, people, told = join_protected(connection, data, base, source.view, reading)
    reference = None
    if data.reference:
        reference = open_source(
            connection, data.reference, base=base, view="assay_reference", role="reference",
            reading=reading,
        )  # fmt: skip
    opened = [one for one in (source, people, reference) if one is not None]
    known = {
        name for one in (view, *(s.view for s in opened)) for name in list_columns(connection, one)
    }
    check_declared_types(data.types, sorted(known))
    view, dropped = _drop(connection, spec, view)
    rows, columns = tabulate_columns(connection, view)
    protected = check_protected(columns, data)
    for name in data.spellings:
        find_column(columns, name, "data.spellings:")
    kept = render_kept_columns(connection, spec, view, columns, protected)
    marked = ", ".join(f"{sql} AS {quote(MARK + name)}" for name, sql in kept.columns.items())
    chosen = f"*, {marked}" if marked else "*"
    connection.execute(f"CREATE VIEW {ROWS_VIEW} AS SELECT {chosen} FROM {view}")
    check_values(connection, ROWS_VIEW, kept)
    check_reference_groups(connection, ROWS_VIEW, data)
    grouped = tuple(column.name for column in protected)
    notices = (*told, *tell_unused_missing(data, opened), *dropped, *kept.notices)
    reference_rows, reference_columns = 0, 0
    if reference is not None:
        reference = _drop_reference(connection, spec, reference)
        reference_rows, described = tabulate_columns(connection, reference.view)
        reference_columns = len(described)
    return AuditTable(
        connection,
        source,
        rows,
        columns,
        tuple(data.protected),
        grouped,
        kept.classes,
        tuple(kept.columns),
        reference,
        reference_rows,
        reference_columns,
        open_overrides(
            connection, spec.recourse.overrides, base, [column.name for column in columns]
        ),
        (*notices, *_tell(connection, spec, view, grouped, columns)),
        kept.scale,
    )


def plan_reading(spec: AuditSpec) -> Reading:
    """Return how the files are read: codes, ids and groups keep their text."""
    data = spec.data
    groups = [n for n in (*data.protected, *data.legitimate) if not data.edges.get(n)]
    named = [name for name in (data.id, data.key, *groups) if name and name not in data.types]
    return Reading(data.missing, data.types, frozenset(named))


def _tell(
    connection: duckdb.DuckDBPyConnection,
    spec: AuditSpec,
    view: str,
    grouped: tuple[str, ...],
    columns: Sequence[Column],
) -> tuple[Notice, ...]:
    label = spec.predictions.label if spec.predictions else None
    read = [name for name in (spec.data.target, label, *grouped) if name]
    return (
        *tell_repeated_ids(connection, ROWS_VIEW, spec.data),
        *tell_groups(connection, ROWS_VIEW, spec.data, grouped),
        *tell_unused_spellings(connection, view, spec, read),
    )


def _drop(
    connection: duckdb.DuckDBPyConnection, spec: AuditSpec, view: str
) -> tuple[str, tuple[Notice, ...]]:
    """Leave out the rows of dropped values of the target, then of the decisions."""
    told: tuple[Notice, ...] = ()
    given = spec.predictions
    asked = (
        ("target", "[data]", spec.data.target, spec.data.drop, "assay_target_kept"),
        (
            "predictions label", "[predictions]", given.label if given else None,
            given.drop if given else (), "assay_label_kept",
        ),
    )  # fmt: skip
    for role, setting, name, values, to in asked:
        if not name or not values:
            continue
        column = find_column(tabulate_columns(connection, view)[1], name, role)
        view, more = drop_rows(
            connection,
            view,
            render_spelled(name, spec.data.spellings.get(name, {})),
            values,
            title=f"{role} {name!r}",
            setting=setting,
            is_boolean=column.kind == "boolean",
            to=to,
        )
        told = (*told, *more)
    return view, told


def _drop_reference(
    connection: duckdb.DuckDBPyConnection, spec: AuditSpec, reference: Source
) -> Source:
    """Leave the target's dropped values out of the reference, where it has the target."""
    name, data = spec.data.target, spec.data
    if not name or not data.drop or name not in list_columns(connection, reference.view):
        return reference
    column = find_column(tabulate_columns(connection, reference.view)[1], name, "target")
    view, _ = drop_rows(
        connection,
        reference.view,
        render_spelled(name, data.spellings.get(name, {})),
        data.drop,
        title="reference",
        setting="[data]",
        is_boolean=column.kind == "boolean",
        to="assay_reference_kept",
    )
    return replace(reference, view=view)
