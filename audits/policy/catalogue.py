"""A policy against the catalogue: can each rule be broken, and only by what it is meant for?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from audits.core.errors import near_misses, one_of
from audits.core.groups import JOIN
from audits.core.report.measurement import Unit
from audits.core.report.verdict import Waiver
from audits.core.settings.toml_lines import Path as Place
from audits.core.words.metrics import METRICS as WORDS
from audits.policy.judging.judgeable import Judgeable, get_judgeable, list_judgeable
from audits.policy.rule import BOUNDS, Policy, Rule

GREATEST_RATIO = 20.0
"""A bound of a ratio beyond it is a percentage that lost its sign, or its inverse one."""

_UNITS: dict[Unit, str] = {
    "share": "a share",
    "points": "a difference of shares",
    "count": "a number",
    "score": "a score",
    "difference": "a difference of scores",
    "ratio": "a ratio",
    "nats": "a loss in nats",
    "target": "in the target's own unit",
    "seconds": "in seconds",
    "columns": "a number of columns",
}
_REACH = {
    "overall": "the whole data",
    "attribute": "groups of one attribute",
    "intersection": "groups of two attributes",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and the way to the key or table that is."""

    place: Place
    text: str


def find_faults(policy: Policy) -> Iterator[Fault]:
    """Yield what keeps a policy from judging what it is meant to judge."""
    if not policy.rules:
        yield Fault(
            ("rules",),
            "there are no rules, so that nothing would be judged; write a [[rules]] table for each",
        )
    for number, rule in enumerate(policy.rules):
        for fault in _check_rule(rule):
            yield Fault(("rules", number, *fault.place), f"rule {rule.name!r}: {fault.text}")
    for number, waiver in enumerate(policy.waivers):
        for fault in _check_waiver(policy, number, waiver):
            yield Fault(("waivers", number, *fault.place), f"waiver: {fault.text}")


def _check_rule(rule: Rule) -> Iterator[Fault]:
    metric = get_judgeable(rule.metric)
    if metric is None:
        yield Fault(("metric",), _explain_unknown("metric", rule.metric))
        return
    yield from _check_scope(rule, metric)
    yield from _check_bounds(rule, metric)
    yield from _check_order(rule)
    yield from _check_excuses(rule)


def _explain_unknown(key: str, name: str) -> str:
    if name in WORDS:
        return (
            f"{key} = {name!r} is measured of single features, methods or slices, which no rule "
            "judges; docs/policy.md lists the metrics that can be judged"
        )
    names = [item.name for item in list_judgeable()]
    near = near_misses(name, names)
    return (
        f"{key} = {name!r} is unknown{near} (allowed: {one_of(names, 4)}; all are in "
        "docs/policy.md)"
    )


def _check_scope(rule: Rule, metric: Judgeable) -> Iterator[Fault]:
    """Yield what keeps a rule from meeting any number of its metric."""
    wanted = ("attribute", "intersection") if rule.scope == "groups" else (rule.scope,)
    if not set(wanted) & set(metric.reach):
        allowed = ["groups", *metric.reach] if metric.reach != ("overall",) else metric.reach
        of = " and of ".join(_REACH[reach] for reach in metric.reach)
        yield Fault(
            ("scope",),
            f"{metric.name} is measured of {of}, not with scope = {rule.scope!r}; write scope = "
            + " or ".join(f'"{scope}"' for scope in allowed),
        )
    if rule.attribute is None:
        if rule.group is not None:
            yield Fault(("group",), f'group = {rule.group!r} needs attribute, as attribute = "sex"')
        return
    crossed = JOIN in rule.attribute
    if rule.scope == "overall":
        text = 'attribute is of groups, and scope = "overall" of the whole data; leave one out'
        yield Fault(("attribute",), text)
    elif rule.scope == ("attribute" if crossed else "intersection"):
        fits = "intersection" if crossed else "attribute"
        text = f"attribute = {rule.attribute!r} does not go with scope = {rule.scope!r}; "
        yield Fault(("attribute",), f'{text}write scope = "{fits}"')
    elif crossed and "intersection" not in metric.reach:
        text = f"{metric.name} is measured of groups of one attribute, not of {rule.attribute!r}"
        yield Fault(("attribute",), f"{text}; name one protected column")


