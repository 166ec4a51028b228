"""Whether a published Local Law 144 summary agrees with itself: every number from its counts,
every total from its parts. It warns; it never says that a summary passes or fails, for the law
has no pass mark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from audits.core.format import format_count, format_value, list_words, plain_text
from audits.rules.local_law_144 import Kind
from audits.rules.published import RATES as RATE_COLUMNS, RATIO, TABLES, Line, Printed, Published
from audits.rules.rounding import render_decimal, round_half_up, truncate

SMALL = Fraction(2, 100)
"""Only a category under 2% of the data may be left out of the ratios (6 RCNY 5-301(d))."""

CHOSEN: dict[Kind, str] = {"selection": "selected", "scoring": "above the median"}


@dataclass(frozen=True, slots=True)
class Misprint:
    """A printed number that its counts do not give. note: what it looks like, or ""."""

    table: str
    category: str
    column: str
    printed: str
    recomputed: str
    note: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a category were chosen: as given, or as the printed rate allows.

    low and high differ where several whole numbers round to the printed rate.
    """

    category: str
    low: int
    high: int
    derived: bool


@dataclass(frozen=True, slots=True)
class Review:
    """What was found. checked: how many printed numbers were recomputed. misprints: those that
    do not come out. disagreements: sentences on tables that contradict each other or the rule.
    remarks: what a reader should know, without anything being wrong. counts: by table."""

    kind: Kind
    checked: int
    misprints: tuple[Misprint, ...]
    disagreements: tuple[str, ...]
    remarks: tuple[str, ...]
    counts: dict[str, tuple[Count, ...]]


def review_published(published: Published) -> Review:
    """Recompute every printed rate and ratio, and reconcile the tables."""
    counts = {name: tuple(map(_count, published.table(name))) for name in TABLES}
    misprints: list[Misprint] = []
    disagreements = [
        f"There is no table by {_say_table(name)}; the rule asks for sex, race or ethnicity, both."
        for name in TABLES
        if not counts[name]
    ]
    checked = 0
    for name in TABLES:
        lines = published.table(name)
        misprints += _check_table(published.kind, lines, counts[name])
        checked += sum((line.rate is not None) + (line.ratio is not None) for line in lines)
        disagreements += _check_gaps(lines)
    disagreements += _reconcile(published, counts)
    remarks = list(_remark(published, counts))
    return Review(
        published.kind, checked, tuple(misprints), tuple(disagreements), tuple(remarks), counts
    )


def _count(line: Line) -> Count:
    """Return how many of a category were chosen; without a count, what the rate allows: the
    numbers that round to it, else those that it cuts off, else the nearest."""
    if line.chosen is not None:
        return Count(line.category, line.chosen, line.chosen, False)
    if line.rate is None:
        return Count(line.category, 0, line.applicants, True)
    step = Fraction(1, 10**line.rate.digits) / (100 if line.rate.percent else 1)
    value, n = line.rate.value, line.applicants
    for start in (value - step / 2, value):  # half up, then cut off
        low = max(_ceil(start * n), 0)
        high = min(_ceil((start + step) * n) - 1, n)
        if low <= high:
            return Count(line.category, low, high, True)
    nearest = min(int(round_half_up(value * n, 0)), n)
    return Count(line.category, nearest, nearest, True)


