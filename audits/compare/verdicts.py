"""Verdicts of two runs: which turned, and whether the number behind it did."""

from __future__ import annotations

from collections.abc import Sequence

from audits.compare.comparison import SURE, Change, Family, VerdictChange, Way
from audits.compare.matching import name_family, uses_column
from audits.core.measurement import Measurement
from audits.core.report import AuditReport
from audits.core.verdict import Status, Verdict

_RANK = {Status.PASS: 0, Status.WARN: 1, Status.FAIL: 2}
"""How bad a verdict is; the others do not judge."""

_ORDER = (Way.WORSE, Way.BETTER, Way.OPEN, Way.APPEARED, Way.VANISHED)

Key = tuple[str, ...]


def compare_verdicts(
    before: AuditReport,
    after: AuditReport,
    changes: Sequence[Change],
    left_out: Sequence[str],
) -> tuple[VerdictChange, ...]:
    """Return the verdicts that are not the same in both runs, those that got worse first,
    in each single columns before intersections.

    A verdict is the same one where rule, metric, attribute, group and slice are. Its reference
    group may be another, where a rule takes the group that was selected most; a group that is or
    was that yardstick itself counts as passing there. Verdicts on columns that only one run
    protects are left out.
    """
    old, new = _index(before), _index(after)
    by_id = {item.id: item for item in changes}
    found = []
    for key in dict.fromkeys((*new, *old)):
        one, other = old.get(key), new.get(key)
        if one is not None and other is not None and one[0].status == other[0].status:
            continue
        verdict, item = new[key] if other is not None else old[key]
        if uses_column(item.attribute, left_out):
            continue
        change = by_id.get(verdict.measurement)
        sure = change is not None and change.outcome in SURE
        then, now = (None if side is None else side[0] for side in (one, other))
        way: Way | None = _go(then, now)
        if _was_yardstick(key, new if now is None else old, item):
            # Nobody is set against himself: the yardstick keeps every rule of ratios.
            way = _go_from_yardstick(verdict.status, came=then is None)
        if way is not None:
            found.append(VerdictChange(verdict.rule, then, now, item, way, sure))
    protected = after.subject.data.protected

    def place(change: VerdictChange) -> tuple[int, int]:
        family = name_family(change.item, protected)
        return _ORDER.index(change.way), list(Family).index(family)

    return tuple(sorted(found, key=place))


def _was_yardstick(
    key: Key, other: dict[Key, tuple[Verdict, Measurement]], item: Measurement
) -> bool:
    """Return whether a group without a verdict in the other run was what others were set against
    there. key: of its verdict in this run."""
    if key in other or item.group is None or _is_summary(item):
        return False
    rule, metric, attribute, _, part = key
    return any(
        there.reference_group == item.group
        for (a_rule, a_metric, an_attribute, _, a_part), (_, there) in other.items()
        if (a_rule, a_metric, an_attribute, a_part) == (rule, metric, attribute, part)
    )


def _go_from_yardstick(status: Status, *, came: bool) -> Way | None:
    """Return where a verdict went whose group is, or was, the yardstick; None if nowhere."""
    if status is Status.PASS:
        return None
    if status not in _RANK:
        return Way.OPEN
    return Way.WORSE if came else Way.BETTER


def _index(report: AuditReport) -> dict[Key, tuple[Verdict, Measurement]]:
    found = {}
    for verdict in report.verdicts:
        item = report.by_id[verdict.measurement]
        # A summary's groups are the pair that makes it, which may be another one each time.
        group = None if _is_summary(item) else item.group
        parts = (verdict.rule, item.metric, item.attribute, group, item.slice)
        found[tuple(part or "" for part in parts)] = (verdict, item)
    return found


def _is_summary(item: Measurement) -> bool:
    return item.group is not None and f"={item.group}" not in item.id


def _go(before: Verdict | None, after: Verdict | None) -> Way:
    if before is None:
        return Way.APPEARED
    if after is None:
        return Way.VANISHED
    if before.status not in _RANK or after.status not in _RANK:
        return Way.OPEN
    return Way.WORSE if _RANK[after.status] > _RANK[before.status] else Way.BETTER
