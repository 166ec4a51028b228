"""The model card as a tree: sections of blocks, whose every number refers to a measurement.

Nothing here formats, computes or renders. `build` makes a card, `render` writes it, `verify`
checks it against a report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from audits.core.report.verdict import Status


class Form(StrEnum):
    """How much of a measurement is shown beside its value."""

    VALUE = "value"
    """The value alone: "36.2%"."""
    INTERVAL = "interval"
    """With its interval, for table cells whose caption says "95%": "36.2% (34.1% to 38.3%)"."""
    TEST = "test"
    """With interval and p-value: "−16.4 points (−18.2 to −14.6; p < 0.001)"."""
    FULL = "full"
    """All of it, for prose: "36.2% (95% interval 34.1% to 38.3%, n = 5,421)"."""
    PRECISE = "precise"
    """As stored, to six significant digits: "0.361923 (0.341112 to 0.383004)"."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words. `code` marks an identifier (a file, a digest, a measurement's id)."""

    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A reference to a measurement, with the words that stand for it on the page.

    `text` is the value ("36.2%") or why there is none ("not measured: ..."), `detail` what
    `form` adds to it, "" if nothing. `value`, `low` and `high` are the measurement's own, in
    its own unit; all None where it is unavailable. `low` and `high` are None for exact facts.
    """

    measurement_id: str
    form: Form
    text: str
    detail: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def display(self) -> str:
        """Everything that is shown, on one line."""
        return f"{self.text} {self.detail}" if self.detail else self.text


@dataclass(frozen=True, slots=True)
class Fact:
    """A field of the report that no check measured, e.g. `subject.data.rows`, as shown."""

    path: str
    text: str
    code: bool = False


Inline = Text | Number | Fact
Line = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. `note` marks an aside that explains how to read what stands beside it."""

    line: Line
    note: bool = False

    def inlines(self) -> Iterator[Inline]:
        """Yield the pieces in reading order."""
        yield from self.line


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences, most important first."""

    items: tuple[Line, ...]

    def inlines(self) -> Iterator[Inline]:
        """Yield the pieces in reading order."""
        for item in self.items:
            yield from item


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names and what they are: a description list."""

    rows: tuple[tuple[str, Line], ...]

    def inlines(self) -> Iterator[Inline]:
        """Yield the pieces in reading order."""
        for _, line in self.rows:
            yield from line


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline number: what it is, the number, and what it means."""

    label: str
    number: Number
    meaning: str


@dataclass(frozen=True, slots=True)
class Tiles:
    """The few numbers that a reader wants first."""

    tiles: tuple[Tile, ...]

    def inlines(self) -> Iterator[Inline]:
        """Yield the pieces in reading order."""
        for tile in self.tiles:
            yield tile.number


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names its rows.

    `bars` is a column of numbers to draw as well as print, as bars that start at `origin`: the
    value that means "nothing" (0 for a share or a difference, 1 for a ratio).
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Inline, ...], ...]
    bars: int | None = None
    origin: float = 0.0

    def inlines(self) -> Iterator[Inline]:
        """Yield the pieces in reading order."""
        for row in self.rows:
            yield from row


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """What the policy concluded from one measurement. `limit` is "" where the rule has none."""

    status: Status
    sentence: str
    rule: str
    number: Number
    limit: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The policy's verdicts, worst first."""

    lines: tuple[VerdictLine, ...]

    def inlines(self) -> Iterator[Inline]:
        """Yield the pieces in reading order."""
        for line in self.lines:
            yield line.number


@dataclass(frozen=True, slots=True)
class Outcome:
    """The audit's end in one sentence. `status` is the worst verdict's, None without verdicts."""

    status: Status | None
    sentence: str

    def inlines(self) -> Iterator[Inline]:
        """Yield nothing: the sentence counts verdicts, which the card lists."""
        yield from ()


@dataclass(frozen=True, slots=True)
class HumanText:
    """What only people can say. `text` is None where nobody has said it: never invented."""

    key: str
    prompt: str
    text: str | None

    def inlines(self) -> Iterator[Inline]:
        """Yield nothing: people's words hold no measurement."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A measurement in the register; texts are "" where the measurement has none."""

    number: Number
    rows: str
    method: str
    p_value: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """Every measurement that the card shows, in the order of first appearance."""

    entries: tuple[Entry, ...]

    def inlines(self) -> Iterator[Inline]:
        """Yield the pieces in reading order."""
        for entry in self.entries:
            yield entry.number


Block = Paragraph | Bullets | Pairs | Tiles | Table | Outcome | Verdicts | HumanText | Register


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the card. `human` marks sections that people own and a rebuild never writes."""

    key: str
    title: str
    blocks: tuple[Block, ...] = ()
    children: tuple[Section, ...] = ()
    intro: str = ""
    human: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A card of one report, named by its run and the sha256 of its canonical text. kind: what it
    is the card of, "Model card" or "Card of decisions"."""

    title: str
    run: str
    created: str
    report_sha256: str
    sections: tuple[Section, ...]
    kind: str = "Model card"


def walk_sections(card: Card) -> Iterator[Section]:
    """Yield every section, parents before children, in reading order."""
    stack = list(reversed(card.sections))
    while stack:
        section = stack.pop()
        yield section
        stack.extend(reversed(section.children))


def walk_inlines(card: Card) -> Iterator[tuple[Section, Inline]]:
    """Yield every text, number and fact with its section, in reading order."""
    for section in walk_sections(card):
        for block in section.blocks:
            for inline in block.inlines():
                yield section, inline


def number_ordinals(card: Card) -> dict[str, int]:
    """Return each shown measurement's place in the register, from 1, by first appearance."""
    ids = dict.fromkeys(
        inline.measurement_id for _, inline in walk_inlines(card) if isinstance(inline, Number)
    )
    return {name: place for place, name in enumerate(ids, start=1)}


def incomplete_sections(card: Card) -> tuple[str, ...]:
    """Return the titles of the sections that people have not written yet."""
    return tuple(
        section.title
        for section in walk_sections(card)
        if any(isinstance(block, HumanText) and block.text is None for block in section.blocks)
    )
