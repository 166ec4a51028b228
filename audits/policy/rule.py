"""The types of a policy: rules, bounds, and what people have accepted for a while."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from audits.core.limits import MIN_ROWS_TO_JUDGE
from audits.core.report.estimate import Frozen
from audits.core.report.measurement import Direction
from audits.core.report.verdict import Waiver

IN_FORCE = "policy_in_force"
"""Key of a report's effective settings that holds the policy's rules as they were read."""

Scope = Literal["overall", "attribute", "intersection", "groups"]
Bound = Literal["estimate", "interval"]

BOUNDS = ("fail_below", "warn_below", "fail_above", "warn_above")
"""The keys of a rule that bound a value."""


class Rule(Frozen):
    """What one metric may be.

    scope: "overall" judges the whole data's number, or each column's; "attribute" those of single
    protected columns, "intersection" those of combinations, "groups" both of the latter.
    attribute, group: the rule is of this protected column ("sex", "sex & race") or of this one of
    its groups alone. `fail_below`, `warn_below`, `fail_above`, `warn_above` bound the value; see
    `is_band`. bound: "estimate" fails where the estimate is beyond the bound and chance does not
    explain the difference; "interval" where the whole interval is beyond it too.
    A breach means nothing unless each metric of `only_while_below`, for the whole data, is under
    its bound there (one that was not measured counts as under it).
    """

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    metric: str = Field(min_length=1)
    scope: Scope = "groups"
    attribute: str | None = Field(default=None, min_length=1)
    group: str | None = Field(default=None, min_length=1)
    fail_below: float | None = Field(default=None, strict=True)
    warn_below: float | None = Field(default=None, strict=True)
    fail_above: float | None = Field(default=None, strict=True)
    warn_above: float | None = Field(default=None, strict=True)
    bound: Bound = "estimate"
    only_while_below: Mapping[str, Annotated[float, Strict()]] = Field(default_factory=dict)
    source: str = ""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if all(getattr(self, name) is None for name in BOUNDS):
            raise ValueError(f"needs a bound: {', '.join(BOUNDS[:-1])} or {BOUNDS[-1]}")
        return self

    @property
    def has_lower(self) -> bool:
        """Whether the value may be too low."""
        return self.fail_below is not None or self.warn_below is not None

    @property
    def has_upper(self) -> bool:
        """Whether the value may be too high."""
        return self.fail_above is not None or self.warn_above is not None

    @property
    def is_band(self) -> bool:
        """Whether the value is bounded on two sides. An upper bound alone bounds a difference's
        distance from zero; in a band each side bounds the value itself."""
        return self.has_lower and self.has_upper


def is_distance(rule: Rule, direction: Direction) -> bool:
    """Whether a rule's upper bound is on the distance from zero: that of a difference, unless it
    has a lower bound too, which makes each of them a bound of the value itself."""
    return direction == "closer_to_zero" and not rule.is_band


class Policy(Frozen):
    """Rules with the certainty that they ask for.

    alpha: a breach is a finding where its p-value, adjusted by Holm over all comparisons
    of the rule, is under it. min_rows: groups with fewer rows are not judged. least_judged: if
    fewer comparisons of groups were judged, the audit does not pass. waivers: breaches that
    people accept for a while.
    """

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    alpha: float = Field(default=0.05, gt=0, lt=1, strict=True)
    min_rows: int = Field(default=MIN_ROWS_TO_JUDGE, ge=1, strict=True)
    least_judged: int = Field(default=0, ge=0, strict=True)
    rules: tuple[Rule, ...]
    waivers: tuple[Waiver, ...] = ()

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError("two rules have the same name")
        return self

    def list_expired(self, day: date) -> tuple[Waiver, ...]:
        """Return the waivers that no longer hold on a day."""
        return tuple(waiver for waiver in self.waivers if waiver.expires < day)
