"""The numbers behind a finding: the two groups' own, and how many people the gap between is."""

from __future__ import annotations

from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.report import AuditReport
from audits.core.words.words import base_metric, is_higher_worse
from audits.findings.finding import Affected


def name_base(item: Measurement) -> str:
    """Return the metric of one group that a comparison is of."""
    return "selection_rate" if item.metric == "impact_ratio" else base_metric(item.metric)


def find_sides(item: Measurement) -> tuple[str | None, str | None]:
    """Return who a comparison says is worse off, and compared to whom.

    A gap names the worse off as its group. A difference from a reference group, or a ratio to it,
    goes either way: where the group is better off, it is the reference group that is worse off.
    """
    group, reference = item.group, item.reference_group
    if item.estimate is None or reference is None or is_oriented(item):
        return group, reference
    neutral = 1.0 if item.unit == "ratio" else 0.0
    is_higher = item.estimate.value > neutral
    return (group, reference) if is_higher == is_higher_worse(name_base(item)) else (
        reference, group
    )  # fmt: skip


def is_oriented(item: Measurement) -> bool:
    """Whether a comparison is by how much its group is worse off than a better-off one."""
    return item.metric == "impact_ratio" or item.metric.endswith(("_gap", "_gap_ratio"))


def find_own(report: AuditReport, item: Measurement, group: str | None) -> Measurement | None:
    """Return a group's own number of what a comparison compares, None where there is none."""
    if group is None or item.attribute is None:
        return None
    name = measurement_id(name_base(item), item.attribute, group, None, item.part)
    return report.by_id.get(name)


def find_adjusted(report: AuditReport, item: Measurement) -> tuple[float, int] | None:
    """Return the p-value of a group's comparison after all comparisons that were counted with it,
    and how many: as the policy judged it, else over all groups of all attributes (Bonferroni).
    None where nothing was tested."""
    same = [
        (verdict.adjusted, verdict.comparisons)
        for verdict in report.verdicts
        if verdict.adjusted is not None and verdict.comparisons is not None
        and _is_same(report.by_id[verdict.measurement], item)
    ]  # fmt: skip
    if same:
        return min(same)
    if item.p_value is None:
        return None
    groups = {
        (other.attribute, other.group)
        for other in report.find(item.metric)
        if other.part == item.part
    }
    return min(1.0, item.p_value * len(groups)), len(groups)


def _is_same(one: Measurement, other: Measurement) -> bool:
    """Whether two comparisons are of the same group in the same number, with the same group."""
    return (name_base(one), one.attribute, one.group, one.reference_group, one.part) == (
        name_base(other), other.attribute, other.group, other.reference_group, other.part
    )  # fmt: skip


def measure_affected(report: AuditReport, item: Measurement) -> Affected | None:
    """Return how many people of the group would have been treated otherwise at the other group's
    rate; None for what is no gap in shares, or has no number."""
    own, other = (find_own(report, item, name) for name in find_sides(item))
    if item.estimate is None or own is None or own.estimate is None:
        return None
    if own.unit != "share" or other is None or other.estimate is None:
        return None
    value, low, high = item.estimate.value, item.estimate.low, item.estimate.high
    if item.unit == "ratio":
        compared_to = find_own(report, item, item.reference_group)
        if compared_to is None or compared_to.value is None:
            return None
        rate = compared_to.value
        value, low, high = rate * (value - 1), rate * (low - 1), rate * (high - 1)
    elif not item.metric.endswith(("_gap", "_difference")):
        return None
    turned = item.unit == "ratio" if is_oriented(item) else value < 0
    if turned:
        value, low, high = -value, -high, -low
    people = own.estimate.n
    return Affected(value=people * value, low=people * low, high=people * high)