def _check_bounds(rule: Rule, metric: Judgeable) -> Iterator[Fault]:
    for key in BOUNDS:
        value = getattr(rule, key)
        if value is not None:
            text = explain_bound(metric, key, value, band=rule.is_band)
            if text:
                yield Fault((key,), f"{key} = {value:g}: {text}")


def explain_bound(metric: Judgeable, key: str, value: float, *, band: bool) -> str:
    """Return why a bound makes no sense for a metric, and what would; "" where it does."""
    if is_bound(metric, key, value, band=band):
        return ""
    below = key.endswith("below")
    other = key.replace("below", "above") if below else key.replace("above", "below")
    if _is_wrong_way(metric, key):
        better = "lower" if below else "higher"
        return f"{metric.name} is better where it is {better}; bound it with {other}"
    if _breaks_equal(metric, key, value):
        return (
            f"no difference at all is {_EQUAL[metric.direction]:g} in {metric.name}, and would "
            f"break this; {_guess(metric, (key, other), value) or f'bound it with {other}'}"
        )
    low, high = get_range(metric, key, band=band)
    kept = value in (low, high) or below == (value < low)
    broken = "nothing could ever break it" if kept else "everything would break it"
    said = f"{_say_range(metric, low, high)}, so that {broken}"
    return said + _hint_percent(metric, key, value, low, high)


_EQUAL = {"closer_to_zero": 0.0, "closer_to_one": 1.0}
"""What a comparison is where there is no difference."""


def is_bound(metric: Judgeable, key: str, value: float, *, band: bool) -> bool:
    """Whether a bound can be broken by some values of a metric, can be kept by others, is kept
    where there is no difference, and lies on the side on which the metric is worse."""
    low, high = get_range(metric, key, band=band)
    inside = low < value <= high if key.endswith("below") else low <= value < high
    return inside and not _is_wrong_way(metric, key) and not _breaks_equal(metric, key, value)


def _is_wrong_way(metric: Judgeable, key: str) -> bool:
    return metric.direction == ("lower_is_better" if key.endswith("below") else "higher_is_better")


def _breaks_equal(metric: Judgeable, key: str, value: float) -> bool:
    equal = _EQUAL.get(metric.direction)
    return equal is not None and (value > equal if key.endswith("below") else value < equal)


def get_range(metric: Judgeable, key: str, *, band: bool) -> tuple[float, float]:
    """Return the values that a bound is held against: those of the metric, or, for an upper
    bound of a difference, their distance from zero. A ratio's end where percents begin."""
    low, high = metric.low, metric.high
    if metric.unit == "ratio" and metric.direction == "closer_to_one":
        high = min(high, GREATEST_RATIO)
    if key.endswith("above") and not band and metric.direction == "closer_to_zero" and low < 0:
        return 0.0, max(-low, high)
    return low, high


def _say_range(metric: Judgeable, low: float, high: float) -> str:
    ends = (
        f"from {low:g} to {high:g}" if math.isfinite(low) and math.isfinite(high)
        else f"at least {low:g}" if math.isfinite(low) else f"at most {high:g}"
    )  # fmt: skip
    return f"{metric.name} is {_UNITS[metric.unit]}, {ends}"


def _hint_percent(metric: Judgeable, key: str, value: float, low: float, high: float) -> str:
    """Return "; write fail_above = 0.1 for 10 points" where a bound was meant in percent."""
    share = value / 100
    if metric.unit in ("count", "columns", "target", "nats") or not 1 <= abs(value) <= 1000:
        return f"; choose a value {'above' if key.endswith('below') else 'from'} {low:g}" + (
            f" and {'up to' if key.endswith('below') else 'below'} {high:g}"
            if math.isfinite(high) else ""
        )  # fmt: skip
    what = {"points": f"{value:g} points", "share": f"{value:g}%"}.get(metric.unit, f"{value:g}%")
    return f"; write {key} = {share:g} for {what}"


