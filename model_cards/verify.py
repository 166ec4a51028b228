"""Whether a card still says what a report says: as a tree, as Markdown or as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from audits.core.errors import near_misses
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from model_cards.card import Card, Entry, Fact, Form, Number, Register, walk_inlines, walk_sections
from model_cards.numbers import (
    adjust_tests,
    compute_report_sha256,
    find_field,
    make_entry,
    make_fact,
    make_number,
)
from model_cards.render.markdown import render_entry

_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
_MARKDOWN_NUMBER = re.compile(
    r"\\."  # an escaped letter, and code, hold no link: names from the data end up there
    r"|(?P<fence>`+).*?(?<!`)(?P=fence)(?!`)"
    r"|\[(?P<text>(?:\\.|[^\]\\\n])*)\]\(#n(?P<place>\d+)\)"
)
_MARKDOWN_ENTRY = re.compile(r'^\| <a id="n(\d+)"></a>\d+ \| (`+)(.*?)(?<!`)\2(?!`) \|.*$', re.M)
_PICTURES = {0x2400 + code: code for code in range(32)}


@dataclass(frozen=True, slots=True)
class Problem:
    """One disagreement. `reference` is the measurement's id, the report's field, or ""."""

    reference: str
    message: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A number on a rendered card. `measurement_id` is "" where the reference leads nowhere."""

    measurement_id: str
    text: str


def verify_card(card: Card, report: AuditReport) -> list[Problem]:
    """Return where a card and a report disagree; an empty list means that the card holds.

    Every number must refer to a measurement of the report and show it as it is now, every fact
    a field, and the register must list each number shown.
    """
    problems = _verify_digest({card.report_sha256}, report)
    adjusted = adjust_tests(report.measurements)
    for _, inline in walk_inlines(card):
        if isinstance(inline, Number):
            problems += _verify_number(inline, report, adjusted)
        elif isinstance(inline, Fact):
            problems += _verify_fact(inline, report)
    entries = list(_list_entries(card))
    for entry in entries:
        known = report.by_id.get(entry.number.measurement_id)
        if known is not None and make_entry(known) != entry:
            problems.append(_differs(known.id, "its line in the register"))
    listed = {entry.number.measurement_id for entry in entries}
    shown = {item.measurement_id for _, item in walk_inlines(card) if isinstance(item, Number)}
    problems += [Problem(name, "shown but not in the register") for name in sorted(shown - listed)]
    return list(dict.fromkeys(problems))


def verify_text(text: str, report: AuditReport) -> list[Problem]:
    """Return where a rendered card (Markdown or HTML) and a report disagree.

    Finds a card of another run, a number edited by hand, a reference that leads nowhere and an
    entry of the register that was changed. People's own words are not judged.
    """
    problems = _verify_digest(set(_SHA256.findall(text)), report)
    numbers = find_numbers(text)
    if not numbers and report.measurements:
        problems.append(Problem("", "no number with a measurement was found in this text"))
    adjusted = adjust_tests(report.measurements)
    for shown in numbers:
        known = report.by_id.get(shown.measurement_id)
        if known is None:
            problems.append(_unknown(shown.measurement_id, report))
            continue
        told = (known, adjusted.get(known.id, known))
        if shown.text not in {make_number(one, form).display for one in told for form in Form}:
            problems.append(_differs(known.id, f"{shown.text!r}"))
    if not _is_html(text):
        problems += _verify_markdown_entries(text, report)
    else:
        problems += _verify_html_facts(text, report)
    return list(dict.fromkeys(problems))


def find_references(text: str) -> tuple[str, ...]:
    """Return the ids of the measurements that a rendered card refers to, each once, in order."""
    return tuple(dict.fromkeys(shown.measurement_id for shown in find_numbers(text)))


def find_numbers(text: str) -> list[Shown]:
    """Return the numbers of a rendered card, Markdown or HTML, in the order of the text."""
    if _is_html(text):
        parser = _DataParser()
        parser.feed(text)
        return parser.numbers
    ids = {place: name for place, name, _ in _find_entries(text)}
    found = _MARKDOWN_NUMBER.finditer(text)
    return [
        Shown(ids.get(hit["place"], ""), _unescape(hit["text"]))
        for hit in found
        if hit["place"] is not None
    ]


def _is_html(text: str) -> bool:
    return text.lstrip()[:15].casefold().startswith("<!doctype html")


