"""A comparison in words, the same for the command and the page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from audits.compare.comparison import (
    Change,
    Comparison,
    Difference,
    Outcome,
    VerdictChange,
    Way,
    find_who,
)
from audits.compare.scale import name_unit
from audits.core.format import (
    MINUS,
    format_count,
    format_p,
    format_range,
    format_reason,
    format_value,
    plain_text,
)
from audits.core.report.measurement import Measurement
from audits.core.report.verdict import Verdict
from audits.core.words.words import describe

_SUMMARY_WAY = {
    "closer_to_zero": ("closer to zero", "further from zero"),
    "closer_to_one": ("closer to equal", "further from equal"),
}


def render_headline(comparison: Comparison) -> str:
    """Return what sums a comparison up: who got worse, by how much and how surely, or that nobody
    did; then how much else changed."""
    worse, better = (
        drop_doubles(comparison.find(outcome)) for outcome in (Outcome.WORSENED, Outcome.IMPROVED)
    )
    tested = f"{format_count(comparison.tested)} numbers compared"
    turned = [item for item in comparison.verdicts if item.way is Way.WORSE and item.sure]
    improved = f"{_count(len(better), 'number')} improved" if better else ""
    if worse:
        first = f"{_name_worse(worse[0])} got worse. {render_change(worse[0])}"
        rest = _count(len(worse) - 1, "other number") if len(worse) > 1 else "no other number"
        parts = [f"{rest} got worse", improved]
    elif turned:
        first = render_verdict(turned[0])
        parts = ["no number got worse beyond noise", improved]
    elif not better:
        return f"{_say_nothing(comparison)}; {tested}."
    else:
        return f"Nothing got worse {_beyond(comparison)}; {improved}; {tested}."
    told = "; ".join(part for part in parts if part)
    return f"{first} {told[:1].upper()}{told[1:]}; {tested}."


def _beyond(comparison: Comparison) -> str:
    if not comparison.min_change:
        return "beyond noise"
    least = format_value(comparison.min_change, "points")
    return f"beyond noise by the {least} that were asked for"


def _say_nothing(comparison: Comparison) -> str:
    slight = len(drop_doubles(comparison.find(Outcome.SLIGHT)))
    nothing = f"Nothing got better or worse {_beyond(comparison)}"
    return f"{nothing}; {_count(slight, 'number')} changed by less" if slight else nothing


def _name_worse(item: Change) -> str:
    """Return who got worse: a group, or the model for everybody."""
    attribute, group = find_who(item.shown)
    if group:
        return f"{plain_text(group)} ({plain_text(attribute)})"
    return f"A gap by {plain_text(attribute)}" if attribute else "The model"


def _count(n: int, word: str) -> str:
    return f"{format_count(n)} {word}{'' if n == 1 else 's'}"


def name_number(item: Measurement) -> str:
    """Return what a number is of: "Selection rate gap of Female to Male"."""
    compared = item.group is not None and item.reference_group is not None
    group, reference = plain_text(item.group or ""), plain_text(item.reference_group or "")
    attribute = plain_text(item.attribute or "")
    title = describe(item.metric).title
    if compared and f"={item.group}" not in item.id:  # a summary: the pair that makes it may change
        name = f"{title} by {attribute}"
    elif compared:
        name = f"{title} of {group} to {reference}"
    elif item.group is not None:
        name = f"{title} of {group}"
    else:
        name = f"{title} by {attribute}" if attribute else title
    return f"{name} ({plain_text(item.part_text)})" if item.part else name


def render_value(item: Measurement | None) -> str:
    """Return one run's value, why it has none, or a dash where it does not have the number."""
    if item is None:
        return "–"
    if item.estimate is None:
        assert item.unavailable is not None  # the type has exactly one of the two
        return format_reason(item.unavailable)
    return format_value(item.estimate.value, item.unit)


def render_change(item: Change) -> str:
    """Return a change as a sentence: what, before, after, by how much, how sure."""
    shown = item.shown
    name = name_number(shown)
    if item.before is None or item.after is None or item.change is None:
        reason = f": {plain_text(item.reason)}" if item.reason else ""
        return (
            f"{name}: {render_value(item.before)} before, {render_value(item.after)} after{reason}"
        )
    values = f"{name}: {render_value(item.before)} before, {render_value(item.after)} after"
    return f"{values}; {_render_size(item)}."


