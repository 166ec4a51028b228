"""Values as people write them: which differ only in how they are written, and what is declared to
be the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from audits.data.preview.guess import MAYBE_MISSING, SURE_MISSING
from audits.data.sql import literal, quote

_CODES_OF_MISSING = {"9", "99", "999", "9999", "-9", "-99", "-999", "-9999"}


def fold(text: str) -> str:
    """Return what is left of a value without case, blanks at its ends, doubled ones and a final
    dot; of a number, its value, however it is written."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split()).casefold().rstrip(".")
    plain = plain.rstrip()
    return read_number(plain) or plain


def read_number(text: str) -> str | None:
    """Return a finite number's value as one text for all ways to write it, else None."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > 400:
        return None
    return f"{number.normalize():f}" if number else "0"


def find_similar(values: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the values that differ only in how they are written (see `fold`), together."""
    found: dict[str, list[str]] = {}
    for value in values:
        found.setdefault(fold(value), []).append(value)
    return tuple(tuple(sorted(same)) for same in found.values() if len(same) > 1)


def looks_missing(value: str) -> bool:
    """Whether a value may stand for "no value": "N/A", "unknown", 9, -99."""
    plain = " ".join(value.split()).casefold()
    return plain in (*SURE_MISSING, *MAYBE_MISSING, "") or read_number(plain) in _CODES_OF_MISSING


def render_spelled(name: str, spellings: Mapping[str, Sequence[str]], text: str = "") -> str:
    """Return SQL for a column's text, other spellings replaced by the value that they stand for.

    text: SQL for its text where that is not the column itself.
    """
    text = text or f"CAST({quote(name)} AS VARCHAR)"
    arms = " ".join(
        f"WHEN {literal(other)} THEN {literal(value)}"
        for value, others in spellings.items()
        for other in others
    )
    return f"CASE {text} {arms} ELSE {text} END" if arms else text
