"""Opening the data of an audit: the one place that knows in which order it is read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd

from audits.core.errors import InputError, near_misses, one_of
from audits.core.groups import name_group_column
from audits.core.report.report import Notice
from audits.core.settings.spec import AuditSpec
from audits.data.files.form import FileForm
from audits.data.files.source import Source, open_source, tabulate_source
from audits.data.groups.groups import check_groups, list_notices, merge_rare
from audits.data.groups.joined import join_protected
from audits.data.groups.protected import check_protected, check_reference_groups
from audits.data.groups.told import (
    describe_groups,
    describe_repeated_ids,
    describe_unused_missing,
    describe_unused_spellings,
    drop_rows,
)
from audits.data.schema import Column, find_column, tabulate_columns
from audits.data.sql import MARK, list_columns, quote, read_frame
from audits.data.table import ROWS_VIEW, AuditTable
from audits.data.values.evidence_columns import check_values, render_evidence_columns
from audits.data.values.spelling import render_spelled
from audits.data.values.typed import Reading, check_declared_types

ROLE = "recourse.overrides"
COLUMNS = ("row", "column", "immutable", "low", "high")


def open_table(connection: duckdb.DuckDBPyConnection, spec: AuditSpec, base: Path) -> AuditTable:
    """Open and check the audited data and its reference.

    Raises InputError for whatever the spec names that the files do not have, and for values that
    have no plain meaning.
    """
    data, reading, form = spec.data, plan_reading(spec), FileForm.of(spec.data)
    source = open_source(
        connection, data.path, base=base, view="assay_source", role="data", reading=reading,
        form=form,
    )  # fmt: skip
    view, people, told = join_protected(connection, data, base, source, reading)
    reference = None
    if data.reference:
        reference = open_source(
            connection, data.reference, base=base, view="assay_reference", role="reference",
            reading=reading, form=form,
        )  # fmt: skip
    opened = [one for one in (source, people, reference) if one is not None]
    known = {
        name for one in (view, *(s.view for s in opened)) for name in list_columns(connection, one)
    }
    check_declared_types(data.types, sorted(known))
    _check_repeated([one for one in (source, people) if one is not None], spec)
    view, dropped = _drop(connection, spec, view)
    rows, columns = tabulate_source(connection, source, view)
    protected = check_protected(columns, data)
    for name in data.spellings:
        find_column(columns, name, "data.spellings:")
    evidence = render_evidence_columns(connection, spec, view, columns, protected)
    held = {column.name: name_group_column(column.name) for column in protected}
    rendered = {name: evidence.columns[own] for name, own in held.items()}
    merges = merge_rare(connection, view, data, rendered)
    evidence.columns |= {held[name]: one.render(rendered[name]) for name, one in merges.items()}
    marked = ", ".join(f"{sql} AS {quote(MARK + name)}" for name, sql in evidence.columns.items())
    chosen = f"*, {marked}" if marked else "*"
    connection.execute(f"CREATE VIEW {ROWS_VIEW} AS SELECT {chosen} FROM {view}")
    check_values(connection, ROWS_VIEW, evidence)
    check_groups(connection, ROWS_VIEW, data, list(held))
    check_reference_groups(connection, ROWS_VIEW, data)
    grouped = tuple(held)
    read = [notice for one in opened for notice in one.opened.notices]
    notices = (
        *read, *told, *describe_unused_missing(data, opened), *dropped, *evidence.notices,
        *list_notices(data, merges),
    )  # fmt: skip
    reference_rows, reference_columns = 0, 0
    if reference is not None:
        reference = _drop_reference(connection, spec, reference)
        reference_rows, described = tabulate_source(connection, reference)
        reference_columns = len(described)
    return AuditTable(
        connection,
        source,
        rows,
        columns,
        tuple(data.protected),
        grouped,
        evidence.classes,
        tuple(evidence.columns),
        reference,
        reference_rows,
        reference_columns,
        open_overrides(
            connection, spec.recourse.overrides, base, [column.name for column in columns]
        ),
        (*notices, *_tell(connection, spec, view, grouped, columns)),
        evidence.scale,
        merges,
    )


def _check_repeated(sources: Sequence[Source], spec: AuditSpec) -> None:
    """Raise InputError where the settings name a column whose name a header has twice."""
    data, given = spec.data, spec.predictions
    named = [data.target, data.weight, data.id, data.key, *data.protected, *data.legitimate]
    named += [given.label, given.score] if given else []
    for source in sources:
        if twice := next((name for name in source.opened.repeated if name in named), None):
            raise InputError(
                f"{source.role} {source.text!r}: the column name {twice!r} stands more than once "
                "in the header, and the settings name it; give each column a name of its own"
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
        *describe_repeated_ids(connection, ROWS_VIEW, spec.data),
        *describe_groups(connection, ROWS_VIEW, spec.data, grouped),
        *describe_unused_spellings(connection, view, spec, read),
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


# What single rows may change, from a file: `[recourse] overrides`.


def open_overrides(
    connection: duckdb.DuckDBPyConnection, path: str | None, base: Path, names: Sequence[str]
) -> pd.DataFrame | None:
    """Read the file; None where none is declared.

    One line a row and column: `row` (the id as text), `column`, and at least one of `immutable`
    (true or false), `low` and `high` (empty: no end). Returns exactly these five columns.
    names: the data's columns. Raises InputError for a column that the file or the data does not
    have, a value of the wrong kind, or ends in the wrong order.
    """
    if not path:
        return None
    open_source(connection, path, base=base, view="assay_overrides", role=ROLE)
    frame = read_frame(connection, "SELECT * FROM assay_overrides")
    given = [str(name) for name in frame.columns]
    unknown = [name for name in given if name not in COLUMNS]
    if unknown or not {"row", "column"} <= set(given) or len(given) < 3:
        wrong = f" {unknown[0]!r}{near_misses(unknown[0], COLUMNS)}" if unknown else ""
        raise InputError(
            f"{ROLE}: the columns are row, column, and some of immutable, low and high;"
            f" the file has {one_of(given)}" + (f"; it does not know{wrong}" if wrong else "")
        )
    frame = frame.reindex(columns=list(COLUMNS))
    frame["row"] = frame["row"].astype(str)
    frame["column"] = frame["column"].astype(str)
    _check_columns(frame, names)
    frame["immutable"] = _read_booleans(frame["immutable"])
    for end in ("low", "high"):
        frame[end] = _read_numbers(frame[end])
    wrong_order = frame[frame["low"] > frame["high"]]
    if len(wrong_order):
        first = wrong_order.iloc[0]
        raise InputError(
            f"{ROLE}: row {first['row']!r}, column {first['column']!r} goes from "
            f"{first['low']:g} down to {first['high']:g}; give the lower end first"
        )
    return frame


def _check_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in frame["column"].unique() if name not in names]
    if absent:
        hint = near_misses(absent[0], names) or f"; the columns are {one_of(names)}"
        raise InputError(f"{ROLE}: the data has no column {absent[0]!r}{hint}")


def _read_booleans(values: pd.Series) -> pd.Series:
    texts = values.astype(object).where(values.notna(), "false").map(str).str.lower()
    known = texts.map({"true": True, "false": False, "1": True, "0": False})
    if known.isna().any():
        example = str(values[known.isna()].iloc[0])
        raise InputError(f"{ROLE}: immutable is {example!r}; write true or false")
    return known.astype(bool)


def _read_numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    wrong = values[numbers.isna() & values.notna()]
    if len(wrong):
        raise InputError(f"{ROLE}: {values.name} is {str(wrong.iloc[0])!r}, which is no number")
    return numbers
