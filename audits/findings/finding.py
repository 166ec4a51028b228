"""What a person reads, discusses and acts on: verdicts gathered into who, how much, how sure."""

from __future__ import annotations

from pydantic import Field

from audits.core.report.estimate import Frozen
from audits.core.report.verdict import Cause, Status, Waiver


class Affected(Frozen):
    """How many people would have been treated otherwise at the other group's rate; low and high
    are those of the gap's interval. Below zero for people who are better off."""

    value: float
    low: float
    high: float


class Finding(Frozen):
    """One thing that a rule says of one group, or of the whole data.

    id: stable, e.g. `four-fifths[race=Black]`. groups: who it is about: one group, several where
    none of them has enough rows to be told of by itself, none for the whole data. reference_group:
    whom `measurement`, the leading number, compares them with. part: the class or column that the
    number is of. people: the rows of the group that the number rests on; None for several groups
    and for the whole data. verdicts: the measurements whose verdicts are gathered here, the leading
    one first. adjusted: p-value after counting `comparisons`. under: the finding that explains this
    one (an intersection that is no worse than its attributes make it); None if it stands alone.
    waiver: that which people have accepted it by, for a while.
    """

    id: str
    rule: str
    title: str
    status: Status
    cause: Cause | None
    attribute: str | None = None
    groups: tuple[str, ...] = ()
    reference_group: str | None = None
    part: str | None = None
    measurement: str
    verdicts: tuple[str, ...]
    people: int | None = Field(default=None, ge=0)
    affected: Affected | None = None
    p_value: float | None = None
    adjusted: float | None = None
    comparisons: int | None = None
    under: str | None = None
    waiver: Waiver | None = None

    @property
    def group(self) -> str | None:
        """The group that it is about, None where it is about several or about everybody."""
        return self.groups[0] if len(self.groups) == 1 else None
