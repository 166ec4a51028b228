"""Whether an intersection is worse off than its attributes explain."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import special

from audits.core.groups import split_crossed, split_group
from audits.core.limits import ALPHA
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.report import AuditReport
from audits.core.words.words import is_higher_worse
from audits.findings.numbers import find_own, find_sides, name_base


def is_worse_than_explained(report: AuditReport, item: Measurement) -> bool:
    """Whether the group of a comparison is surely worse than the sum of its attributes makes it.

    What its attributes explain: each attribute's distance from everybody, added up, of shares on
    the logit scale (women 1 below all, nurses 0.5 below all: female nurses 1.5 below). Sure: beyond
    the standard errors of all parts together, at 5% over all intersections of these attributes.
    The parts share rows, so that this asks for more than is needed. False where a part is missing.
    """
    group = find_sides(item)[0]
    if item.attribute is None or group is None:
        return False
    parts = _find_parts(report, item, group)
    own = find_own(report, item, group)
    if parts is None or own is None or own.estimate is None:
        return False
    whole, *singles = parts
    share = own.unit == "share"
    value, error = _on_scale(own.estimate, share=share)
    base, base_error = _on_scale(whole, share=share)
    told = [_on_scale(part, share=share) for part in singles]
    expected = base + sum(one - base for one, _ in told)
    errors = math.hypot(error, base_error * (len(told) - 1), *(one for _, one in told))
    sign = -1.0 if is_higher_worse(name_base(item)) else 1.0
    tests = len(report.find(name_base(item), attribute=item.attribute, part=item.part))
    needed = -float(special.ndtri(ALPHA / (2 * max(tests, 1))))
    return sign * (expected - value) > needed * errors


def split_parts(report: AuditReport, names: Sequence[str], group: str) -> tuple[str, ...]:
    """Return the groups of two attributes that an intersection's group joins, () for others."""
    if len(names) != 2:
        return ()
    known = [
        {item.group for item in report.measurements if item.attribute == name and item.group}
        for name in names
    ]
    return split_group(group, known)


def _find_parts(report: AuditReport, item: Measurement, group: str) -> Sequence[Estimate] | None:
    """Return everybody's number and each attribute's, None where one is missing."""
    names = split_crossed(item.attribute or "", report.subject.data.protected)
    values = split_parts(report, names, group)
    if not values:
        return None
    base = name_base(item)
    ids = [measurement_id(base, part=item.part)]
    ids += [
        measurement_id(base, name, value, None, item.part)
        for name, value in zip(names, values, strict=True)
    ]
    found = [report.by_id.get(name) for name in ids]
    known = [one.estimate for one in found if one is not None and one.estimate is not None]
    return known if len(known) == len(ids) else None


def _on_scale(estimate: Estimate, *, share: bool) -> tuple[float, float]:
    """Return a number and its standard error, of shares as log-odds kept off 0 and 1."""
    value, low, high = estimate.value, estimate.low, estimate.high
    if share:
        edge = 0.5 / (estimate.n + 1)
        value, low, high = (
            float(special.logit(min(max(part, edge), 1 - edge))) for part in (value, low, high)
        )
    return value, (high - low) / (2 * -float(special.ndtri(ALPHA / 2)))
