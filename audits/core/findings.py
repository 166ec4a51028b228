"""Findings that the card and the dashboard say in the same words."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import MINUS, format_interval, format_range, format_value, plain_text
from audits.core.measurement import Measurement, is_sure

LEGITIMATE_NOTE = (
    "Whether a column is a good reason for a difference is for people to decide: a column that "
    "itself comes from unequal treatment explains nothing away."
)


def render_conditional(held: Measurement, plain: Measurement | None) -> str | None:
    """Return what remains of a gap in selection with columns held fixed, beside the plain gap.

    held: a `conditional_selection_rate_difference`; plain: the `selection_rate_difference` of the
    same groups. None where there is no number.
    """
    if held.estimate is None or held.slice is None:
        return None
    group, reference = (plain_text(name or "") for name in (held.group, held.reference_group))
    columns = plain_text(held.slice)
    sentence = (
        f"{columns[:1].upper()}{columns[1:]}, {group} is selected {_say_gap(held)} often than "
        f"{reference} ({format_interval(held.estimate, held.unit)})"
    )
    if plain is not None and plain.estimate is not None:
        sentence += f", against {_say_gap(plain)} often without"
    if held.estimate.low <= 0 <= held.estimate.high:
        return f"{sentence}; chance alone could explain what remains."
    return f"{sentence}."


FEATURE = "feature="
"""Before a column's name in `slice`: the number is of this column of the model."""
REASON = "reason="
"""Before a reason's words in `slice`."""


def render_gap(plain: Measurement, shares: Sequence[Measurement]) -> str | None:
    """Return which columns make a gap in selection, a sentence.

    plain: the `selection_rate_difference` of a group; shares: its `gap_share`s, one a column. None
    where there is no number.
    """
    known = [item for item in shares if item.estimate is not None and item.slice is not None]
    if plain.estimate is None or not known:
        return None
    group, reference = (plain_text(name or "") for name in (plain.group, plain.reference_group))
    whole = f"{group} is selected {_say_gap(plain)} often than {reference}"
    if plain.estimate.low <= 0 <= plain.estimate.high:
        return f"{whole}; chance alone could explain that, so no column is named."
    same_way = [item for item in known if (item.value or 0.0) * (plain.value or 0.0) > 0]
    named = [item for item in same_way if is_sure(item, len(known))]
    if not named:
        return f"{whole}, and no single column stands out as its reason."
    first = max(named, key=lambda item: abs(item.value or 0.0))
    assert first.estimate is not None
    column = plain_text((first.slice or "").removeprefix(FEATURE))
    size = format_value(abs(first.value or 0.0), first.unit)
    ends = sorted((abs(first.estimate.low), abs(first.estimate.high)))
    interval = f"95% interval {format_range(ends[0], ends[1], first.unit)}"
    rest = (plain.value or 0.0) - (first.value or 0.0)
    others = format_value(abs(rest), first.unit)
    way = "widen it by" if rest * (plain.value or 0.0) > 0 else "narrow it by"
    return f"{whole}. {column} makes {size} of that ({interval}); all others {way} {others}."


def _say_gap(item: Measurement) -> str:
    """Return "12.4 points less"."""
    assert item.estimate is not None
    size = format_value(item.estimate.value, item.unit).removeprefix(MINUS)
    return f"{size} {'less' if item.estimate.value < 0 else 'more'}"