def _ceil(value: Fraction) -> int:
    return -((-value.numerator) // value.denominator)


def _check_table(kind: Kind, lines: Sequence[Line], counts: Sequence[Count]) -> Iterator[Misprint]:
    counted = [
        (line, count) for line, count in zip(lines, counts, strict=True) if line.applicants > 0
    ]
    rated = [(line, count) for line, count in counted if line.ratio is not None]
    best = max(
        rated, key=lambda pair: Fraction(pair[1].low + pair[1].high, 2 * pair[0].applicants),
        default=None,
    )  # fmt: skip
    for line, count in counted:
        rates = (Fraction(count.low, line.applicants), Fraction(count.high, line.applicants))
        if line.rate is not None:
            yield from _check_cell(line, RATE_COLUMNS[kind], line.rate, rates)
        if line.ratio is None or best is None:
            continue
        if best[1].high == 0:
            reason = "undefined: the highest rate is zero"
            yield Misprint(line.table, line.category, RATIO, line.ratio.text, reason, "")
            continue
        ratios = _bound_ratio(line, rates, best)
        yield from _check_cell(line, RATIO, line.ratio, ratios, _from_rounded(line, best[0]))


def _bound_ratio(
    line: Line, rates: tuple[Fraction, Fraction], best: tuple[Line, Count]
) -> tuple[Fraction, Fraction]:
    """Return the least and the greatest ratio that the counts allow."""
    if line is best[0]:
        return Fraction(1), Fraction(1)
    low, high = (Fraction(k, best[0].applicants) for k in (best[1].low, best[1].high))
    return rates[0] / high, rates[1] / (low or high)


def _from_rounded(line: Line, best: Line) -> Fraction | None:
    """Return the ratio that the printed, rounded rates give."""
    if line.rate is None or best.rate is None or best.rate.value == 0:
        return None
    return line.rate.value / best.rate.value


def _check_cell(
    line: Line,
    column: str,
    printed: Printed,
    bounds: tuple[Fraction, Fraction],
    from_rounded: Fraction | None = None,
) -> Iterator[Misprint]:
    """Yield a misprint where no value within `bounds` is printed so."""
    scale = 100 if printed.percent else 1
    low, high = (round_half_up(bound * scale, printed.digits) for bound in bounds)
    shown = round_half_up(printed.value * scale, printed.digits)
    if low <= shown <= high:
        return
    note = ""
    if truncate(bounds[0] * scale, printed.digits) == shown:
        note = "looks cut off where it should be rounded"
    elif from_rounded is not None and round_half_up(from_rounded * scale, printed.digits) == shown:
        note = "looks made from rounded rates"
    sign = "%" if printed.percent else ""
    ends = dict.fromkeys(f"{render_decimal(end)}{sign}" for end in (low, high))
    yield Misprint(line.table, line.category, column, printed.text, " to ".join(ends), note)


def _check_gaps(lines: Sequence[Line]) -> Iterator[str]:
    """Yield what a table leaves out and may not."""
    people = sum(line.applicants for line in lines)
    for line in lines:
        if not line.applicants:
            continue
        name = _say_category(line)
        if line.rate is None:
            yield f"{name} has no rate."
        share = Fraction(line.applicants, people)
        if line.ratio is None and share >= SMALL:
            yield (
                f"{name} has no impact ratio, though it is {format_value(float(share), 'share')} "
                "of the applicants: only a category under 2% may be left out (6 RCNY 5-301(d))."
            )


def _reconcile(published: Published, counts: dict[str, tuple[Count, ...]]) -> Iterator[str]:
    """Yield where the three tables do not add up to the same people."""
    present = [name for name in TABLES if counts[name]]
    people = {name: sum(line.applicants for line in published.table(name)) for name in present}
    word = CHOSEN[published.kind]
    if len(set(people.values())) > 1:
        listed = [f"{format_count(n)} by {_say_table(name)}" for name, n in people.items()]
        yield f"The applicants add up to {list_words(listed)}."
    chosen = {name: _add(counts[name]) for name in present}
    if max((low for low, _ in chosen.values()), default=0) > min(
        (high for _, high in chosen.values()), default=0
    ):
        listed = [f"{_say_range(*n)} by {_say_table(name)}" for name, n in chosen.items()]
        yield f"Those {word} add up to {list_words(listed)}."
    if "intersectional" in present:
        for name in ("sex", "race"):
            yield from _reconcile_parts(published, counts, name)


def _reconcile_parts(
    published: Published, counts: dict[str, tuple[Count, ...]], name: str
) -> Iterator[str]:
    """Yield the categories of one table that are not the sum of their intersections."""
    crossed = list(zip(published.table("intersectional"), counts["intersectional"], strict=True))
    for line, own in zip(published.table(name), counts[name], strict=True):
        parts = [(other, count) for other, count in crossed if line.category in other.parts]
        if not parts:
            yield f"{_say_category(line)} is in no intersectional category."
            continue
        people = sum(other.applicants for other, _ in parts)
        low, high = _add([count for _, count in parts])
        if people == line.applicants and low <= own.high and own.low <= high:
            continue
        word = CHOSEN[published.kind]
        instead = ""
        if low == high and people:
            instead = f", a rate of {format_value(low / people, 'share')}"
        yield (
            f"{_say_category(line)} has {format_count(line.applicants)} applicants and "
            f"{_say_range(own.low, own.high)} {word}; its intersectional categories add up to "
            f"{format_count(people)} and {_say_range(low, high)}{instead}."
        )


def _add(counts: Sequence[Count]) -> tuple[int, int]:
    return sum(count.low for count in counts), sum(count.high for count in counts)


def _remark(published: Published, counts: dict[str, tuple[Count, ...]]) -> Iterator[str]:
    derived = [count for table in counts.values() for count in table if count.derived]
    if derived:
        open_ = sum(count.low < count.high for count in derived)
        yield (
            f"{format_count(len(derived))} categories have no count of those "
            f"{CHOSEN[published.kind]}: the whole number that gives the printed rate stands in"
            + (f", of which {format_count(open_)} allow several numbers." if open_ else ".")
        )
    if published.unknown is None:
        yield (
            "The number of people of unknown category is not in the file; the rule asks for it "
            "to be published."
        )


def _say_range(low: int, high: int) -> str:
    return format_count(low) if low == high else f"{format_count(low)} to {format_count(high)}"


def _say_table(name: str) -> str:
    return {"sex": "sex", "race": "race or ethnicity", "intersectional": "both together"}[name]


def _say_category(line: Line) -> str:
    return f"{plain_text(line.category)} (table by {_say_table(line.table)})"