def _verify_digest(digests: set[str], report: AuditReport) -> list[Problem]:
    if compute_report_sha256(report) in digests:
        return []
    return [Problem("", "the card was made from another report: its sha256 is not this one's")]


def _verify_number(
    number: Number, report: AuditReport, adjusted: Mapping[str, Measurement]
) -> list[Problem]:
    known = report.by_id.get(number.measurement_id)
    if known is None:
        return [_unknown(number.measurement_id, report)]
    told = (known, adjusted.get(known.id, known))
    if number not in [make_number(one, number.form) for one in told]:
        return [_differs(known.id, f"{number.display!r}")]
    return []


def _verify_fact(fact: Fact, report: AuditReport) -> list[Problem]:
    try:
        known = make_fact(report, fact.path, fact.code)
    except KeyError:
        return [Problem(fact.path, "the report has no such field")]
    return [] if known == fact else [_differs(fact.path, f"{fact.text!r}")]


def _list_entries(card: Card) -> list[Entry]:
    return [
        entry
        for section in walk_sections(card)
        for block in section.blocks
        if isinstance(block, Register)
        for entry in block.entries
    ]


def _unknown(name: str, report: AuditReport) -> Problem:
    if not name:
        return Problem("", "a number refers to no line of the register")
    return Problem(name, f"the report has no such measurement{near_misses(name, report.by_id)}")


def _differs(name: str, what: str) -> Problem:
    return Problem(name, f"the card shows {what}, which is not what the report says")


def _find_entries(text: str) -> list[tuple[str, str, str]]:
    """Return (place, measurement's id, whole line) of each entry in a Markdown register."""
    entries = []
    for hit in _MARKDOWN_ENTRY.finditer(text):
        name = hit.group(3)
        if len(name) > 1 and name[0] == name[-1] == " ":
            name = name[1:-1]
        entries.append((hit.group(1), name.replace("\\|", "|").translate(_PICTURES), hit.group()))
    return entries


def _verify_markdown_entries(text: str, report: AuditReport) -> list[Problem]:
    problems = []
    for place, name, line in _find_entries(text):
        known = report.by_id.get(name)
        if known is None:
            problems.append(_unknown(name, report))
        elif render_entry(make_entry(known), int(place)) != line.rstrip():
            problems.append(_differs(name, "its line in the register"))
    return problems


def _verify_html_facts(text: str, report: AuditReport) -> list[Problem]:
    parser = _DataParser()
    parser.feed(text)
    problems: list[Problem] = []
    for path, shown in parser.facts:
        try:
            find_field(report, path)
        except KeyError:
            problems.append(Problem(path, "the report has no such field"))
            continue
        if shown not in {make_fact(report, path, code).text for code in (False, True)}:
            problems.append(_differs(path, f"{shown!r}"))
    return problems


def _unescape(text: str) -> str:
    """Undo `escape_markdown` on the text of a link."""
    text = re.sub(r"\\([\\`*_\[\]|~$#+=.)-])", r"\1", text)
    for entity, letter in (("&#58;", ":"), ("&#46;", "."), ("&lt;", "<"), ("&gt;", ">")):
        text = text.replace(entity, letter)
    return text.replace("&amp;", "&")


class _DataParser(HTMLParser):
    """Collects the `<data>` elements that refer to a measurement or to a field, without the
    reference numbers (`<sup>`) inside."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.numbers: list[Shown] = []
        self.facts: list[tuple[str, str]] = []
        self._open: dict[str, str | None] | None = None
        self._text = ""
        self._aside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Start to collect at a `<data>`."""
        if tag == "data":
            self._open, self._text = dict(attrs), ""
        self._aside = tag == "sup" or (self._aside and tag == "a")

    def handle_data(self, data: str) -> None:
        """Collect what the element shows."""
        if self._open is not None and not self._aside:
            self._text += data.replace("\u00a0", " ")

    def handle_endtag(self, tag: str) -> None:
        """Keep what was collected."""
        self._aside = self._aside and tag != "sup"
        if tag != "data" or self._open is None:
            return
        measurement, path = self._open.get("data-measurement"), self._open.get("data-field")
        if measurement is not None:
            self.numbers.append(Shown(measurement, self._text))
        elif path is not None:
            self.facts.append((path, self._text))
        self._open = None
