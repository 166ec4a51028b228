"""A policy in plain words: what each rule asks, of whom, how surely, and what is accepted."""

from __future__ import annotations

from datetime import date

from audits.core.format import MINUS, format_count, lower, plain_text
from audits.core.groups import JOIN
from audits.core.report.measurement import Unit
from audits.core.report.verdict import Waiver
from audits.core.words.metrics import describe
from audits.policy.judging.judgeable import get_judgeable
from audits.policy.rule import Policy, Rule, is_distance

_OF = {
    "overall": "of the whole data",
    "attribute": "among the groups of each protected attribute",
    "intersection": "among the groups of every two protected attributes",
    "groups": "among the groups of each protected attribute and of every two",
}


def render_policy(policy: Policy) -> list[str]:
    """Return a policy as lines for people: its title, its rules, what holds for all of them."""
    lines = [f"{policy.name}: {policy.title}"]
    for rule in policy.rules:
        lines += ["", f"  {rule.name}: {rule.title}", f"    {render_rule(rule)}"]
        if rule.source:
            lines.append(f"    Source: {rule.source}")
    lines += ["", f"  {_render_certainty(policy)}"]
    if policy.least_judged:
        n = format_count(policy.least_judged)
        lines.append(f"  Does not pass where fewer than {n} comparisons of groups were judged.")
    lines += [f"  Waived: {render_waived(waiver)}" for waiver in policy.waivers]
    return lines


def render_rule(rule: Rule) -> str:
    """Return what a rule asks: "Impact ratio of the groups ...: fails under 0.8, warns ..."."""
    title = describe(rule.metric).title
    parts = [part for verb in ("fail", "warn") if (part := _render_side(rule, verb))]
    surely = ", by its whole interval" if rule.bound == "interval" else ""
    text = f"{title} {_render_who(rule)}: {'; '.join(parts)}{surely}."
    if rule.only_while_below:
        limits = " and ".join(
            f"{lower(describe(name).title)} of the whole data is under "
            f"{render_bound(value, _find_unit(name))}"
            for name, value in rule.only_while_below.items()
        )
        text += f" Only where {limits}."
    return text


def _render_who(rule: Rule) -> str:
    if rule.group is not None and rule.attribute is not None:
        return f"of {plain_text(rule.group)} ({plain_text(rule.attribute)})"
    if rule.attribute is not None:
        return f"among the groups of {plain_text(rule.attribute).replace(JOIN, ' and ')}"
    return _OF[rule.scope]


def _render_side(rule: Rule, verb: str) -> str:
    """Return "fails under 80% or over 95%" for one of a rule's two words."""
    below, above = getattr(rule, f"{verb}_below"), getattr(rule, f"{verb}_above")
    metric = get_judgeable(rule.metric)
    unit = _find_unit(rule.metric)
    sides = []
    if below is not None:
        sides.append(f"under {render_bound(below, unit)}")
    if above is not None:
        away = (
            metric is not None and metric.low < 0 and not rule.metric.endswith("_gap")
            and is_distance(rule, metric.direction)
        )  # fmt: skip
        sides.append(f"over {render_bound(above, unit)}{' in either direction' if away else ''}")
    return f"{verb}s {' or '.join(sides)}" if sides else ""


def render_bound(value: float, unit: Unit) -> str:
    """Return a bound with its unit and the digits that it was written with."""
    shown = value * 100 if unit in ("share", "points") else value
    suffix = {"share": "%", "points": " points", "seconds": " s"}.get(unit, "")
    return f"{shown:.10g}{suffix}".replace("-", MINUS)


def _find_unit(name: str) -> Unit:
    metric = get_judgeable(name)
    return "score" if metric is None else metric.unit


def _render_certainty(policy: Policy) -> str:
    return (
        f"Chance does not explain a breach whose p-value, adjusted over all comparisons of its "
        f"rule, is under {policy.alpha:g}; groups of fewer than {format_count(policy.min_rows)} "
        "rows are not judged."
    )


def render_waived(waiver: Waiver) -> str:
    """Return what is accepted, why, by whom and until when: the words that every output shows."""
    of = ""
    if waiver.attribute is not None:
        of = f" for {plain_text(waiver.group or waiver.attribute)}"
        if waiver.group is not None:
            of += f" ({plain_text(waiver.attribute)})"
    return (
        f"{plain_text(waiver.rule)}{of}: {plain_text(waiver.reason)} "
        f"({plain_text(waiver.owner)}, until {waiver.expires.isoformat()})"
    )


def render_waiver(waiver: Waiver) -> str:
    """Return the sentence that stands beside a breach that people accept."""
    return (
        f"Waived until {waiver.expires.isoformat()} by {plain_text(waiver.owner)}: "
        f"{plain_text(waiver.reason)}"
    )


def render_expired(waiver: Waiver, day: date) -> str:
    """Return the sentence about a waiver that no longer holds on a day."""
    return (
        f"A waiver has expired and is not applied: {render_waived(waiver)}; the audit is of "
        f"{day.isoformat()}. Renew it or take it out of the policy."
    )
