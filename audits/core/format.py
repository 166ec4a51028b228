"""How numbers are written for people. The one place that decides it.

Three significant digits: shares as "36.2%", their differences as "−16.4 points" (percentage
points), ratios and scores as "0.781", quantities in the target's unit with as many decimals as
help. Minus is U+2212, thousands have a comma, there is no negative zero, and a value that is
not zero is never written as zero.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from audits.core.report.estimate import EXACT, Estimate, Unavailable
from audits.core.report.measurement import Unit

MINUS = "−"
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)  # not strftime, which follows the machine's language
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUFFIX = {"share": "%", "points": " points", "seconds": " s"}


def format_value(value: float, unit: Unit) -> str:
    """Return one value with its unit."""
    suffix = _SUFFIX.get(unit, "")
    if unit in ("share", "points"):
        return _mend(_format_percent(value), suffix)
    if unit == "count":
        return _mend(f"{value:,.0f}" if value == round(value) else f"{value:,.1f}")
    if unit == "columns":
        return _mend(f"{value:.2f}")
    if unit in ("target", "seconds"):
        return _mend(_format_quantity(value), suffix)
    return _mend(_format_decimal(value))


def format_range(low: float, high: float, unit: Unit) -> str:
    """Return "34.1% to 38.3%"; units that are words are left to the value beside it."""
    suffix = _SUFFIX.get(unit, "")
    ends = [format_value(low, unit), format_value(high, unit)]
    if suffix.startswith(" "):
        ends = [end.removesuffix(suffix) for end in ends]
    return " to ".join(ends)


def format_interval(estimate: Estimate, unit: Unit) -> str:
    """Return "95% interval 34.1% to 38.3%", or "" for an exact fact."""
    if estimate.method == EXACT:
        return ""
    level = f"{estimate.confidence * 100:.3g}%"
    return f"{level} interval {format_range(estimate.low, estimate.high, unit)}"


def format_precise(value: float) -> str:
    """Return a value as stored, to six significant digits, without unit or thousands."""
    text = f"{value:.6g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return _mend(text)


def format_count(value: int) -> str:
    """Return a whole number with thousands separators."""
    return f"{value:,}".replace("-", MINUS)


def format_p(p_value: float) -> str:
    """Return "p = 0.012" or "p < 0.001"."""
    return "p < 0.001" if p_value < 0.0005 else f"p = {p_value:.3f}"


def format_test(p_value: float, adjusted_for: int | None) -> str:
    """Return a p-value that says whether it is adjusted: "p = 0.012, adjusted" where other
    comparisons were counted with it, "p = 0.012 alone" where none were."""
    return format_p(p_value) + (" alone" if adjusted_for is None else ", adjusted")


def format_time(stamp: str) -> str:
    """Return an ISO time as "23 November 2026, 22:15 UTC"; anything else as it is."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return plain_text(stamp)
    zone = "" if moment.tzinfo is None else f" {moment.tzname()}"
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment:%Y, %H:%M}{zone}"


def format_reason(unavailable: Unavailable) -> str:
    """Return why there is no number, in place of the number."""
    return f"not measured: {plain_text(unavailable.reason)}"


def plain_text(text: str) -> str:
    """Return text on one line, with nothing in it that hides or reorders what is shown.

    White space becomes a space; control characters and the marks that turn the direction of
    writing become U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return "".join(_visible(letter) for letter in text).strip()


def _visible(letter: str) -> str:
    if letter.isspace():
        return " "
    turns = letter in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
    return "\ufffd" if turns or unicodedata.category(letter) in ("Cc", "Cs") else letter


def _format_percent(value: float) -> str:
    percent = value * 100
    size = abs(percent)
    if percent == round(percent) and size in (0, 100):
        return f"{percent:.0f}"
    if size < 0.05:
        return "<0.01" if size < 0.005 else f"{percent:.2f}"
    if size < 100 <= round(size, 1):
        return ">99.99" if round(size, 2) >= 100 else f"{percent:.2f}"
    return f"{percent:.1f}"


def _format_decimal(value: float) -> str:
    if 0 < abs(value) < 0.0005:
        return _format_scientific(value)
    return f"{value:,.3f}"


def _format_quantity(value: float) -> str:
    size = abs(value)
    if size < 1:
        return _format_decimal(value)
    return f"{value:,.{max(0, 3 - len(str(int(size))))}f}"


def _format_scientific(value: float) -> str:
    # Python's own rounding: powers of ten computed here would be zero for the smallest floats.
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def _mend(text: str, suffix: str = "") -> str:
    """Drop the sign of a zero, write a real minus, add the unit."""
    if text.startswith("-") and not text.strip("-0.,"):
        text = text[1:]
    return text.replace("-", MINUS) + suffix


def lower(title: str) -> str:
    """Return a title for the middle of a sentence; abbreviations keep their capitals."""
    first = title.split(" ", maxsplit=1)[0]
    return title if first.isupper() and len(first) > 1 else title[:1].lower() + title[1:]


def list_words(words: list[str], limit: int = 4) -> str:
    """Return "a, b and c", or "a, b and others" beyond the limit."""
    shown = [*words[:limit], "others"] if len(words) > limit else words
    if len(shown) < 2:
        return "".join(shown)
    return ", ".join(shown[:-1]) + " and " + shown[-1]
