"""Findings that the card and the dashboard say in the same words."""

from __future__ import annotations

from audits.core.format import MINUS, format_interval, format_value, plain_text
from audits.core.measurement import Measurement

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


def _say_gap(item: Measurement) -> str:
    """Return "12.4 points less"."""
    assert item.estimate is not None
    size = format_value(item.estimate.value, item.unit).removeprefix(MINUS)
    return f"{size} {'less' if item.estimate.value < 0 else 'more'}"
