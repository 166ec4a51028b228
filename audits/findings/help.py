"""What would help against a finding: the measured thresholds, offered only where they do."""

from __future__ import annotations

from dataclasses import dataclass

from audits.core.format import format_interval, format_value, plain_text
from audits.core.report.codes import INTERVENTIONS_CHECK
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.report import AuditReport
from audits.core.settings.spec import MitigateSection
from audits.core.words.words import describe
from audits.findings.finding import Finding
from audits.findings.gather import find_worst
from audits.findings.numbers import name_base
from audits.mitigate import GOAL_OF, name_intervention

_NOTHING = "No gap between groups is a finding of this audit, so there is nothing to narrow."
_OTHER = (
    "Thresholds are tried against gaps in selection and in the true and false positive rates; the "
    "finding is about “{rate}”."
)
_WHERE = "on the half of the rows that was not used to choose"
_CROSSED = "Thresholds are tried for one attribute at a time; the finding is about {attribute}."


@dataclass(frozen=True, slots=True)
class Remedy:
    """Thresholds that were tried: one for everybody, or one for each group. offered: whether they
    surely narrow the gap at no more than the stated cost; measurements: what the sentence says."""

    by_group: bool
    offered: bool
    sentence: str
    measurements: tuple[Measurement, ...] = ()


@dataclass(frozen=True, slots=True)
class Help:
    """What would help against the first finding on a group, the offered ways in front. reason: why
    nothing was tried for it, "" where something was."""

    finding: Finding | None
    remedies: tuple[Remedy, ...]
    reason: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer, then what else is to be said."""
        if self.reason:
            return (self.reason,)
        told = [remedy.sentence for remedy in self.remedies]
        if not any(remedy.offered for remedy in self.remedies):
            told[0] = f"Nothing that was tried helps. {told[0]}"
        return tuple(told)


def find_help(report: AuditReport) -> Help | None:
    """Return what helps against the worst finding; None where nothing was measured at all."""
    worst = find_worst(report)
    if worst is None or worst.attribute is None:
        return Help(None, (), _NOTHING)
    tried = {item.attribute for item in report.measurements if item.check == INTERVENTIONS_CHECK}
    if not tried:
        return None
    rate = name_base(report.by_id[worst.measurement])
    if rate not in GOAL_OF:
        return Help(worst, (), _OTHER.format(rate=describe(rate).title))
    if worst.attribute not in tried:
        return Help(worst, (), _CROSSED.format(attribute=plain_text(worst.attribute)))
    remedies = [
        remedy
        for by_group in (False, True)
        if (remedy := _Trial(report, worst, GOAL_OF[rate], by_group).tell()) is not None
    ]
    remedies.sort(key=lambda remedy: not remedy.offered)
    return Help(worst, tuple(remedies)) if remedies else None


@dataclass(frozen=True, slots=True)
class _Trial:
    """One way that was tried against one finding."""

    report: AuditReport
    finding: Finding
    goal: str
    by_group: bool

    def tell(self) -> Remedy | None:
        """Return what it does; None where it was not measured."""
        before, after, change = (
            self._find(name) for name in ("gap_before", "gap_after", "accuracy_change")
        )
        if before is None or after is None or change is None:
            return None
        if before.estimate is None or after.estimate is None or change.estimate is None:
            reason = after.unavailable or before.unavailable or change.unavailable
            why = plain_text(reason.reason) if reason is not None else "it was not measured"
            return Remedy(self.by_group, False, f"{self._way()} does not do it: {why}.")
        numbers = (before, after, change)
        if not _narrows(before.estimate, after.estimate):
            return Remedy(self.by_group, False, self._describe_wider(*numbers), numbers)
        if -change.estimate.value > self._settings().max_cost:
            return Remedy(self.by_group, False, self._describe_dear(*numbers), numbers)
        return Remedy(self.by_group, True, self._describe_offer(*numbers), numbers)

    def _find(self, metric: str) -> Measurement | None:
        """Return a number of this way: of the finding's own pair where that was followed."""
        part = name_intervention(self.goal, self.finding.attribute or "", by_group=self.by_group)
        pair = (self.finding.group, self.finding.reference_group)
        own = measurement_id(metric, self.finding.attribute, *pair, part)
        general = measurement_id(metric, self.finding.attribute, part=part)
        followed = measurement_id("gap_after", self.finding.attribute, *pair, part)
        wanted = own if metric.startswith("gap") and followed in self.report.by_id else general
        return self.report.by_id.get(wanted)

    def _settings(self) -> MitigateSection:
        return MitigateSection.model_validate(self.report.spec.effective.get("mitigate", {}))

    def _way(self) -> str:
        if not self.by_group:
            return "One other threshold for everybody"
        return f"A threshold for each group of {plain_text(self.finding.attribute or '')}"

    def _whose(self, after: Measurement) -> str:
        if after.group is None:
            return f"the widest gap by {plain_text(self.finding.attribute or '')}"
        groups = (plain_text(name or "") for name in (after.group, after.reference_group))
        return "the gap between {} and {}".format(*groups)

    def _describe_wider(self, before: Measurement, after: Measurement, change: Measurement) -> str:
        del change
        return (
            f"{self._way()} does not surely narrow {self._whose(after)}: {_say(before)} would "
            f"become {_say_after(after)}, {_WHERE}."
        )

    def _describe_dear(self, before: Measurement, after: Measurement, change: Measurement) -> str:
        most = format_value(self._settings().max_cost, "points")
        return (
            f"{self._way()} would narrow {self._whose(after)} from {_say(before)} to "
            f"{_say_after(after)}, but {_say_cost(change, would=True)}: more than the {most} that "
            "this audit allows."
        )

    def _describe_offer(self, before: Measurement, after: Measurement, change: Measurement) -> str:
        law = " The law may forbid to decide by group." if self.by_group else ""
        return (
            f"{self._way()} narrows {self._whose(after)} from {_say(before)} to "
            f"{_say_after(after)} and {_say_cost(change)}, {_WHERE}. "
            f"{self._describe_goal()}{law}"
        )

    def _describe_goal(self) -> str:
        """Return whether the goal, which is about all groups, was reached, and why not."""
        part = name_intervention(self.goal, self.finding.attribute or "", by_group=self.by_group)
        name = measurement_id("gap_after", self.finding.attribute, part=part)
        left, most = self.report.by_id.get(name), self._settings().gap
        goal = f"The goal, at most {format_value(most, 'points')} between any two groups,"
        if left is None or left.estimate is None:
            return f"{goal} could not be measured."
        if left.estimate.value <= most:
            sure = "" if left.estimate.high <= most else f", though not surely ({_say_range(left)})"
            return f"{goal} is met{sure}."
        return (
            f"{goal} is missed: {_say_after(left)} remain, because the thresholds were chosen on "
            "other rows, where they kept it."
        )


