"""What a rule judges: each group by itself, with every number that could break the rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scipy import special

from audits.core.groups import split_crossed
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.parts import Part, PartKind
from audits.core.report.verdict import Status
from audits.core.words.words import base_metric
from audits.cube import DISPARITIES, normal_quantile
from audits.policy.rule import Rule, is_distance

IMPACT = "impact_ratio"
_JUDGED_BY = {
    **{summary.name: summary.judged_by for summary in DISPARITIES},
    IMPACT: (IMPACT, "selection_rate_gap_ratio"),
}
"""Rules on these metrics are judged group by group, on the numbers named here."""

_COUNTED_BY = {"recourse.fairness": "recourse_rows"}
"""Checks that compare fewer rows than the groups have, and the metric that counts those."""


@dataclass(frozen=True, slots=True)
class Case:
    """One group (or one number of the whole data) under one rule.

    items: the numbers that could break the rule, the largest gap first. base: the metric whose
    denominator counts. rows: of each group that is compared, how many rows its number rests on.
    """

    items: tuple[Measurement, ...]
    base: str
    rows: Mapping[str, int]

    @property
    def first(self) -> Measurement:
        """The number that says how the group stands: against the best-off, or the declared
        reference group."""
        return self.items[0]

    @property
    def family(self) -> tuple[str | None, Part | None, str]:
        """Cases with the same are set against one another's groups."""
        return self.first.attribute, self.first.part, self.base

    @property
    def is_apart(self) -> bool:
        """Whether it compares other rows than the groups', which were searched or drawn."""
        return self.first.check in _COUNTED_BY

    def smallest(self) -> tuple[str, int] | None:
        """Return the smallest group compared with its rows; None for the whole data."""
        return min(self.rows.items(), key=lambda pair: pair[1], default=None)

    def is_small(self, min_rows: int) -> bool:
        """Whether a group is too small to be judged."""
        smallest = self.smallest()
        return smallest is not None and smallest[1] < min_rows


def list_cases(rule: Rule, measurements: Sequence[Measurement]) -> list[Case]:
    """Return what a rule judges, in the measurements' order."""
    metrics = _JUDGED_BY.get(rule.metric, (rule.metric,))
    known = {item.metric for item in measurements}
    if not known & set(metrics):  # a report of before groups were judged one by one
        metrics = (rule.metric,)
    names = {item.attribute for item in measurements if item.attribute is not None}
    crossed = {name for name in names if split_crossed(name, names - {name})}
    found = [
        item for item in measurements if item.metric in metrics and _in_scope(rule, item, crossed)
    ]
    by_id = {item.id: item for item in measurements}
    cases: dict[tuple[str | None, ...], list[Measurement]] = {}
    for item in found:
        pair = item.group if is_chosen(rule, item) else item.id
        cases.setdefault((item.attribute, pair, item.part_text, name_base(item)), []).append(item)
    return [
        Case(
            tuple(sorted(items, key=lambda item: metrics.index(item.metric))),
            str(key[3]),
            _count_rows(items[0], by_id),
        )
        for key, items in cases.items()
    ]


def name_base(item: Measurement) -> str:
    """Return the metric of one group whose denominator a comparison rests on."""
    return "selection_rate" if item.metric == IMPACT else base_metric(item.metric)


def is_chosen(rule: Rule, item: Measurement) -> bool:
    """Whether a number sets a group against one that was chosen by looking."""
    return rule.metric in _JUDGED_BY and (item.metric != rule.metric or item.metric == IMPACT)


def _in_scope(rule: Rule, item: Measurement, crossed: Collection[str]) -> bool:
    if item.part is not None and item.part.kind not in (PartKind.CLASS, PartKind.COLUMN):
        return False
    if item.attribute is None:
        return rule.scope == "overall"
    if rule.attribute not in (None, item.attribute) or rule.group not in (None, item.group):
        return False
    own = "intersection" if item.attribute in crossed else "attribute"
    return rule.scope in ("groups", own)


def _count_rows(item: Measurement, by_id: Mapping[str, Measurement]) -> dict[str, int]:
    """Return the rows that each group's own number rests on: a group with many rows may have few
    whose true outcome is favourable."""
    counted = _COUNTED_BY.get(item.check)
    names = [counted] if counted else [name_base(item), "count"]
    rows: dict[str, int] = {}
    for group in (item.group, item.reference_group):
        if group is None or item.attribute is None:
            continue
        for name in names:
            part = None if name in ("count", counted) else item.part
            own = by_id.get(measurement_id(name, item.attribute, group, None, part))
            if own is None:
                continue
            if own.estimate is None:
                rows[group] = 0
            else:
                exact = name in ("count", counted)
                rows[group] = int(own.estimate.value) if exact else own.estimate.n
            break
    return rows


def find_p(rule: Rule, item: Measurement) -> float | None:
    """Return the p-value of a number that a rule bounds: its own of no difference, or, of one
    group's own number, that of keeping the bound, from its interval."""
    if item.p_value is not None:
        return item.p_value
    if item.group is None or item.reference_group is not None or item.estimate is None:
        return None
    broken = next(iter(find_violations(rule, item)), None)
    if broken is None:
        return 1.0
    beyond = abs(item.estimate.value - broken.bound)
    facing = abs(find_near_end(item, broken) - item.estimate.value)
    return float(2 * special.ndtr(-normal_quantile() * beyond / facing)) if facing > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Violation:
    """A bound that a value breaks. lower: the value lies under it, else over it. distance: the
    bound is on how far from zero the value is."""

    status: Status
    bound: float
    lower: bool
    distance: bool


def find_violations(rule: Rule, item: Measurement) -> tuple[Violation, ...]:
    """Return the bounds that a number breaks, the worst first; none where there is no number.

    Of a difference without a lower bound the size counts, whichever way it goes.
    """
    if item.estimate is None:
        return ()
    value, distance = item.estimate.value, is_distance(rule, item.direction)
    found = []
    for status, below, above in (
        (Status.FAIL, rule.fail_below, rule.fail_above),
        (Status.WARN, rule.warn_below, rule.warn_above),
    ):
        if below is not None and value < below:
            found.append(Violation(status, below, lower=True, distance=False))
        elif above is not None and (abs(value) if distance else value) > above:
            found.append(Violation(status, above, lower=False, distance=distance))
    return tuple(found)


def find_near_end(item: Measurement, violation: Violation) -> float:
    """Return the end of a number's interval that lies nearer to the bound that it breaks."""
    assert item.estimate is not None  # it broke a bound
    if violation.lower:
        return item.estimate.high
    if not violation.distance:
        return item.estimate.low
    if item.estimate.value < 0:
        return min(item.estimate.high, 0.0)
    return max(item.estimate.low, 0.0)


def is_cleared(item: Measurement, violation: Violation) -> bool:
    """Whether the whole interval lies beyond the bound that a number breaks."""
    near = find_near_end(item, violation)
    if violation.lower:
        return near < violation.bound
    return (abs(near) if violation.distance else near) > violation.bound


def find_turned(measurements: Iterable[Measurement]) -> frozenset[str]:
    """Return the ids of the impact ratios that one different selection would turn round: those
    of groups that fall short by less than one person (the two are the same, see
    `audits.rules.adverse_impact`; Questions and Answers on the Uniform Guidelines, 21)."""
    return frozenset(
        measurement_id("impact_ratio", item.attribute, item.group, item.reference_group)
        for item in measurements
        if item.metric == "selection_shortfall" and item.value is not None and item.value < 1
    )
