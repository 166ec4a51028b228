"""Findings on recourse and on flips that the card and the dashboard say in the same words."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import (
    format_interval,
    format_p,
    format_range,
    format_value,
    plain_text,
)
from audits.core.report.measurement import Measurement, is_significant
from audits.core.words.words import list_words

FLIP_NOTE = (
    "A flip asks the model, not the world: it shows what the model does with these columns, and is "
    "no claim about what would have become of a person. Columns that stand for the protected one "
    "without being declared stay as they are."
)

"""Before a column's name in `slice`: the number is that column's part."""


def render_recourse_gap(
    costlier: Measurement,
    shift: Measurement | None,
    effort: Measurement | None,
    within: tuple[Measurement | None, Measurement | None],
    columns: Sequence[Measurement],
) -> str | None:
    """Return whose recourse is costlier: who, how much, compared to whom, how sure, and why.

    costlier: a `recourse_dearer`, whose p-value is adjusted; shift: the `recourse_cost_shift` of
    the same groups; within: `recourse_within_effort` of the group and of its reference; columns:
    the parts of `recourse_mean_cost_difference`. None where there is no number.
    """
    if costlier.estimate is None:
        return None
    group, reference = (
        plain_text(name or "") for name in (costlier.group, costlier.reference_group)
    )
    if not is_significant(costlier):
        return (
            f"{group} against {reference}: no significant difference in what recourse costs "
            f"(costlier for {group} in {_say_share(costlier)} of pairs; "
            f"{format_interval(costlier.estimate, costlier.unit)})."
        )
    more = costlier.estimate.value > 0.5
    share = costlier.estimate.value if more else 1 - costlier.estimate.value
    ends = (costlier.estimate.low, costlier.estimate.high)
    low, high = ends if more else (1 - ends[1], 1 - ends[0])
    one, other = (group, reference) if more else (reference, group)
    level = f"{costlier.estimate.confidence * 100:.3g}%"
    sentence = (
        f"Recourse is costlier for {one} than for {other}: in {format_value(share, 'share')} of "
        f"pairs of one rejected person of each ({level} interval "
        f"{format_range(low, high, 'share')}; {format_p(costlier.p_value or 0.0)}, adjusted)"
    )
    if shift is not None and shift.estimate is not None:
        size = format_value(abs(shift.estimate.value), "score")
        sentence += f", by {size} typical steps in the median pair"
    sentence += "."
    return (
        f"{sentence}{_say_within(effort, within, (group, reference))}{_say_columns(columns, more)}"
    )


def _say_share(item: Measurement) -> str:
    return "" if item.estimate is None else format_value(item.estimate.value, item.unit)


def _say_within(
    effort: Measurement | None,
    within: tuple[Measurement | None, Measurement | None],
    names: tuple[str, str],
) -> str:
    if effort is None or effort.estimate is None:
        return ""
    shares = [_say_share(item) for item in within if item is not None]
    if len(shares) < 2 or not all(shares):
        return ""
    return (
        f" At the same effort of {format_value(effort.estimate.value, 'score')} typical steps, "
        f"{shares[0]} of {names[0]} and {shares[1]} of {names[1]} could be accepted."
    )


def _say_columns(columns: Sequence[Measurement], more: bool) -> str:
    """Return through which columns, those that chance does not explain, the largest part first."""
    parts = [
        (item.estimate.value if more else -item.estimate.value, item.part_name)
        for item in columns
        if item.estimate is not None and item.part is not None and is_significant(item)
    ]
    dear = sorted((part for part in parts if part[0] > 0), reverse=True)
    if not dear:
        return ""
    words = [f"{plain_text(name)} (+{format_value(value, 'score')})" for value, name in dear]
    return f" Among those who have recourse, it is costlier through {list_words(words)}."


def render_flip(item: Measurement) -> str | None:
    """Return how many decisions turn when rows are made rows of another group; None without a
    number. item: a `flip_turned_share` of a protected column, or of one of its groups."""
    if item.estimate is None:
        return None
    interval = format_interval(item.estimate, item.unit)
    turns = f"the decision would turn on {_say_share(item)} of the rows ({interval})."
    if item.group is None:
        return f"{plain_text(item.attribute or '')} flipped: {turns}"
    other = plain_text(item.part_name)
    return f"{plain_text(item.group)} treated as {other}: {turns}"
