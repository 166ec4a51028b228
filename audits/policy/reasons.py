"""The sentences of verdicts: who, how much, compared to whom, how sure."""

from __future__ import annotations

from audits.core.format import format_count, format_interval, format_p, format_value, plain_text
from audits.core.measurement import CLASS, COLUMN, Measurement
from audits.core.words import describe, lower


def _say_value(item: Measurement) -> str:
    assert item.estimate is not None
    interval = format_interval(item.estimate, item.unit)
    value = format_value(item.estimate.value, item.unit)
    return f"{value} ({interval})" if interval else value


def _say_finding(item: Measurement) -> str:
    """Return "Female: selected 0.51 times as often as Male (95% interval ...)"."""
    if item.slice is not None and item.slice.startswith(CLASS):
        one = item.model_copy(update={"slice": None})
        return f"Class {plain_text(item.slice.removeprefix(CLASS))}: {_say_finding(one)}"
    if item.slice is not None and item.slice.startswith(COLUMN):
        one = item.model_copy(update={"slice": None})
        return f"{plain_text(item.slice.removeprefix(COLUMN))}: {_say_finding(one)}"
    value = _say_value(item)
    if item.group is None or item.reference_group is None:
        between = ":" if item.unit == "count" else " is"
        return f"{describe(item.metric).title}{between} {value}"
    group, reference = plain_text(item.group), plain_text(item.reference_group)
    if item.metric == "impact_ratio":
        return f"{group}: selected {value} times as often as {reference}"
    if item.attribute is not None and item.unit in ("points", "difference"):
        return f"{describe(item.metric).title} between {group} and {reference}: {value}"
    return f"{describe(item.metric).title} of {group} against {reference}: {value}"


def _say_bound(item: Measurement, bound: float | None) -> str:
    return "" if bound is None else f"the limit is {format_value(bound, item.unit)}"


def render_breach(item: Measurement, bound: float, p_value: float | None) -> str:
    """A bound is broken, and chance does not explain it."""
    sure = (
        "" if p_value is None else f"; chance does not explain it ({format_p(p_value)}, adjusted)"
    )
    return f"{_say_finding(item)}; {_say_bound(item, bound)}{sure}."


def _of_rejected(item: Measurement) -> bool:
    """Whether a comparison is of some of the groups' rejected rows, those that were searched."""
    return item.metric.startswith("recourse_")


def _say_needed(item: Measurement, needed: tuple[str, int] | None) -> str:
    """Return how many rows of which group would tell, where that can be said."""
    if needed is None:
        return "More rows are needed to tell."
    group, rows = plain_text(needed[0]), format_count(needed[1])
    if _of_rejected(item):
        return f"About {rows} rejected rows of {group} would have to be searched to tell."
    return f"About {rows} rows of {group} would be needed to tell."


def render_chance(
    item: Measurement, bound: float, p_value: float | None, needed: tuple[str, int] | None
) -> str:
    """A bound is broken, but too few rows say so. needed: a group, and rows of it that would."""
    how = "" if p_value is None else f" ({format_p(p_value)}, adjusted)"
    return (
        f"{_say_finding(item)}; that is beyond the limit of {format_value(bound, item.unit)}, "
        f"but chance alone could explain it{how}. {_say_needed(item, needed)}"
    )


def render_turned(item: Measurement, bound: float) -> str:
    """A bound is broken, but by so few people that one selection decides who comes first."""
    return (
        f"{_say_finding(item)}; that is beyond the limit of {format_value(bound, item.unit)}, "
        "but one different selection would turn the result round. More rows are needed to tell."
    )


def render_kept(item: Measurement, bound: float | None) -> str:
    """The bound is kept."""
    return f"{_say_finding(item)}; {_say_bound(item, bound)}."


def render_excused(item: Measurement, bound: float, excuse: Measurement) -> str:
    """A bound is broken, but another number of the whole data says that this means little."""
    return (
        f"{_say_finding(item)}; that is beyond the limit of {format_value(bound, item.unit)}, but "
        f"{lower(describe(excuse.metric).title)} is {_say_value(excuse)}, with which it is no "
        "finding."
    )


def render_small(
    item: Measurement, group: str, rows: int, least: int, needed: tuple[str, int] | None
) -> str:
    """A group is too small for the number to be judged; `needed` as for `render_chance`."""
    has = "row" if rows == 1 else "rows"
    if _of_rejected(item):
        has = f"rejected {has} searched"
    more = f" {_say_needed(item, needed)}" if needed and needed[1] > least else ""
    whom = ""
    if item.group is not None and item.group != group:
        whom = f"{plain_text(item.group)} cannot be compared: "
    return (
        f"{whom}{plain_text(group)} has {format_count(rows)} {has}; "
        f"groups under {format_count(least)} are not judged.{more}"
    )


def render_unavailable(item: Measurement) -> str:
    """There is no number to judge."""
    assert item.unavailable is not None
    of = f" of {plain_text(item.group)}" if item.group else ""
    return f"{describe(item.metric).title}{of}: {item.unavailable.reason}."
