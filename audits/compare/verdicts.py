"""Verdicts of two runs: which turned, and whether the number behind it did."""

from __future__ import annotations

from collections.abc import Sequence

from audits.compare.comparison import SURE, Change, Family, Outcome, VerdictChange, Way
from audits.compare.gate import name_breadth
from audits.compare.matching import MIRRORS, uses_column
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Status, Verdict
from audits.core.words.words import base_metric
from audits.cube import DISPARITIES

_RANK = {Status.PASS: 0, Status.WARN: 1, Status.FAIL: 2}
"""How bad a verdict is; the others do not judge."""

_ORDER = (Way.WORSE, Way.BETTER, Way.OPEN, Way.APPEARED, Way.VANISHED)

Key = tuple[str, ...]
Part = tuple[str, str]
"""Attribute and slice."""


def compare_verdicts(
    before: AuditReport,
    after: AuditReport,
    changes: Sequence[Change],
    left_out: Sequence[str],
) -> tuple[VerdictChange, ...]:
    """Return the verdicts that are not the same in both runs, those that got worse first; in
    each those whose number changed, then single columns before intersections.

    A verdict is the same one where rule, rate, attribute, group and slice are. Its reference group
    may be another, where a rule takes the group that is best off; a group that is or
    was that yardstick itself counts as passing there. Verdicts on columns that only one run
    protects are left out.
    """
    old, new = _index(before), _index(after)
    behind = _index_sure(changes)
    found = []
    for key in dict.fromkeys((*new, *old)):
        one, other = old.get(key), new.get(key)
        if one is not None and other is not None and one[0].status == other[0].status:
            continue
        verdict, item = new[key] if other is not None else old[key]
        if uses_column(item.attribute, left_out):
            continue
        then, now = (None if side is None else side[0] for side in (one, other))
        way: Way | None = _go(then, now)
        if _was_yardstick(key, new if now is None else old, item):
            # Nobody is set against himself: the yardstick keeps every rule of ratios.
            way = _go_from_yardstick(verdict.status, came=then is None)
        if way is not None:
            items = [side[1] for side in (one, other) if side is not None]
            near = behind.get(_name_part(item), ())
            sure = any(_is_behind(change, items, way) for change in near)
            found.append(VerdictChange(verdict.rule, then, now, item, way, sure))
    protected = after.subject.data.protected

    def place(change: VerdictChange) -> tuple[int, bool, int]:
        family = name_breadth(change.item, protected)
        return _ORDER.index(change.way), not change.sure, list(Family).index(family)

    return tuple(sorted(found, key=place))


def _index_sure(changes: Sequence[Change]) -> dict[Part, list[Change]]:
    """Return what changed beyond noise and counts, and facts that changed, by where they are."""
    found: dict[Part, list[Change]] = {}
    for item in changes:
        fact = item.outcome is Outcome.FACT and item.change is not None and item.change.value != 0
        if item.outcome in SURE or fact:
            found.setdefault(_name_part(item.shown), []).append(item)
    return found


def _name_part(item: Measurement) -> Part:
    return item.attribute or "", item.part_text


def _is_behind(change: Change, items: Sequence[Measurement], way: Way) -> bool:
    """Return whether a change can have turned a verdict. items: what it judged before and after.

    The number itself can, and so can a rate of the groups that it compares, or another gap of
    theirs: what a group is set against may be another group than before. Gaps must have gone
    the way of the verdict; a rate of the one group may fall or that of the other rise.
    """
    shown, judged = change.shown, items[-1]
    same = shown.id == judged.id
    if not same and not _list_rates(judged.metric) & _list_rates(shown.metric):
        return False
    involved = {name for item in items for name in (item.group, item.reference_group)}
    if not same and not _is_summary(judged) and not involved & {shown.group, shown.reference_group}:
        return False
    if change.outcome is Outcome.FACT or (shown.reference_group is None and not same):
        return True
    against = {Way.WORSE: Outcome.IMPROVED, Way.BETTER: Outcome.WORSENED}.get(way)
    return change.outcome is not against


def _list_rates(metric: str) -> frozenset[str]:
    """Return what a number is made of: `true_positive_rate` of its gaps and summaries."""
    for item in DISPARITIES:
        if item.name == metric:
            return frozenset(item.rates)
    base = "selection_rate" if metric == "impact_ratio" else base_metric(metric)
    return frozenset((MIRRORS.get(base, base),))


def _was_yardstick(
    key: Key, other: dict[Key, tuple[Verdict, Measurement]], item: Measurement
) -> bool:
    """Return whether a group without a verdict in the other run was what others were set against
    there. key: of its verdict in this run."""
    if key in other or item.group is None or _is_summary(item):
        return False
    rule, rates, attribute, _, part = key
    return any(
        there.reference_group == item.group
        for (a_rule, its_rates, an_attribute, _, a_part), (_, there) in other.items()
        if (a_rule, its_rates, an_attribute, a_part) == (rule, rates, attribute, part)
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
        rates = "+".join(sorted(_list_rates(item.metric)))
        parts = (verdict.rule, rates, item.attribute, group, item.part_text)
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
