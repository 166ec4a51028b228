"""What a reader must know of the data, though it stops nothing: rows left out, groups that may be
one, ids that repeat, settings without effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from audits.core.errors import one_of
from audits.core.groups import MISSING, name_group_column
from audits.core.report.report import Notice
from audits.core.settings.data import DataSection
from audits.core.settings.spec import AuditSpec
from audits.data.files.source import Source
from audits.data.groups.protected import label_ranges
from audits.data.sql import MARK, fetch_one, quote
from audits.data.values.outcome import count_texts, matches, render_spelling, show_counts
from audits.data.values.spelling import find_similar, looks_missing, read_number


def describe_repeated_ids(
    connection: duckdb.DuckDBPyConnection, view: str, data: DataSection
) -> tuple[Notice, ...]:
    """Return a notice where rows share an id, or have none."""
    if not data.id:
        return ()
    name = quote(MARK + "row")
    row = fetch_one(
        connection,
        f"SELECT count(*) FILTER (WHERE n > 1), coalesce(sum(n) FILTER (WHERE n > 1), 0), "
        f"min(i) FILTER (WHERE n > 1) FROM (SELECT {name} AS i, count(*) AS n FROM {view} "
        f"WHERE {name} IS NOT NULL GROUP BY ALL)",
    )
    assert row is not None  # an aggregate has one row
    ids, rows, first = int(row[0]), int(row[1]), row[2]
    told = []
    if ids:
        text = (
            f"{ids:,} ids in {data.id!r} stand for more than one row each ({rows:,} rows, such as "
            f"{first!r}): a row looked up by its id is the first of them."
        )
        told.append(Notice(code="data.repeated_ids", text=text))
    empty = fetch_one(connection, f"SELECT count(*) FROM {view} WHERE {name} IS NULL")
    if empty is not None and empty[0]:
        text = f"{int(empty[0]):,} rows have no id in {data.id!r}."
        told.append(Notice(code="data.absent_ids", text=text))
    return tuple(told)


def describe_groups(
    connection: duckdb.DuckDBPyConnection, view: str, data: DataSection, names: Iterable[str]
) -> tuple[Notice, ...]:
    """Return notices of groups that differ only in how they are written, that look like no value,
    and of ranges that nobody is in."""
    told = []
    for name in names:
        groups = count_texts(connection, view, quote(MARK + name_group_column(name)))
        edges = tuple(data.edges.get(name, ()))
        if edges:
            if empty := [label for label in label_ranges(edges) if label not in groups]:
                text = f"[data.edges] {name}: nobody is {one_of(empty)}."
                told.append(Notice(code="data.unused_edges", text=text))
            continue
        told += [_describe_similar(name, same, groups) for same in find_similar(groups)]
        if doubtful := [g for g in groups if g != MISSING and _says_missing(g)]:
            text = (
                f"Groups of {name!r} that may be no value: "
                f"{show_counts({g: groups[g] for g in doubtful})}; if so, list them in [data] "
                "missing."
            )
            told.append(Notice(code="data.doubtful_groups", text=text))
    return tuple(told)


def _says_missing(group: str) -> bool:
    return looks_missing(group) and (read_number(group) is None or group.startswith("-"))


def _describe_similar(name: str, same: Sequence[str], groups: Mapping[str, int]) -> Notice:
    numbers = all(read_number(group) is not None for group in same)
    how = "as numbers are equal" if numbers else "differ only by case, blanks or a final dot"
    best = max(same, key=lambda group: (groups[group], group))
    text = (
        f"Groups of {name!r} that {how} are audited as {len(same)} groups: "
        f"{show_counts({group: groups[group] for group in same})}; to make them one, "
        f"{render_spelling(name, best, same)}."
    )
    return Notice(code="data.similar_groups", text=text)


def describe_unused_missing(data: DataSection, sources: Sequence[Source]) -> tuple[Notice, ...]:
    """Return a notice for each declared missing value that none of the files has."""
    return tuple(
        Notice(
            code="data.unused_missing",
            text=f"[data] missing: {value!r} is a value of no column, so that it had no effect.",
        )
        for value in dict.fromkeys(data.missing)
        if all(value in source.unused_missing for source in sources)
    )


def describe_unused_spellings(
    connection: duckdb.DuckDBPyConnection, view: str, spec: AuditSpec, names: Iterable[str]
) -> tuple[Notice, ...]:
    """Return a notice for each declared spelling that its column does not have, or of a column that
    is none of those that are read so (`names`)."""
    told = []
    read = set(names)
    for name, spelled in spec.data.spellings.items():
        others = [other for values in spelled.values() for other in values]
        there = count_texts(connection, view, f"CAST({quote(name)} AS VARCHAR)")
        absent = [o for o in others if o not in there] if name in read else others
        if absent:
            why = "" if name in read else " (it is no outcome, decision or group)"
            text = f"[data.spellings] {name}: {one_of(absent)} had no effect{why}."
            told.append(Notice(code="data.unused_spellings", text=text))
    return tuple(told)


def drop_rows(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    text: str,
    values: Sequence[object],
    *,
    title: str,
    setting: str,
    is_boolean: bool,
    to: str,
) -> tuple[str, tuple[Notice, ...]]:
    """Make the view `to` without the rows that have one of `values`, and tell how many went.

    text: SQL for the value as text. Returns `view` itself where no row goes.
    """
    there = count_texts(connection, view, text)
    gone = {
        value: count
        for value, count in there.items()
        if any(matches(value, wanted, is_boolean) for wanted in values)  # type: ignore[arg-type]
    }
    told = [
        Notice(
            code="data.unused_drop",
            text=f"{setting} drop: {str(wanted)!r} is a value of no row, so that it had no effect.",
        )
        for wanted in values
        if not any(matches(value, wanted, is_boolean) for value in there)  # type: ignore[arg-type]
    ]
    if not gone:
        return view, tuple(told)
    text_of = f"{sum(gone.values()):,} rows are left out of the audit, as declared, by {title}: "
    told.append(Notice(code="data.dropped_rows", text=f"{text_of}{show_counts(gone)}."))
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in gone)
    connection.execute(
        f"CREATE VIEW {to} AS SELECT * FROM {view} WHERE {text} IS NULL OR {text} NOT IN ({listed})"
    )
    return to, tuple(told)
