"""What a check reports: one number about one group, pair of groups, slice or the whole data."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from audits.core.report.estimate import Estimate, Frozen, Unavailable
from audits.core.report.parts import Part, PartKind

Unit = Literal[
    "share", "points", "count", "score", "difference", "ratio", "nats", "target", "seconds",
    "columns",
]  # fmt: skip
"""What a value is in: "share" is in [0, 1], "points" a difference of shares, "difference" one of
scores, "target" the target's own unit, "columns" a number of columns."""

Direction = Literal[
    "higher_is_better", "lower_is_better", "closer_to_zero", "closer_to_one", "none"
]


class Measurement(Frozen):
    """One measured number, or the reason why it could not be measured.

    `attribute` is a protected column ("sex"), an intersection ("sex & race") or None for the
    whole data; `group` one of its values ("Female", "Female & Black") or None for a summary
    over all groups, where `group` and `reference_group` name the pair that makes it.
    `p_value` is the probability, if there were no difference between groups, of a gap at least
    as large as the one seen; None where no test is made. `adjusted_for`: for how many comparisons
    at once it was adjusted, so that it may speak of chance where the interval, of this number
    alone, does not; None where it stands alone. `evidence` lists the files
    (relative to the run's folder) from which the number can be recomputed. `left_out` names the
    groups that a summary over groups passes over, because they have too few rows.
    Exactly one of `estimate` and `unavailable` is set.
    """

    id: str = Field(min_length=1)
    check: str
    metric: str
    attribute: str | None = None
    group: str | None = None
    reference_group: str | None = None
    slice: str | None = None
    estimate: Estimate | None = None
    unavailable: Unavailable | None = None
    p_value: float | None = Field(default=None, ge=0, le=1)
    adjusted_for: int | None = Field(default=None, ge=1)
    unit: Unit
    direction: Direction
    evidence: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_result(self) -> Self:
        if (self.estimate is None) == (self.unavailable is None):
            raise ValueError(f"measurement {self.id!r} needs either an estimate or a reason")
        return self

    @model_serializer(mode="wrap")
    def _without_the_empty_result(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        data.pop("unavailable" if self.unavailable is None else "estimate", None)
        if self.adjusted_for is None:
            data.pop("adjusted_for", None)
        if not self.left_out:
            data.pop("left_out", None)
        return data

    @property
    def part(self) -> Part | None:
        """What the number is of, where it is not of everybody."""
        return None if self.slice is None else Part.parse(self.slice, self.check)

    @property
    def part_name(self) -> str:
        """The name of what the number is of, "" where it is of everybody."""
        return "" if self.part is None else self.part.name

    @property
    def part_text(self) -> str:
        """What the number is of with the word for its kind, "" where it is of everybody."""
        return self.slice or ""

    @property
    def part_other(self) -> str:
        """What a method of explanation is held against, "" for nothing."""
        return "" if self.part is None else self.part.other

    def is_of(self, kind: PartKind) -> bool:
        """Whether the number is of a part of this kind."""
        return self.part is not None and self.part.kind is kind

    @property
    def value(self) -> float | None:
        """The point estimate, or None where there is none."""
        return None if self.estimate is None else self.estimate.value


def is_significant(item: Measurement, tests: int = 1) -> bool:
    """Whether chance alone would hardly give this number, at the level of its interval.

    tests: by how many the p-value has to be multiplied (Bonferroni), because as many were looked
    at and it is not adjusted yet. False where there is no number or no test.
    """
    return (
        item.estimate is not None
        and item.p_value is not None
        and item.p_value * tests < 1 - item.estimate.confidence
    )


def measurement_id(
    metric: str,
    attribute: str | None = None,
    group: str | None = None,
    reference_group: str | None = None,
    part: Part | None = None,
) -> str:
    """Return the stable name of a measurement, e.g. `selection_rate_ratio[sex=Female|Male]`."""
    inside = attribute or ""
    if group is not None:
        inside += f"={group}"
    if reference_group is not None:
        inside += f"|{reference_group}"
    name = f"{metric}[{inside}]" if inside else metric
    return name if part is None else f"{name}@{part.text}"
