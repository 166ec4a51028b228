"""The sentences of verdicts: who, how much, compared to whom, how sure."""

from __future__ import annotations

from audits.core.format import format_count, format_interval, format_p, format_value, plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.parts import PartKind
from audits.core.words.words import base_metric, describe, is_higher_worse, lower
from audits.policy.judging.cases import Case
from audits.policy.judging.multiplicity import Counted
from audits.policy.judging.power import Needed


def _say_value(item: Measurement) -> str:
    assert item.estimate is not None
    interval = format_interval(item.estimate, item.unit)
    value = format_value(item.estimate.value, item.unit)
    return f"{value} ({interval})" if interval else value


def _say_finding(item: Measurement) -> str:
    """Return "Female: selected 0.51 times as often as Male (95% interval ...)"."""
    for kind, word in ((PartKind.CLASS, "Class "), (PartKind.COLUMN, "")):
        if item.is_of(kind):
            one = item.model_copy(update={"slice": None})
            return f"{word}{plain_text(item.part_name)}: {_say_finding(one)}"
    value = _say_value(item)
    if item.group is None or item.reference_group is None:
        between = ":" if item.unit == "count" else " is"
        return f"{describe(item.metric).title}{between} {value}"
    group, reference = plain_text(item.group), plain_text(item.reference_group)
    if item.metric in ("impact_ratio", "selection_rate_gap_ratio"):
        return f"{group}: selected {value} times as often as {reference}"
    if item.metric.endswith("_gap"):
        title = lower(describe(base_metric(item.metric)).title)
        way = "higher" if is_higher_worse(item.metric) else "lower"
        return f"{group}: {title} {value} {way} than that of {reference}"
    if item.attribute is not None and item.unit in ("points", "difference"):
        return f"{describe(item.metric).title} between {group} and {reference}: {value}"
    return f"{describe(item.metric).title} of {group} against {reference}: {value}"


def _say_bound(item: Measurement, bound: float | None) -> str:
    return "" if bound is None else f"the limit is {format_value(bound, item.unit)}"


def render_violation(item: Measurement, bound: float, counted: Counted) -> str:
    """A bound is broken, and chance does not explain it."""
    adjusted = counted.adjusted.get(item.id)
    sure = ""
    if adjusted is not None:
        sure = f"; chance does not explain it ({_say_p(adjusted, counted.comparisons)})"
    return f"{_say_finding(item)}; {_say_bound(item, bound)}{sure}."


def _say_p(adjusted: float, comparisons: int) -> str:
    """Return a p-value with what it was adjusted for."""
    return format_p(adjusted) + (f", adjusted for {comparisons} comparisons" if comparisons > 2
                                 else "")  # fmt: skip


def _of_rejected(item: Measurement) -> bool:
    """Whether a comparison is of some of the groups' rejected rows, those that were searched."""
    return item.metric.startswith("recourse_")


def _say_needed(item: Measurement, needed: Needed | None) -> str:
    """Return how many rows of which group would tell, where that can be said."""
    if needed is None:
        return "More rows are needed to tell."
    if needed.rows is None:
        return "No realistic amount of data would tell."
    group, rows = plain_text(needed.group), format_count(needed.rows)
    if _of_rejected(item):
        return f"About {rows} rejected rows of {group} would have to be searched to tell."
    return f"About {rows} rows of {group} would be needed to tell."


def render_uncertain(
    item: Measurement, bound: float, counted: Counted, needed: Needed | None, alpha: float
) -> str:
    """A bound is broken, but too few rows say so. needed: rows of a group that would."""
    adjusted = counted.adjusted.get(item.id)
    why = "chance alone could explain it"
    if adjusted is not None and item.p_value is not None and item.p_value < alpha <= adjusted:
        why = (
            f"it is not significant after counting all {format_count(counted.comparisons)} "
            f"comparisons ({format_p(adjusted)}; alone {format_p(item.p_value)})"
        )
    elif item.p_value is not None:
        why += f" ({format_p(item.p_value)})"
    return (
        f"{_say_finding(item)}; that is beyond the limit of {format_value(bound, item.unit)}, "
        f"but {why}. {_say_needed(item, needed)}"
    )


def render_within(item: Measurement, bound: float) -> str:
    """A bound is broken, and chance does not explain that there is a difference, but the rule asks
    that the whole interval lies beyond the bound."""
    return (
        f"{_say_finding(item)}; that is beyond the limit of {format_value(bound, item.unit)}, but "
        "its interval reaches within the limit, and the rule asks that all of it lies beyond. "
        "More rows are needed to tell."
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


def render_small(case: Case, item: Measurement, least: int, needed: Needed | None) -> str:
    """A group is too small for the number to be judged; `needed` as for `render_uncertain`."""
    smallest = case.smallest()
    assert smallest is not None  # the caller looked
    group, rows = smallest
    what = f"{'row' if rows == 1 else 'rows'}{_DENOMINATORS.get(case.base, '')}"
    if _of_rejected(item):
        what = f"rejected {'row' if rows == 1 else 'rows'} searched"
    more = ""
    if needed is not None and needed.rows is not None and needed.rows > least:
        more = f" {_say_needed(item, needed)}"
    whom = ""
    if item.group is not None and item.group != group:
        whom = f"{plain_text(item.group)} cannot be compared: "
    return (
        f"{whom}{plain_text(group)} has {format_count(rows)} {what}; "
        f"groups under {format_count(least)} are not judged.{more}"
    )


_DENOMINATORS = {
    "true_positive_rate": " whose true outcome is favourable",
    "false_negative_rate": " whose true outcome is favourable",
    "false_positive_rate": " whose true outcome is not favourable",
    "true_negative_rate": " whose true outcome is not favourable",
    "positive_predictive_value": " that were selected",
    "false_discovery_rate": " that were selected",
    "negative_predictive_value": " that were not selected",
    "false_omission_rate": " that were not selected",
    "accuracy": " with a known outcome",
}
"""Which of a group's rows a metric rests on, in words after "rows"."""


def render_unavailable(item: Measurement) -> str:
    """There is no number to judge."""
    assert item.unavailable is not None
    of = f" of {plain_text(item.group)}" if item.group else ""
    return f"{describe(item.metric).title}{of}: {item.unavailable.reason}."