def _guess(metric: Judgeable, keys: tuple[str, ...], value: float) -> str:
    """Return the bound that may have been meant: the value or percent of it, on either side."""
    meant = [(key, one) for one in (value, value / 100) for key in keys if abs(one) <= 1]
    for key, one in meant:
        if is_bound(metric, key, one, band=False):
            return f"did you mean {key} = {one:g}?"
    return ""


def _check_order(rule: Rule) -> Iterator[Fault]:
    for side, word, wrong in (("below", "at most", 1), ("above", "at least", -1)):
        fail, warn = getattr(rule, f"fail_{side}"), getattr(rule, f"warn_{side}")
        if fail is not None and warn is not None and (fail - warn) * wrong > 0:
            yield Fault(
                (f"fail_{side}",),
                f"fail_{side} = {fail:g} and warn_{side} = {warn:g}: whatever would be warned of "
                f"fails already; fail_{side} must be {word} warn_{side}",
            )
    lower = [key for key in BOUNDS[:2] if getattr(rule, key) is not None]
    upper = [key for key in BOUNDS[2:] if getattr(rule, key) is not None]
    for one in lower:
        for other in upper:
            if getattr(rule, one) >= getattr(rule, other):
                yield Fault(
                    (other,),
                    f"{one} = {getattr(rule, one):g} and {other} = {getattr(rule, other):g} leave "
                    "no value between them; the lower bound must be under the upper one",
                )
                return


def _check_excuses(rule: Rule) -> Iterator[Fault]:
    """Yield what is wrong with `only_while_below`: it is of numbers of the whole data."""
    for name, value in rule.only_while_below.items():
        place = ("only_while_below", name)
        metric = get_judgeable(name)
        if metric is None:
            yield Fault(place, _explain_unknown("only_while_below", name))
        elif "overall" not in metric.reach:
            text = f"only_while_below takes numbers of the whole data, and {name} is none"
            yield Fault(place, f"{text}; docs/policy.md says which are")
        elif not metric.low < value <= metric.high:
            said = _say_range(metric, metric.low, metric.high)
            hint = _hint_percent(metric, name, value, metric.low, metric.high)
            yield Fault(place, f"only_while_below {name} = {value:g}: {said}{hint}")


def _check_waiver(policy: Policy, number: int, waiver: Waiver) -> Iterator[Fault]:
    named = {rule.name: rule for rule in policy.rules}
    rule = named.get(waiver.rule)
    if rule is None:
        yield Fault(
            ("rule",),
            f"rule = {waiver.rule!r} is none of this policy's{near_misses(waiver.rule, named)} "
            f"(there are {one_of(named)})",
        )
        return
    if waiver.group is not None and waiver.attribute is None:
        yield Fault(("group",), f'group = {waiver.group!r} needs attribute, as attribute = "sex"')
    if waiver.attribute is not None and rule.scope == "overall":
        text = f"rule {rule.name!r} is of the whole data, not of groups; leave attribute out"
        yield Fault(("attribute",), text)
    for key in ("attribute", "group"):
        mine, theirs = getattr(waiver, key), getattr(rule, key)
        if None not in (mine, theirs) and mine != theirs:
            text = f"{key} = {mine!r}, but rule {rule.name!r} is of {theirs!r} alone"
            yield Fault((key,), f"{text}; write {key} = {theirs!r} or leave it out")
    for earlier in policy.waivers[:number]:
        if (earlier.rule, earlier.attribute, earlier.group) == (
            waiver.rule, waiver.attribute, waiver.group
        ):  # fmt: skip
            text = f"two waivers of rule {waiver.rule!r} are of the same groups; keep one of them"
            yield Fault(("rule",), text)