def _render_size(item: Change) -> str:
    assert item.change is not None  # the caller looked
    change, direction, unit = item.change, item.shown.direction, name_unit(item.shown.unit)
    if item.outcome is Outcome.FACT:
        return f"a difference of {format_value(change.value, unit)}"
    size = format_value(abs(change.value), unit)
    if direction in _SUMMARY_WAY:
        better = item.change.value > 0 if direction == "closer_to_one" else item.change.value < 0
        way = f"{_SUMMARY_WAY[direction][0 if better else 1]} by {size}"
    else:
        way = f"{'up' if change.value > 0 else 'down'} by {size}"
    spans = change.low <= 0 <= change.high
    ends = (change.low, change.high) if spans else sorted((abs(change.low), abs(change.high)))
    p_value = "" if item.adjusted is None else f"; {format_p(item.adjusted)}, adjusted"
    return f"{way} (95% interval {format_range(ends[0], ends[1], unit)}{p_value})"


def render_signed(item: Change) -> str:
    """Return a change with its sign, as tables have it; "" where nothing can be subtracted."""
    if item.change is None:
        return ""
    text = format_value(item.change.value, name_unit(item.shown.unit))
    return text if text.startswith(MINUS) or item.change.value == 0 else f"+{text}"


def render_interval(item: Change) -> str:
    """Return both ends of a change's interval; "" for facts and where there is no change."""
    if item.change is None or item.outcome is Outcome.FACT:
        return ""
    return format_range(item.change.low, item.change.high, name_unit(item.shown.unit))


def render_status(verdict: Verdict | None, way: Way) -> str:
    """Return a verdict's status in a word; of a group without one, why."""
    if verdict is not None:
        return verdict.status.value.replace("_", " ")
    return "not judged" if way in (Way.APPEARED, Way.VANISHED) else "the yardstick"


def render_verdict(item: VerdictChange, titles: dict[str, str] | None = None) -> str:
    """Return which verdict turned, and whether its number did. titles: rules' names for people."""
    rule = plain_text((titles or {}).get(item.rule, item.rule))
    turned = f"{render_status(item.before, item.way)} → {render_status(item.after, item.way)}"
    sentence = f"{turned}: {name_number(item.item)} ({rule})"
    if (item.before is None or item.after is None) and not item.sure:
        return f"{sentence}."
    if item.sure:
        return f"{sentence}. The number behind it changed beyond noise."
    return f"{sentence}. The number behind it did not change beyond noise, so this does not count."


def drop_doubles(changes: Sequence[Change]) -> list[Change]:
    """Return changes without a ratio whose gap between the same groups says the same."""
    ids = {item.id for item in changes}
    return [item for item in changes if _find_gap(item.shown) not in ids]


def pick_varied(changes: Sequence[Change], most: int) -> list[Change]:
    """Return at most `most` changes of every sort, in the order given: everybody, groups, gaps
    between groups, intersections. The surest alone would often be of everybody only."""
    sorts: dict[tuple[str, bool], list[int]] = {}
    for place, item in enumerate(changes):
        key = item.family.value, item.shown.reference_group is not None
        sorts.setdefault(key, []).append(place)
    dealt = [place for turn in zip_longest(*sorts.values()) for place in turn if place is not None]
    return [changes[place] for place in sorted(dealt[:most])]


def _find_gap(item: Measurement) -> str:
    metric = "selection_rate_ratio" if item.metric == "impact_ratio" else item.metric
    if not metric.endswith("_ratio") or item.group is None:
        return ""
    gap = f"{metric.removesuffix('_ratio')}_difference"
    return item.id.replace(f"{item.metric}[", f"{gap}[", 1)


def render_difference(item: Difference) -> str:
    """Return what is not the same in both runs: "settings: model.threshold: 0.5 → 0.6"."""
    one, other = (plain_text(text) or "none" for text in (item.before, item.after))
    if item.name.endswith("sha256"):
        one, other = one[:12], other[:12]
    return f"{plain_text(item.name)}: {one} → {other}"


def render_left_out(comparison: Comparison) -> str:
    """Return which protected columns are not compared, "" where all are."""
    if not comparison.left_out:
        return ""
    names = ", ".join(plain_text(name) for name in comparison.left_out)
    return f"Not compared, for only one of the runs protects it: {names}."
