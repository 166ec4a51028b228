"""A published Local Law 144 summary as a CSV file: what it says, not whether it is right."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from audits.core.errors import InputError, near_misses, one_of
from audits.rules.local_law_144 import Kind

TABLES = ("sex", "race", "intersectional")
UNKNOWN_TABLE = "unknown"
"""A line for those of unknown category: a number of applicants, and nothing else."""

COUNTS: dict[Kind, str] = {"selection": "n_selected", "scoring": "n_above_median"}
RATES: dict[Kind, str] = {"selection": "published_rate", "scoring": "published_scoring_rate"}
RATIO = "published_impact_ratio"
SEPARATOR = "|"
"""Between the two parts of an intersectional category: "Male|White"."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that starts so for a formula; ours put an apostrophe before it."""

_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?\s*(%?)")
_DIGITS = 30  # more than any printed number has; keeps hostile files cheap


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as printed: its value (0.48 for "48%") and how many decimals it has."""

    text: str
    value: Fraction
    digits: int
    percent: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One category as published. chosen: selected or above the median, None where not given.
    number: its line in the file."""

    table: str
    category: str
    applicants: int
    chosen: int | None
    rate: Printed | None
    ratio: Printed | None
    number: int

    @property
    def parts(self) -> tuple[str, ...]:
        """The category's sex, its race, or both."""
        return tuple(part.strip() for part in self.category.split(SEPARATOR))


@dataclass(frozen=True, slots=True)
class Published:
    """A published summary. unknown is None where the file does not say."""

    kind: Kind
    lines: tuple[Line, ...]
    unknown: int | None

    def table(self, name: str) -> tuple[Line, ...]:
        """Return the lines of one table, in the file's order."""
        return tuple(line for line in self.lines if line.table == name)


def parse_published(text: str, name: str) -> Published:
    """Read the CSV `text`. name: what the file is called in errors.

    Columns: table, category, n_applicants, then n_selected, published_rate or
    (n_above_median,) published_scoring_rate, then published_impact_ratio. Raises InputError
    with the line and the value for whatever cannot be read.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        kind = _find_kind(reader.fieldnames or (), name)
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"{name} is not a CSV file: {error}") from error
    lines: list[Line] = []
    unknown: int | None = None
    for number, row in rows:
        place = f"{name}, line {number}"
        if None in row or None in row.values():
            raise InputError(f"{place}: has another number of cells than the heading")
        table = row["table"].strip()
        if table == UNKNOWN_TABLE:
            unknown = (unknown or 0) + _parse_count(row, "n_applicants", place)
            continue
        lines.append(_parse_line(row, kind, table, number, place))
    if not lines:
        raise InputError(f"{name} has no rows")
    seen: set[tuple[str, str]] = set()
    for line in lines:
        if (line.table, line.category) in seen:
            raise InputError(
                f"{name}, line {line.number}: {line.category!r} is in table {line.table!r} twice"
            )
        seen.add((line.table, line.category))
    return Published(kind, tuple(lines), unknown)


def _find_kind(found: Iterable[str], name: str) -> Kind:
    columns = list(found)
    kind: Kind = "scoring" if RATES["scoring"] in columns else "selection"
    needed = ["table", "category", "n_applicants", RATES[kind], RATIO]
    if kind == "selection":
        needed.insert(3, COUNTS[kind])
    for column in needed:
        if column not in columns:
            hint = near_misses(column, columns)
            raise InputError(
                f"{name} has no column {column!r}{hint} (needed: {', '.join(needed)}; for "
                f"scores {RATES['scoring']} takes the place of n_selected and published_rate)"
            )
    return kind


def _parse_line(row: dict[str, str], kind: Kind, table: str, number: int, place: str) -> Line:
    if table not in TABLES:
        allowed = one_of((*TABLES, UNKNOWN_TABLE))
        raise InputError(f"{place}: table {table!r} is unknown (allowed: {allowed})")
    category = restore(row["category"].strip())
    if not category:
        raise InputError(f"{place}: the category is empty")
    if (table == "intersectional") != (category.count(SEPARATOR) == 1):
        raise InputError(
            f"{place}: category {category!r} does not fit table {table!r} (an intersectional one "
            f"is written SEX{SEPARATOR}RACE, the others without {SEPARATOR!r})"
        )
    applicants = _parse_count(row, "n_applicants", place)
    chosen = None
    if row.get(COUNTS[kind], "").strip():
        chosen = _parse_count(row, COUNTS[kind], place)
        if chosen > applicants:
            raise InputError(
                f"{place}: {COUNTS[kind]} {chosen} is more than n_applicants {applicants}"
            )
    elif kind == "selection":
        raise InputError(f"{place}: {COUNTS[kind]} is empty; give the number of people selected")
    return Line(
        table, category, applicants, chosen, _parse_printed(row, RATES[kind], place),
        _parse_printed(row, RATIO, place), number,
    )  # fmt: skip


def _parse_count(row: dict[str, str], column: str, place: str) -> int:
    text = row[column].strip().replace(",", "")
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise InputError(f"{place}: {column} {row[column]!r} is not a whole number of at least 0")
    return int(text)


def _parse_printed(row: dict[str, str], column: str, place: str) -> Printed | None:
    text = row[column].strip()
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    if found is None or len(text) > _DIGITS or not text.isascii():
        raise InputError(f"{place}: {column} {text!r} is not a number such as 43.9% or 0.84")
    decimals = found[2] or ""
    percent = bool(found[3])
    value = Fraction(int(found[1] + decimals), 10 ** len(decimals))
    if percent:
        value /= 100
    return Printed(text, value, len(decimals), percent)


def neutralise(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(FORMULA) else name


def restore(name: str) -> str:
    """Return a name as it was before `neutralise`."""
    return name[1:] if name.startswith("'") and name[1:].startswith(FORMULA) else name
