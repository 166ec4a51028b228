"""Findings that the card and the dashboard say in the same words."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import (
    MINUS,
    format_interval,
    format_p,
    format_range,
    format_value,
    plain_text,
)
from audits.core.report.measurement import Measurement, is_significant, measurement_id
from audits.core.report.report import AuditReport
from audits.core.words.words import list_words

LEGITIMATE_NOTE = (
    "Whether a column is a good reason for a difference is for people to decide: a column that "
    "itself comes from unequal treatment explains nothing away."
)
TOLD = 0.8
"""Columns are named until this part of a gap is told."""
MAX_NAMED = 3
"""Where as many columns do not tell it, the gap is spread over many."""


def render_conditional(held: Measurement, plain: Measurement | None) -> str | None:
    """Return what remains of a gap in selection with columns held fixed, beside the plain gap.

    held: a `conditional_selection_rate_difference`; plain: the `selection_rate_difference` of the
    same groups. None where there is no number.
    """
    if held.estimate is None or held.part is None:
        return None
    group, reference = (plain_text(name or "") for name in (held.group, held.reference_group))
    columns = plain_text(held.part_name)
    sentence = (
        f"{columns[:1].upper()}{columns[1:]}, {group} is selected {_say_gap(held)} often than "
        f"{reference} ({format_interval(held.estimate, held.unit)})"
    )
    if plain is not None and plain.estimate is not None:
        sentence += f", against {_say_gap(plain)} often without"
    if (doubt := render_doubt(held)) is not None:
        return f"{sentence}; what remains is {doubt}."
    return f"{sentence}."


def render_doubt(item: Measurement) -> str | None:
    """Return why a difference is no finding, words that follow "is"; None where it is one.

    That chance alone could explain it is said only where the test of this comparison alone says
    so, or its interval where there is no test.
    """
    estimate = item.estimate
    if estimate is None:
        return "not measured"
    includes = estimate.low <= 0 <= estimate.high
    if item.p_value is None:
        return "no more than chance alone could explain" if includes else None
    if item.p_value >= 1 - estimate.confidence:
        return f"no more than chance alone could explain ({format_p(item.p_value)})"
    return f"not sure ({format_p(item.p_value)}, but its interval holds 0)" if includes else None


def find_selection_gap(
    report: AuditReport, attribute: str | None, group: str | None, reference: str | None
) -> Measurement | None:
    """Return the gap in selection of a pair of groups: as the policy judges it where it does, else
    as the plain difference; None where neither was measured."""
    names = ("selection_rate_gap", "selection_rate_difference")
    ids = (measurement_id(name, attribute, group, reference) for name in names)
    found = (report.by_id.get(name) for name in ids)
    return next((item for item in found if item is not None and item.estimate is not None), None)


def turn_gap(gap: Measurement) -> Measurement:
    """Return a `selection_rate_gap` (by how much a group is worse off) as the difference of the
    group's rate from the other's, with its own id and test; anything else as it is."""
    if not gap.metric.endswith("_gap") or gap.estimate is None:
        return gap
    estimate = gap.estimate
    turned = {"value": -estimate.value, "low": -estimate.high, "high": -estimate.low}
    return gap.model_copy(update={"estimate": estimate.model_copy(update=turned)})


def render_gap(plain: Measurement, shares: Sequence[Measurement]) -> str | None:
    """Return which columns make a gap in selection, in sentences.

    plain: the `selection_rate_gap` or `selection_rate_difference` of a pair of groups; shares: its
    `gap_share`s, one a column. Columns are named until four fifths of the gap are told, or it is
    said that it is spread over many; a gap that chance could explain is not explained. None where
    there is no number.
    """
    known = [item for item in shares if item.estimate is not None and item.part is not None]
    plain = turn_gap(plain)
    if plain.estimate is None or not known:
        return None
    group, reference = (plain_text(name or "") for name in (plain.group, plain.reference_group))
    whole = f"{group} is selected {_say_gap(plain)} often than {reference}"
    if (doubt := render_doubt(plain)) is not None:
        return f"{whole}; that is {doubt}, so no column is named."
    gap = plain.value or 0.0
    named = choose_columns(gap, known)
    if not named:
        return f"{whole}. No column stands out as its reason; it may be spread over many."
    rest = gap - sum(item.value or 0.0 for item in named)
    spread = abs(rest) > (1 - TOLD) * abs(gap)
    lead = "It is spread over many columns; the largest parts: " if spread else ""
    told = f"{lead}{_describe_columns(gap, named)}"
    others = len(known) - len(named)
    if others:
        told += f"; {_describe_rest(gap, rest, named, others)}"
    return f"{whole}. {told}."


def choose_columns(gap: float, shares: Sequence[Measurement]) -> list[Measurement]:
    """Return the columns to name, the largest first: of those whose share is sure (p-values times
    the columns under 0.05) as many as tell four fifths of the gap, `MAX_NAMED` at most.

    The first one goes the gap's own way; without one there is nothing to name.
    """
    sure = [item for item in shares if is_significant(item, len(shares))]
    sure.sort(key=lambda item: -abs(item.value or 0.0))
    widening = [item for item in sure if (item.value or 0.0) * gap > 0]
    if not widening:
        return []
    named, left = [widening[0]], [item for item in sure if item is not widening[0]]
    while left and len(named) < MAX_NAMED:
        rest = gap - sum(item.value or 0.0 for item in named)
        if abs(rest) <= (1 - TOLD) * abs(gap):
            break
        helping = [item for item in left if (item.value or 0.0) * rest > 0]
        if not helping:
            break
        named.append(helping[0])
        left.remove(helping[0])
    return named


def _describe_columns(gap: float, named: Sequence[Measurement]) -> str:
    """Return "job widens it by 15.0 points (95% interval 13.0 to 17.0), age by 5.0 points (…)"."""
    parts = []
    for way, verb in ((1, "widens"), (-1, "narrows")):
        mine = [item for item in named if (item.value or 0.0) * gap * way > 0]
        sizes = [f"by {_say_share(item)}" for item in mine]
        names = [plain_text(item.part_name) for item in mine]
        if mine:
            first = f"{names[0]} {verb} it {sizes[0]}"
            more = [f"{name} {size}" for name, size in zip(names[1:], sizes[1:], strict=True)]
            parts.append(list_words([first, *more]))
    return ", while ".join(parts)


def _describe_rest(gap: float, rest: float, named: Sequence[Measurement], others: int) -> str:
    size = format_value(abs(rest), named[0].unit)
    who = "the other column" if others == 1 else f"the other {others} columns together"
    ending = "s" if others == 1 else ""
    verb = "widen" if rest * gap > 0 else "narrow"
    if size == format_value(0.0, named[0].unit):
        return f"{who} change{ending} nothing of it"
    return f"{who} {verb}{ending} it by {size}"


def _say_share(item: Measurement) -> str:
    """Return "15.0 points (95% interval 13.0 to 17.0)", the size of a share: words tell its way."""
    assert item.estimate is not None
    low, high, value = item.estimate.low, item.estimate.high, item.estimate.value
    if value < 0:
        low, high = -high, -low
    level = f"{item.estimate.confidence * 100:.3g}%"
    interval = f"{level} interval {format_range(low, high, item.unit)}"
    return f"{format_value(abs(value), item.unit)} ({interval})"


def _say_gap(item: Measurement) -> str:
    """Return "12.4 points less"."""
    assert item.estimate is not None
    size = format_value(item.estimate.value, item.unit).removeprefix(MINUS)
    return f"{size} {'less' if item.estimate.value < 0 else 'more'}"
