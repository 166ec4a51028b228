"""The true outcome and given decisions as numbers: which values of a column are favourable, which
are not, and which nobody has said anything about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from audits.core.errors import InputError, near_misses, one_of
from audits.core.settings.recourse import Scalar
from audits.core.settings.toml_file import render_key, render_value
from audits.data.sql import literal
from audits.data.values.spelling import find_similar, fold, looks_missing, read_number

_TRUE_TEXTS = ("1", "1.0", "true")
_FALSE_TEXTS = ("0", "0.0", "false")
_MAX_CLASSES = 200
_MAX_SHOWN = 12


@dataclass(frozen=True, slots=True)
class BinaryColumn:
    """A column of two outcomes. text: SQL for a row's value as text. role: what a message calls
    it. section: where its values are declared, "[data]" or "[predictions]"."""

    name: str
    text: str
    role: str
    section: str = "[data]"
    is_boolean: bool = False

    @property
    def title(self) -> str:
        """Role and name."""
        return f"{self.role} {self.name!r}"

    @property
    def setting(self) -> str:
        """What declares which of its values are unfavourable."""
        return f"{self.section.strip('[]')}.negative"


@dataclass(frozen=True, slots=True)
class Coding:
    """The values that are favourable, those that are not (as they stand in the column), and the
    declared ones that do not occur."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    unused: tuple[str, ...] = ()

    def render(self, text: str) -> str:
        """Return SQL: 1 for favourable, 0 for the others, NULL where missing."""
        ones, zeros = (", ".join(map(literal, v)) for v in (self.positive, self.negative))
        return f"CASE WHEN {text} IN ({ones}) THEN 1 WHEN {text} IN ({zeros}) THEN 0 END"


def count_texts(
    connection: duckdb.DuckDBPyConnection, view: str, text: str, limit: int = 10_000
) -> dict[str, int]:
    """Return how many rows have each value, the most frequent first; missing is none."""
    rows = connection.execute(
        f"SELECT t, n FROM (SELECT {text} AS t, count(*) AS n FROM {view} GROUP BY ALL) "
        f"WHERE t IS NOT NULL ORDER BY n DESC, t LIMIT {limit}"
    ).fetchall()
    return {str(value): int(count) for value, count in rows}


def matches(value: str, wanted: Scalar, is_boolean: bool = False) -> bool:
    """Whether a column's value, as text, is the declared one: 1 is 1.0, and in a column of
    booleans true."""
    if isinstance(wanted, bool) or is_boolean:
        wanted_text = str(wanted).lower()
        same = next((t for t in (_TRUE_TEXTS, _FALSE_TEXTS) if wanted_text in t), ())
        return value.lower() in same
    if value == str(wanted):
        return True
    number = read_number(value)
    return number is not None and number == read_number(str(wanted))


def show_counts(values: Mapping[str, int]) -> str:
    """Return values with their rows: "'Yes' (223 rows), 'No' (277 rows)"."""
    shown = [f"{value!r} ({count:,})" for value, count in list(values.items())[:_MAX_SHOWN]]
    rest = len(values) - _MAX_SHOWN
    return ", ".join(shown) + (f" and {rest:,} more" if rest > 0 else "")


def find_coding(
    values: Mapping[str, int],
    column: BinaryColumn,
    positive: Scalar,
    negative: Sequence[Scalar] = (),
) -> Coding:
    """Return what a column's values mean. values: rows by value.

    Raises InputError where the favourable value does not occur or nothing else does, where a
    value is neither favourable nor one (the only other one, or a declared one) that is not, and
    where values differ only in how they are written.
    """
    _check_two(values, column)
    hits = [value for value in values if matches(value, positive, column.is_boolean)]
    if not hits:
        hint = near_misses(str(positive), values)
        raise InputError(
            f"positive = {str(positive)!r} is not a value of {column.title}{hint} "
            f"(there are {one_of(values)})"
        )
    rest = [value for value in values if value not in hits]
    if not rest:
        raise InputError(
            f"every value of {column.title} is the favourable one; an audit needs rows of both "
            "outcomes"
        )
    if not negative:
        return _take_only_other(values, column, hits, rest)
    declared = {
        value for value in rest if any(matches(value, n, column.is_boolean) for n in negative)
    }
    unknown = [value for value in rest if value not in declared]
    if unknown:
        raise _ask_others(values, column, hits[0], unknown)
    unused = [
        str(n) for n in negative if not any(matches(v, n, column.is_boolean) for v in declared)
    ]
    return Coding(tuple(sorted(hits)), tuple(sorted(declared)), tuple(unused))


