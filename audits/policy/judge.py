"""Judging: measurements in, verdicts out. A difference that chance explains is never a finding."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from audits.core.groups import JOIN
from audits.core.measurement import CLASS, COLUMN, Measurement, measurement_id
from audits.core.verdict import SEVERITY, Status, Verdict
from audits.cube.intervals import compute_holm
from audits.policy.policy import Policy, Rule
from audits.policy.power import compute_rows_needed, compute_z
from audits.policy.reasons import (
    render_breach,
    render_chance,
    render_excused,
    render_kept,
    render_small,
    render_turned,
    render_unavailable,
)

_COUNTED_BY = {"recourse.fairness": "recourse_rows"}
"""Checks that compare fewer rows than the groups have, and the metric that counts those."""


def compute_verdicts(policy: Policy, measurements: Sequence[Measurement]) -> tuple[Verdict, ...]:
    """Judge every measurement that a rule speaks of; worst first, else in the rules' order.

    A breach of a bound is a finding where the p-value, adjusted by Holm over all comparisons of
    the rule (every attribute, intersection and class), is under `policy.alpha`, so that an audit
    without any true difference fails a rule with a chance of at most alpha; without a test,
    where the whole interval lies on the wrong side of "no difference" (or of the bound itself,
    for the whole data). A breach that chance explains is `insufficient`, and so is every group
    of fewer than `policy.min_rows` rows, and an impact ratio that one different selection would
    turn round.
    """
    rows = {
        m.id: int(m.value)
        for m in measurements
        if m.metric in ("count", *_COUNTED_BY.values()) and m.value is not None
    }
    turned = _find_turned(measurements)
    verdicts: list[Verdict] = []
    for rule in policy.rules:
        excuse = _find_excuse(rule, measurements)
        family = [m for m in measurements if m.metric == rule.metric and _in_scope(rule, m)]
        adjusted = _adjust(family)
        verdicts += [
            _judge(
                policy, rule, item, adjusted.get(item.id), _smallest(item, rows),
                flips=item.id in turned, excuse=excuse,
            )
            for item in family
        ]  # fmt: skip
    return tuple(sorted(verdicts, key=lambda verdict: SEVERITY.index(verdict.status)))


def _find_excuse(rule: Rule, measurements: Iterable[Measurement]) -> Measurement | None:
    """Return the number of the whole data that makes a breach of the rule no finding."""
    bounds = rule.only_while_below
    return next(
        (
            item
            for item in measurements
            if item.metric in bounds and item.attribute is None and item.slice is None
            and item.value is not None and item.value >= bounds[item.metric]
        ),
        None,
    )  # fmt: skip


def _find_turned(measurements: Iterable[Measurement]) -> frozenset[str]:
    """Return the ids of the impact ratios that one different selection would turn round: those
    of groups that fall short by less than one person (the two are the same, see
    `audits.rules.adverse_impact`; Questions and Answers on the Uniform Guidelines, 21)."""
    return frozenset(
        measurement_id("impact_ratio", item.attribute, item.group, item.reference_group)
        for item in measurements
        if item.metric == "selection_shortfall" and item.value is not None and item.value < 1
    )


def _in_scope(rule: Rule, item: Measurement) -> bool:
    if item.slice is not None and not item.slice.startswith((CLASS, COLUMN)):
        return False
    if item.attribute is None:
        return rule.scope == "overall"
    crossed = JOIN in item.attribute
    return rule.scope in ("groups", "intersection" if crossed else "attribute")


def _adjust(family: Sequence[Measurement]) -> dict[str, float]:
    """Return Holm's adjusted p-values by measurement id.

    Impact ratios are taken against whichever group happens to be selected most: any of the
    attribute's pairs could have been the one that is tested, so that all of them count.
    """
    tested = [(item.id, item.p_value) for item in family if item.p_value is not None]
    compared = Counter(item.attribute for item in family if item.metric == "impact_ratio")
    unseen = sum(n * (n + 1) // 2 - n for n in compared.values())
    p_values = np.array([p for _, p in tested], dtype=np.float64)
    adjusted = compute_holm(p_values, unseen)
    return {name: float(p) for (name, _), p in zip(tested, adjusted, strict=True)}


def _smallest(item: Measurement, rows: dict[str, int]) -> tuple[str, int] | None:
    """Return the smaller of the groups compared, with the rows compared; None for all data."""
    counted = _COUNTED_BY.get(item.check, "count")
    sizes = [
        (group, rows[name])
        for group in (item.group, item.reference_group)
        if group is not None and (name := measurement_id(counted, item.attribute, group)) in rows
    ]
    return min(sizes, key=lambda pair: pair[1], default=None)


def _judge(
    policy: Policy,
    rule: Rule,
    item: Measurement,
    p_value: float | None,
    smallest: tuple[str, int] | None,
    *,
    flips: bool,
    excuse: Measurement | None,
) -> Verdict:
    fail, warn = _bounds(rule)
    nearest = fail if fail is not None else warn

    def verdict(status: Status, reason: str, bound: float | None = nearest) -> Verdict:
        return Verdict(
            rule=rule.name, status=status, measurement=item.id, threshold=bound, reason=reason
        )

    if item.estimate is None:
        assert item.unavailable is not None  # Measurement promises one of the two
        return verdict(Status.NOT_APPLICABLE, render_unavailable(item))
    broken = next(
        ((status, bound) for status, bound in ((Status.FAIL, fail), (Status.WARN, warn))
         if bound is not None and _breaks(rule, item.estimate.value, bound)),
        None,
    )  # fmt: skip
    needed = _count_needed(policy, item, p_value, smallest) if broken else None
    if smallest is not None and smallest[1] < policy.min_rows:
        reason = render_small(item, *smallest, policy.min_rows, needed)
        return verdict(Status.INSUFFICIENT, reason)
    if broken is None or excuse is not None:
        excused = broken and excuse and render_excused(item, broken[1], excuse)
        return verdict(Status.PASS, excused or render_kept(item, nearest))
    status, bound = broken
    if flips:
        return verdict(Status.INSUFFICIENT, render_turned(item, bound), bound)
    if not _beyond_chance(policy, rule, item, p_value, bound):
        return verdict(Status.INSUFFICIENT, render_chance(item, bound, p_value, needed), bound)
    return verdict(status, render_breach(item, bound, p_value), bound)


def _count_needed(
    policy: Policy,
    item: Measurement,
    adjusted: float | None,
    smallest: tuple[str, int] | None,
) -> tuple[str, int] | None:
    """Return the smaller group and how many rows of it would tell the difference from chance;
    None where that cannot be said, or where no more than there are would do."""
    if smallest is None or item.estimate is None:
        return None
    group, rows = smallest
    alpha = policy.alpha
    if item.p_value is not None and adjusted is not None and adjusted > 0:
        # A family of tests asks more of each: as much as the adjustment did of this one.
        alpha *= min(1.0, item.p_value / adjusted)
    needed = compute_rows_needed(rows, _seen_z(item), alpha)
    if needed is None or max(needed, policy.min_rows) <= rows:
        return None
    return group, max(needed, policy.min_rows)


def _seen_z(item: Measurement) -> float:
    """Return how many standard errors from no difference a measurement is.

    Ratios by the limit that faces 1, on the log scale: where few are selected an exact test is so
    coarse that its p-value would ask for two to three times the rows. Others by their p-value, or
    by their interval where there is none.
    """
    assert item.estimate is not None
    value, low, high = item.estimate.value, item.estimate.low, item.estimate.high
    certain = compute_z(1 - item.estimate.confidence) if item.estimate.confidence < 1 else 0.0
    if item.unit == "ratio" and 0 < value < 1 and high > value:
        return math.log(value) / math.log(value / high) * certain
    if item.unit == "ratio" and value > 1 and 0 < low < value:
        return math.log(value) / math.log(value / low) * certain
    if item.p_value is not None:
        return compute_z(item.p_value)
    neutral = 1.0 if item.unit == "ratio" else 0.0
    half = max(value - low, high - value)  # a limit may be cut off where the scale ends
    return abs(value - neutral) / half * certain if half > 0 else 0.0


def _bounds(rule: Rule) -> tuple[float | None, float | None]:
    if rule.fail_below is not None or rule.warn_below is not None:
        return rule.fail_below, rule.warn_below
    return rule.fail_above, rule.warn_above


def _is_lower(rule: Rule) -> bool:
    return rule.fail_below is not None or rule.warn_below is not None


def _breaks(rule: Rule, value: float, bound: float) -> bool:
    return value < bound if _is_lower(rule) else abs(value) > bound


def _beyond_chance(
    policy: Policy, rule: Rule, item: Measurement, p_value: float | None, bound: float
) -> bool:
    if p_value is not None:
        return p_value < policy.alpha
    assert item.estimate is not None
    low, high = item.estimate.low, item.estimate.high
    if item.reference_group is None:
        return high < bound if _is_lower(rule) else min(abs(low), abs(high)) > bound
    neutral = 1.0 if item.unit == "ratio" else 0.0
    return not low <= neutral <= high
