"""What comparing two runs gives: every matched number with its change, every verdict that moved,
and what differs between the runs themselves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from audits.core.estimate import Estimate
from audits.core.measurement import Measurement
from audits.core.report import CheckOutcome
from audits.core.verdict import Verdict

ALPHA = 0.05
"""The chance, over everything that is tested, of one change that is none (Holm, and Bonferroni
over the families)."""


class Outcome(StrEnum):
    """How a number of one run stands to that of the other."""

    WORSENED = "worsened"
    IMPROVED = "improved"
    SHIFTED = "shifted"
    """Changed beyond noise, but neither value is the better one."""
    SAME = "same"
    """No change that noise does not explain; not a proof that there is none."""
    FACT = "fact"
    """A fact about what was read (a count), not an estimate: shown, not tested."""
    ONLY_BEFORE = "only_before"
    ONLY_AFTER = "only_after"
    INCOMPARABLE = "incomparable"


SURE = (Outcome.WORSENED, Outcome.IMPROVED, Outcome.SHIFTED)
"""Changes that noise does not explain."""


class Family(StrEnum):
    """Which numbers are tested together; each family has an equal part of `ALPHA`."""

    OVERALL = "overall"
    GROUPS = "groups"
    INTERSECTIONS = "intersections"
    BEYOND = "beyond"
    """Slices, explanations, ways back and rules."""


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
    (then `way` says worse, better or open). sure: whether the number that it judges changed beyond
    noise. A status can turn where a number moves from just below its bound to just above it, which
    is no change of the model.
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
    numbers were tested. Changes are in the order of the later report.
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

    def find(self, outcome: Outcome) -> tuple[Change, ...]:
        """Return the changes of one outcome, the surest first; mirrored ones are left out."""
        found = [item for item in self.changes if item.outcome is outcome and not item.mirrored]
        return tuple(sorted(found, key=_sureness))

    @property
    def got_worse(self) -> bool:
        """Whether a verdict got worse, or a number beyond noise."""
        return any(item.way is Way.WORSE for item in self.verdicts) or bool(
            self.find(Outcome.WORSENED)
        )


def _sureness(item: Change) -> tuple[int, float, float]:
    """Everybody first, then single columns, then intersections; in each the surest first."""
    size = 0.0 if item.change is None else abs(item.change.value)
    p_value = 1.0 if item.p_value is None else item.p_value
    return list(Family).index(item.family), p_value, -size