def _check_two(values: Mapping[str, int], column: BinaryColumn) -> None:
    if not values:
        raise InputError(f"{column.title} has no values at all")
    if len(values) == 1:
        raise InputError(
            f"{column.title} has only one value, {next(iter(values))!r}; "
            "an audit needs rows of both outcomes"
        )


def _take_only_other(
    values: Mapping[str, int], column: BinaryColumn, hits: Sequence[str], rest: Sequence[str]
) -> Coding:
    """Return the coding without `negative`: there may be one value beside the favourable one."""
    if len({read_number(value) or value for value in rest}) > 1:
        raise _ask_others(values, column, hits[0], rest)
    if fold(hits[0]) == fold(rest[0]):
        raise _ask_others(values, column, hits[0], rest)
    if looks_missing(rest[0]):
        raise InputError(
            f"{column.title} has {show_counts(values)}: {rest[0]!r} may be the unfavourable value "
            f"or none at all; say which, with {column.section} negative = "
            f"{render_value([rest[0]])} or [data] missing = {render_value([rest[0]])}",
            setting=column.setting,
        )
    return Coding(tuple(sorted(hits)), tuple(sorted(rest)))


def _ask_others(
    values: Mapping[str, int], column: BinaryColumn, positive: str, unknown: Sequence[str]
) -> InputError:
    """Return what to say of values that nobody has said anything of."""
    alike = find_similar(values)
    told = "".join(
        f"; {' and '.join(map(repr, same))} differ only by case, blanks or a final dot: fix the "
        f"data, or declare {render_spelling(column.name, _best(same, positive), same)}"
        for same in alike
    )
    alone = [v for v in unknown if not any(v in same for same in alike)] or list(unknown)
    return InputError(
        f"{column.title} has {len(values):,} values where an outcome has two: "
        f"{show_counts(values)}{told}; say of the values other than {positive!r} which are "
        f"unfavourable ({column.section} negative = {render_value(alone[:1])}), which stand for no "
        f"value ([data] missing) and the rows of which are left out ({column.section} drop)",
        setting=column.setting,
    )


def _best(same: Sequence[str], positive: str) -> str:
    return positive if positive in same else min(same, key=lambda one: (len(one), one))


def render_spelling(column: str, best: str, same: Sequence[str]) -> str:
    """Return the setting by which values are read as the best of them, as TOML on one line."""
    others = [one for one in same if one != best]
    return (
        f"[data.spellings] {render_key(column)} = {{ {render_key(best)} = {render_value(others)} }}"
    )


def tabulate_classes(values: Mapping[str, int], name: str) -> tuple[str, ...]:
    """Return the target's classes as texts, sorted. values: rows by value. Raises InputError for
    one, for too many, and for classes that differ only in how they are written."""
    if len(values) < 2:
        raise InputError(f"target {name!r} has only one value: {one_of(values)}")
    if len(values) > _MAX_CLASSES:
        raise InputError(
            f"target {name!r} has over {_MAX_CLASSES} different values; "
            'is this a regression? Then use task = "regression"'
        )
    check_spelled_alike(values, f"target {name!r}", name)
    return tuple(sorted(values))


def check_spelled_alike(values: Mapping[str, int], title: str, name: str) -> None:
    """Raise InputError for classes that differ only in how they are written."""
    for same in find_similar(values):
        if all(read_number(value) is not None for value in same):
            continue  # codes such as 1.1 and 1.10
        best = _best(same, "")
        raise InputError(
            f"{title} has classes that differ only by case, blanks or a final dot: "
            f"{show_counts({one: values[one] for one in same})}; fix the data, or "
            f"declare {render_spelling(name, best, same)}"
        )
