"""How a CSV file is written: its delimiter, quotes, and where its header is.

What is taken is proven by the file's beginning: every line has as many fields as the header. Where
two readings fit, or none does, a message says what to declare or which line is at fault.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from audits.core.errors import InputError
from audits.data.sql import RESERVED

DELIMITERS = (",", ";", "\t", "|")
HEAD_BYTES = 1 << 18
"""So much of a file is looked at for how it is written; more where not even two lines fit."""

_RECORDS = 500
_MAX_SKIPPED = 20
_SHOWN = {"\t": '"\\t" (tab)'}


class QuotesError(ValueError):
    """A record that begins in `line` has quotes that never close, or are followed by more text
    (`closed`)."""

    def __init__(self, line: int, *, closed: bool) -> None:
        super().__init__(line)
        self.line = line
        self.closed = closed


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. escape: what stands before a quote inside quotes. skip: lines before
    the header, of which `left_out` are those that hold something. names: the header's fields."""

    delimiter: str
    quote: str
    escape: str
    skip: int
    left_out: tuple[str, ...]
    names: tuple[str, ...]

    def read(self, lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
        """Yield every record after the skipped lines, with the number of the line it begins in.
        Raises QuotesError where quotes are not closed, or go on after they are."""
        for _ in range(self.skip):
            next(lines, None)
        reader = csv.reader(
            lines, delimiter=self.delimiter, quotechar=self.quote, skipinitialspace=True,
            doublequote=self.escape == self.quote, strict=True,
            escapechar=None if self.escape == self.quote else self.escape,
        )  # fmt: skip
        begin = self.skip + 1
        try:
            for record in reader:
                if record:
                    yield begin, record
                begin = self.skip + reader.line_num + 1
        except csv.Error as error:
            raise QuotesError(begin, closed="expected after" in str(error)) from error


def find_dialect(head: str, *, whole: bool, delimiter: str | None, where: str) -> Dialect:
    """Return how a file is written. head: its first lines; whole: whether that is all of it.

    delimiter: the declared one. where: what a message calls the file. Raises InputError where
    two delimiters fit, or the header has a name that the audit keeps for itself.
    """
    lines = split_lines(head)
    blank = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if not whole and len(lines) > blank + 2:
        lines = lines[:-1]  # the last one may be cut off
    candidates = DELIMITERS if delimiter is None else (delimiter,)
    found = _find_proven(lines, blank, candidates, where) or _find_likely(lines, blank, candidates)
    if (bad := next((name for name in found.names if RESERVED in name), None)) is not None:
        raise InputError(
            f"{where}: the column name {bad!r} holds U+E000, a character that Assay keeps for its "
            "own columns; rename it"
        )
    return found


def split_lines(text: str) -> list[str]:
    """Return lines with their ends, which are "\\n", "\\r" or both and nothing else."""
    return list(io.StringIO(text, newline=""))


def _quotings(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield '"', '"'
    if any('\\"' in line for line in lines):
        yield '"', "\\"
    if any("'" in line for line in lines):
        yield "'", "'"


def _count_fields(lines: Sequence[str], dialect: Dialect) -> list[int]:
    counts = []
    try:
        for _, record in dialect.read(iter(lines)):
            counts.append(len(record))
            if len(counts) == _RECORDS:
                break
    except QuotesError:
        counts.append(-1)
    return counts


def _find_proven(
    lines: Sequence[str], blank: int, candidates: Sequence[str], where: str
) -> Dialect | None:
    """Return the only dialect in which all lines have the header's number of fields, at least 2."""
    for skip in range(blank, min(blank + 1 + _MAX_SKIPPED, len(lines))):
        if not lines[skip].strip():
            continue
        for quote, escape in _quotings(lines):
            fitting = []
            for delimiter in candidates:
                dialect = Dialect(delimiter, quote, escape, skip, (), ())
                counts = _count_fields(lines, dialect)
                if len(set(counts)) == 1 and counts[0] > 1 and _may_skip(lines, dialect, counts):
                    fitting.append(dialect)
            if len(fitting) > 1:
                both = " and ".join(_SHOWN.get(d.delimiter, repr(d.delimiter)) for d in fitting)
                raise InputError(
                    f"{where} can be read with the delimiters {both}; declare one under [data]: "
                    f'delimiter = "{fitting[0].delimiter}"',
                    setting="data.delimiter",
                )
            if fitting:
                return _with_header(lines, fitting[0])
    return None


def _may_skip(lines: Sequence[str], dialect: Dialect, counts: Sequence[int]) -> bool:
    """Whether the lines above are a title: one field each, above a table of at least three
    columns and lines (a header one name short is no title), or remarks after "#"."""
    above = [line for line in lines[: dialect.skip] if line.strip()]
    if all(line.lstrip().startswith("#") for line in above):
        return True
    wide = counts[0] > 2 and len(counts) > 2
    return wide and all(dialect.delimiter not in line for line in above)


def _find_likely(lines: Sequence[str], blank: int, candidates: Sequence[str]) -> Dialect:
    """Return the dialect in which most lines agree with the header, whose faults are told when the
    file is read; with one column where no delimiter is in the header."""
    best = Dialect(candidates[0], '"', '"', blank, (), ())
    most = 0.0
    for quote, escape in _quotings(lines):
        for delimiter in candidates:
            dialect = Dialect(delimiter, quote, escape, blank, (), ())
            counts = _count_fields(lines, dialect)
            if counts and counts[0] > 1:
                agreeing = (1 + counts.count(counts[0])) / len(counts)
                if agreeing > most:
                    best, most = dialect, agreeing
    return _with_header(lines, best)


def _with_header(lines: Sequence[str], dialect: Dialect) -> Dialect:
    left_out = tuple(line.strip() for line in lines[: dialect.skip] if line.strip())
    try:
        _, header = next(dialect.read(iter(lines)), (0, []))
    except QuotesError:
        header = []
    names = tuple(name.strip() for name in header)
    return Dialect(dialect.delimiter, dialect.quote, dialect.escape, dialect.skip, left_out, names)


def make_names(header: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a name for every column, and the names that stand more than once in the header.

    A column without a name is called "column" and its place from 0; the second "a" is "a_1".
    """
    names: list[str] = []
    repeated = []
    for place, given in enumerate(header):
        name = given or f"column{place}"
        if name in names:
            repeated.append(name)
            numbered = (f"{name}_{n}" for n in count(1))
            name = next(free for free in numbered if free not in names and free not in header)
        names.append(name)
    return tuple(names), tuple(dict.fromkeys(repeated))


def looks_spaced(head: str) -> bool:
    """Whether the fields of a file seem to be parted by single blanks."""
    counts = [len(line.split()) for line in split_lines(head)[:_RECORDS] if line.strip()]
    return len(counts) > 1 and counts[0] > 1 and all(a == b for a, b in pairwise(counts))
