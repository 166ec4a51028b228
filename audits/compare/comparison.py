"""What comparing two runs gives: every matched number with its change, every verdict that moved,
and what differs between the runs themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.core.report.report import CheckOutcome
from audits.core.report.verdict import Verdict

ALPHA = 0.05
"""The chance, over everything that counts, of one change that is none (Holm, by weight)."""


class Outcome(StrEnum):
    """How a number of one run stands to that of the other."""

    WORSENED = "worsened"
    IMPROVED = "improved"
    SHIFTED = "shifted"
    """Changed beyond noise, but neither value is the better one."""
    SAME = "same"
    """No change that noise does not explain; not a proof that there is none."""
    SLIGHT = "slight"
    """Changed beyond noise, by less than the least change that was asked for."""
    NOTED = "noted"
    """Changed beyond noise, but it does not count (`audits.compare.gate`)."""
    CHOSEN = "chosen"
    """Chosen or searched anew in each run, so that its interval says nothing of a change."""
    FACT = "fact"
    """A fact about what was read (a count), not an estimate: shown, not tested."""
    ONLY_BEFORE = "only_before"
    ONLY_AFTER = "only_after"
    INCOMPARABLE = "incomparable"


SURE = (Outcome.WORSENED, Outcome.IMPROVED, Outcome.SHIFTED)
"""Changes that count and that noise does not explain."""


class Family(StrEnum):
    """Which numbers are tested together, in the order in which they are listed."""

    GROUPS = "groups"
    OVERALL = "overall"
    INTERSECTIONS = "intersections"
    BEYOND = "beyond"
    """What does not count: tested by itself, and shown beside the rest."""


@dataclass(frozen=True, slots=True)
class Change:
    """One number, before and after.

    change: after minus before; of gaps their sizes are subtracted, of ratios what is at most 1 of
    ratio and inverse (`audits.compare.scale.fold`). None where nothing can be subtracted.
    `p_value` is two-sided, of no change; `adjusted` after all that was tested. mirrored:
    another number says the same (the false negative rate of the true positive rate), so that
    lists leave this one out.
    """

    id: str
    before: Measurement | None
    after: Measurement | None
    outcome: Outcome
    family: Family
    change: Estimate | None = None
    p_value: float | None = None
    adjusted: float | None = None
    reason: str = ""
    mirrored: bool = False

    @property
    def shown(self) -> Measurement:
        """The measurement that names the number: the later one where there are two."""
        found = self.after or self.before
        assert found is not None  # one of the two made this change
        return found

    @property
    def counts(self) -> bool:
        """Whether it can make a run worse."""
        return self.family is not Family.BEYOND


class Way(StrEnum):
    """Where a verdict went."""

    WORSE = "worse"
    BETTER = "better"
    OPEN = "open"
    """To or from a verdict that does not judge: too few rows, not applicable."""
    APPEARED = "appeared"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A verdict whose status is not the same in both runs.

    before or after is None where the run does not have it, or where its group was the yardstick
    (then `way` says worse, better or open). sure: whether a number behind it changed beyond noise
    (its own, or where that is set against another group than before, its groups' rates). A status
    can turn where a number moves from just below its bound to just above it, which is no change of
    the model.
    """

    rule: str
    before: Verdict | None
    after: Verdict | None
    item: Measurement
    way: Way
    sure: bool


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A check that one run has and the other has not, or that ended otherwise."""

    code: str
    title: str
    before: CheckOutcome | None
    after: CheckOutcome | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not the same in both runs: a setting, a file. "" where there is none.

    topic: "model", "data", "settings", "policy" or "circumstances".
    """

    topic: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RunRef:
    """Which run it is."""

    id: str
    name: str
    created: str
    rows: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of the same question. `before` is the yardstick, `after` what is judged.

    basis: "paired" (the same rows, number by number where their decisions are known),
    "unpaired" (the same data, but rows could not be matched) or "independent"; `basis_reason`
    says it in a sentence. left_out: protected columns that only one run has. tested: how many
    numbers that count were tested. min_change: the least change that counts. Changes are in the
    order of the later report.
    """

    before: RunRef
    after: RunRef
    basis: str
    basis_reason: str
    left_out: tuple[str, ...]
    changes: tuple[Change, ...]
    verdicts: tuple[VerdictChange, ...]
    checks: tuple[CheckChange, ...]
    differences: tuple[Difference, ...]
    tested: int
    min_change: float = 0.0

    def find(self, outcome: Outcome) -> tuple[Change, ...]:
        """Return the changes of one outcome in the order in which they matter; mirrored ones are
        left out.

        Groups come first, then everybody, then intersections, then what does not count. Within
        each, whoever changed most surely; of one group its own numbers before its gaps, and of
        these the one that changed most at the near end of its interval.
        """
        found = [item for item in self.changes if item.outcome is outcome and not item.mirrored]
        return order_changes(found)

    @property
    def got_worse(self) -> bool:
        """Whether a number that counts got worse beyond noise, or a verdict with its number."""
        return any(item.way is Way.WORSE and item.sure for item in self.verdicts) or any(
            item.outcome is Outcome.WORSENED for item in self.changes
        )


Who = tuple[str, str]
"""A group by its attribute and its name; two empty texts are everybody."""

_LOWER_IS_BETTER = ("false_positive_rate", "mean_absolute_error")
"""Of what gaps are taken of, that of which more is worse for a group."""


def find_who(item: Measurement) -> Who:
    """Return whose number it is; of a gap or ratio, the group that is worse off."""
    if item.attribute is None or item.group is None:
        return item.attribute or "", ""
    if item.reference_group is None or item.value is None:
        return item.attribute, item.group
    neutral = 1.0 if item.direction == "closer_to_one" else 0.0
    ahead = item.value > neutral
    if item.metric.startswith(_LOWER_IS_BETTER):
        ahead = item.value < neutral
    return item.attribute, item.reference_group if ahead else item.group


def order_changes(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return changes in the order in which they matter (`Comparison.find`)."""
    found = list(changes)
    surest: dict[tuple[Family, Who], float] = {}
    for item in found:
        key = item.family, find_who(item.shown)
        surest[key] = max(surest.get(key, 0.0), _measure_sureness(item))

    def rank(item: Change) -> tuple[int, float, Who, bool, bool, float]:
        who = find_who(item.shown)
        return (
            list(Family).index(item.family),
            -surest[item.family, who],
            who,
            item.shown.reference_group is not None,
            item.shown.unit not in ("share", "points"),
            -_measure_near_end(item),
        )

    return tuple(sorted(found, key=rank))


def _measure_near_end(item: Change) -> float:
    """Return how large a change is at the least; 0 where it may be none."""
    if item.change is None or item.change.low <= 0 <= item.change.high:
        return 0.0
    return min(abs(item.change.low), abs(item.change.high))


def _measure_sureness(item: Change) -> float:
    """Return how many half widths of its interval a change is from none."""
    if item.change is None or item.change.value == 0:
        return 0.0
    value = item.change.value
    half = value - item.change.low if value > 0 else item.change.high - value
    return abs(value) / half if half > 0 else inf