def _narrows(before: Estimate, after: Estimate) -> bool:
    """Whether what remains is surely less than there was, on the same rows."""
    return max(abs(after.low), abs(after.high)) < before.value


def _say(item: Measurement) -> str:
    return format_value(item.value or 0.0, item.unit)


def _say_range(item: Measurement) -> str:
    assert item.estimate is not None  # asked for numbers alone
    return format_interval(item.estimate, item.unit)


def _say_after(item: Measurement) -> str:
    """Return what remains with its interval; a gap that turned round is said to."""
    value = item.value or 0.0
    turned = " the other way" if value < 0 else ""
    return f"{format_value(abs(value), item.unit)}{turned} ({_say_range(item)})"


def _say_cost(change: Measurement, *, would: bool = False) -> str:
    assert change.estimate is not None  # asked for numbers alone
    low, high, value = change.estimate.low, change.estimate.high, change.estimate.value
    if low <= 0 <= high:
        verb = "leave" if would else "leaves"
        return f"{verb} accuracy about as it is ({_say(change)}, {_say_range(change)})"
    verb = "cost" if value < 0 else "gain"
    size = abs(value)
    ends = sorted((abs(low), abs(high)))
    sized = change.estimate.model_copy(update={"value": size, "low": ends[0], "high": ends[1]})
    return (
        f"{verb if would else verb + 's'} {format_value(size, change.unit)} of accuracy "
        f"({format_interval(sized, change.unit)})"
    )
