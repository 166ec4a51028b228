"""Judging: measurements in, verdicts out. A difference that chance explains is never a finding, and
no group's size changes what is said of another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from audits.core.report.measurement import Measurement
from audits.core.report.verdict import SEVERITY, Cause, Status, Verdict, Waiver
from audits.policy.judging.cases import (
    Case,
    Violation,
    find_turned,
    find_violations,
    is_cleared,
    list_cases,
)
from audits.policy.judging.multiplicity import Counted, count_comparisons
from audits.policy.judging.power import Needed, count_needed
from audits.policy.judging.reasons import (
    render_excused,
    render_kept,
    render_small,
    render_turned,
    render_unavailable,
    render_uncertain,
    render_violation,
    render_within,
)
from audits.policy.rule import Policy, Rule


def compute_verdicts(
    policy: Policy, measurements: Sequence[Measurement], day: date | None = None
) -> tuple[Verdict, ...]:
    """Judge every group, and every number of the whole data, that a rule speaks of; worst first,
    else in the rules' order.

    Rules on summaries over groups and on impact ratios are judged group by group, each against
    the groups that are better off. A violation of a bound is a finding where the p-value of "no
    difference", adjusted by Holm over all comparisons that the policy makes of groups that are
    large enough, is under `policy.alpha`, so that an audit without any true difference accuses
    anybody with a chance of at most alpha; without a test, where the whole interval lies on the
    wrong side of "no difference" (or of the bound itself, for one group's or the whole data's own
    number). A violation that is not is `insufficient`, and so is every group of which fewer than
    `policy.min_rows` rows are in the number's denominator, and an impact ratio that one different
    selection would turn round.

    day: that of the audit. The policy's waivers that hold on it are applied to the violations that
    they are of; without a day none is.
    """
    turned = find_turned(measurements)
    verdicts: list[Verdict] = []
    judged = [(rule, list_cases(rule, measurements)) for rule in policy.rules]
    found = count_comparisons(judged, policy.min_rows)
    for (rule, cases), counted in zip(judged, found, strict=True):
        excuse = _find_excuse(rule, measurements)
        judge = _Judge(policy, rule, counted, turned, excuse)
        verdicts += [judge.judge(case) for case in cases]
    if day is not None:
        verdicts = apply_waivers(policy, verdicts, measurements, day)
    return tuple(sorted(verdicts, key=lambda verdict: _rank(verdict.status)))


def _find_excuse(rule: Rule, measurements: Iterable[Measurement]) -> Measurement | None:
    """Return the number of the whole data that makes a violation of the rule no finding."""
    bounds = rule.only_while_below
    return next(
        (
            item
            for item in measurements
            if item.metric in bounds and item.attribute is None and item.part is None
            and item.value is not None and item.value >= bounds[item.metric]
        ),
        None,
    )  # fmt: skip


def _rank(status: Status) -> int:
    return SEVERITY.index(status)


class _Judge:
    """One rule at work."""

    def __init__(
        self,
        policy: Policy,
        rule: Rule,
        counted: Counted,
        turned: frozenset[str],
        excuse: Measurement | None,
    ) -> None:
        self._policy = policy
        self._rule = rule
        self._counted = counted
        self._turned = turned
        self._excuse = excuse

    def judge(self, case: Case) -> Verdict:
        """Return the verdict on one group, by the first of its numbers that decides."""
        known = [item for item in case.items if item.estimate is not None]
        broken = [
            (item, found[0]) for item in known if (found := find_violations(self._rule, item))
        ]
        small = case.smallest()
        if small is not None and small[1] < self._policy.min_rows:
            needed = self._count_needed(broken[0][0], small) if broken else None
            item = known[0] if known else case.first
            reason = render_small(case, item, self._policy.min_rows, needed)
            return self._conclude(item, Status.INSUFFICIENT, Cause.SMALL, reason)
        if not known:
            reason = render_unavailable(case.first)
            return self._conclude(case.first, Status.NOT_APPLICABLE, Cause.UNAVAILABLE, reason)
        if not broken:
            reason = render_kept(known[0], self._nearest_bound(known[0]))
            return self._conclude(known[0], Status.PASS, Cause.KEPT, reason)
        if self._excuse is not None:
            item, violation = broken[0]
            reason = render_excused(item, violation.bound, self._excuse)
            return self._conclude(item, Status.PASS, Cause.EXCUSED, reason, violation)
        return self._judge_violations(case, broken)

    def _judge_violations(
        self, case: Case, broken: Sequence[tuple[Measurement, Violation]]
    ) -> Verdict:
        ranked = sorted(self._list_candidates(broken), key=lambda one: _rank(one[1].status))
        sure = [
            one for one in ranked if one[0].id not in self._turned and self._is_significant(*one)
        ]
        for item, violation in sure:
            if self._rule.bound == "estimate" or is_cleared(item, violation):
                reason = render_violation(item, violation.bound, self._counted)
                return self._conclude(item, violation.status, Cause.BREACH, reason, violation)
        item, violation = sure[-1] if sure else broken[0]
        if item.id in self._turned:
            reason = render_turned(item, violation.bound)
            return self._conclude(item, Status.INSUFFICIENT, Cause.TURNED, reason, violation)
        needed = self._count_needed(item, case.smallest())
        if sure:
            reason = render_within(item, violation.bound)
        else:
            reason = render_uncertain(
                item, violation.bound, self._counted, needed, self._policy.alpha
            )
        return self._conclude(item, Status.INSUFFICIENT, Cause.UNCERTAIN, reason, violation)

    def _list_candidates(
        self, broken: Sequence[tuple[Measurement, Violation]]
    ) -> list[tuple[Measurement, Violation]]:
        """Return what could be the verdict: of each number its worst violation, and, where
        intervals have to clear a bound, the milder ones too."""
        if self._rule.bound == "estimate":
            return list(broken)
        return [(item, one) for item, _ in broken for one in find_violations(self._rule, item)]

    def _is_significant(self, item: Measurement, violation: Violation) -> bool:
        """Whether chance does not explain a violation."""
        assert item.estimate is not None  # it broke a bound
        adjusted = self._counted.adjusted.get(item.id)
        if adjusted is not None:
            return adjusted < self._policy.alpha
        if item.reference_group is None:
            return is_cleared(item, violation)
        low, high = item.estimate.low, item.estimate.high
        neutral = 1.0 if item.unit == "ratio" else 0.0
        return not low <= neutral <= high

    def _count_needed(self, item: Measurement, smallest: tuple[str, int] | None) -> Needed | None:
        return count_needed(
            item, self._counted.adjusted.get(item.id), smallest, self._policy.alpha,
            self._policy.min_rows,
        )  # fmt: skip

    def _nearest_bound(self, item: Measurement) -> float | None:
        """Return the bound that a kept value comes nearest to."""
        rule = self._rule
        lower = rule.fail_below if rule.fail_below is not None else rule.warn_below
        upper = rule.fail_above if rule.fail_above is not None else rule.warn_above
        if lower is None or upper is None:
            return lower if lower is not None else upper
        value = item.value or 0.0
        return lower if value - lower < upper - value else upper

    def _conclude(
        self,
        item: Measurement,
        status: Status,
        cause: Cause,
        reason: str,
        violation: Violation | None = None,
    ) -> Verdict:
        adjusted = self._counted.adjusted.get(item.id)
        return Verdict(
            rule=self._rule.name,
            status=status,
            measurement=item.id,
            threshold=self._nearest_bound(item) if violation is None else violation.bound,
            reason=reason,
            cause=cause,
            adjusted=adjusted,
            comparisons=None if adjusted is None else self._counted.comparisons,
        )


# Waivers on verdicts: what people have accepted is shown, and does not fail the audit.


def apply_waivers(
    policy: Policy, verdicts: Iterable[Verdict], measurements: Sequence[Measurement], day: date
) -> list[Verdict]:
    """Return the verdicts, those that broke a rule with the waiver that holds for them on a day.

    Of several, that which is of the fewest groups.
    """
    valid = [waiver for waiver in policy.waivers if waiver.expires >= day]
    if not valid:
        return list(verdicts)
    by_id = {item.id: item for item in measurements}
    waived = []
    for verdict in verdicts:
        found = None
        if verdict.status in (Status.FAIL, Status.WARN):
            found = _find_waiver(valid, verdict, by_id[verdict.measurement])
        waived.append(verdict if found is None else verdict.model_copy(update={"waiver": found}))
    return waived


def _find_waiver(waivers: Sequence[Waiver], verdict: Verdict, item: Measurement) -> Waiver | None:
    fitting = [
        waiver
        for waiver in waivers
        if waiver.rule == verdict.rule
        and waiver.attribute in (None, item.attribute)
        and waiver.group in (None, item.group)
    ]
    return min(fitting, key=lambda one: (one.group is None, one.attribute is None), default=None)
