"""`[recourse]`: who is searched a way for, and what a person can act on."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from audits.core.report.estimate import Frozen
from audits.core.settings.rule_text import ColumnRule, parse_moves, parse_rule

Scalar = str | bool | int | float


class SoughtRange(Frozen):
    """Where a predicted value should lie, ends included; at least one end is given."""

    at_least: float | None = None
    """The least predicted value that is sought."""
    at_most: float | None = None
    """The greatest predicted value that is sought."""

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends, infinite where open."""
        low = -math.inf if self.at_least is None else self.at_least
        return low, math.inf if self.at_most is None else self.at_most

    @model_validator(mode="after")
    def _some_values(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both")
        if self.ends[0] > self.ends[1]:
            raise ValueError("at_least is greater than at_most")
        return self


class RecourseSection(Frozen):
    """`[recourse]`: for how many rejected rows counterfactuals are sought, and what may change.

    A protected column that no setting names is immutable, and a person's age only rises.
    """

    engine: Literal["search", "nearest", "reinforcement"] = "search"
    """What finds the answers: "search" tries the changes themselves, "nearest" starts from the
    nearest real row of the wanted outcome, "reinforcement" trains alibi's `CounterfactualRLTabular`
    once and then answers very many rows at once. alibi is under the Business Source License 1.1:
    production use needs a licence from its maker."""
    rows: int = Field(default=200, ge=0)
    """For how many rejected rows an answer is sought; 0 for none."""
    group_rows: int | None = Field(default=None, ge=0)
    """For comparisons between groups more rows are searched, until every group of a protected
    column has so many or all that it has, at most `rows` more a column; by default a quarter of
    `rows`."""
    effort: float | None = Field(default=None, gt=0)
    """The cost at which groups are compared; by default the median cost."""
    target: Scalar | SoughtRange | None = None
    """What is sought where it is not the positive class: a class, or where a predicted value should
    lie, `{ at_least = 10 }`, `{ at_most = 20 }`, or both ends as `[10, 20]`."""
    mutable: tuple[str, ...] = ()
    """Protected columns that may change all the same."""
    immutable: tuple[str, ...] = ()
    """Columns that never change."""
    increase_only: tuple[str, ...] = ()
    """Columns that only rise."""
    decrease_only: tuple[str, ...] = ()
    """Columns that only fall."""
    ranges: Mapping[str, tuple[float, float]] = Field(default_factory=dict)
    """The least and greatest new value of a numeric column: `amount = [500, 20000]`."""
    steps: Mapping[str, float] = Field(default_factory=dict)
    """New values of a numeric column are whole multiples of its step."""
    allowed: Mapping[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    """The values that a column may change to."""
    transitions: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """The only moves between a column's categories: `housing = ["rent -> own"]`."""
    costs: Mapping[str, float | Mapping[str, float]] = Field(default_factory=dict)
    """The price of one unit of a number, of any change of a category, or of transitions: `housing =
    { "rent -> own" = 5 }`."""
    links: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """The columns that follow another one, by what the reference data has."""
    rules: tuple[str, ...] = ()
    """Rules that hold between columns (see `audits.core.settings.rule_text`)."""
    one_hot: Literal["auto"] | tuple[tuple[str, ...], ...] = "auto"
    """The sets of columns that encode one category and move as one; "auto" finds them in the
    reference data (see `audits.recourse.rules.blocks`)."""
    overrides: str | None = None
    """A file about single rows, with the columns `row`, `column`, and `immutable`, `low` or
    `high`."""
    answers: int = Field(default=3, ge=1, le=10)
    """How many different answers a row gets at most."""
    max_changes: int = Field(default=3, ge=1, le=6)
    """How many columns an answer changes at most."""
    max_distance: float | None = Field(default=None, ge=0, le=1)
    """How unlike real rows with the wanted outcome an answer may be, from 0 to 1."""
    min_density: float | None = Field(default=None, ge=0)
    """How dense real rows with the wanted outcome have to lie around an answer: at 1 as dense as
    around the nearest of them."""

    def read_rules(self) -> tuple[ColumnRule, ...]:
        """Return the rules between columns, read."""
        return tuple(parse_rule(text) for text in self.rules)

    def list_followers(self) -> dict[str, tuple[str, ...]]:
        """Return for each leading column those that move with it."""
        return {k: (v,) if isinstance(v, str) else tuple(v) for k, v in self.links.items()}

    def list_named(self) -> dict[str, tuple[str, ...]]:
        """Return the columns that each setting names."""
        followers = [name for names in self.list_followers().values() for name in names]
        return {
            "mutable": self.mutable,
            "immutable": self.immutable,
            "increase_only": self.increase_only,
            "decrease_only": self.decrease_only,
            "ranges": tuple(self.ranges),
            "steps": tuple(self.steps),
            "allowed": tuple(self.allowed),
            "transitions": tuple(self.transitions),
            "costs": tuple(self.costs),
            "links": (*self.links, *followers),
            "rules": tuple(name for rule in self.read_rules() for name in rule.columns),
            "one_hot": tuple(name for names in self.list_blocks() for name in names),
        }

    def list_blocks(self) -> tuple[tuple[str, ...], ...]:
        """Return the sets of columns that are known to move as one."""
        return () if self.one_hot == "auto" else self.one_hot

    def is_following(self, column: str, new: object) -> bool:
        """Whether a column's change to a new value is but a part of another column's change."""
        if any(column in names for names in self.list_followers().values()):
            return True
        return not new and any(column in names for names in self.list_blocks())

    def keep_features(self, features: Collection[str]) -> Self:
        """Return the settings about columns that the model looks at: changing others changes
        nothing."""
        lists = ("mutable", "immutable", "increase_only", "decrease_only")
        tables = ("ranges", "steps", "allowed", "transitions", "costs")
        kept: dict[str, object] = {}
        for name in lists:
            kept[name] = tuple(column for column in getattr(self, name) if column in features)
        for name in tables:
            kept[name] = {k: v for k, v in getattr(self, name).items() if k in features}
        if self.one_hot != "auto":
            kept["one_hot"] = tuple(names for names in self.one_hot if set(names) <= set(features))
        kept["links"] = {k: v for k, v in self.links.items() if k in features}
        read = zip(self.rules, self.read_rules(), strict=True)
        kept["rules"] = tuple(text for text, rule in read if set(rule.columns) <= set(features))
        return self.model_copy(update=kept)

    def check_target(self, task: str, positive: Scalar | None) -> None:
        """Raise ValueError where `target` is none that a task of this kind can have."""
        if self.target is None:
            return
        is_range = isinstance(self.target, SoughtRange)
        if task == "regression" and not is_range:
            raise ValueError("recourse.target: give a range of values, [low, high]")
        if task != "regression" and is_range:
            raise ValueError("recourse.target: give the name of a class, not a range")
        if task == "binary" and str(self.target) != str(positive):
            raise ValueError(
                "recourse.target: a binary audit seeks the positive outcome "
                f"{str(positive)!r}; leave target out"
            )

    @field_validator("target", mode="before")
    @classmethod
    def _pair_is_a_range(cls, given: object) -> object:
        if isinstance(given, list | tuple):
            if len(given) != 2:
                raise ValueError("give a class, [low, high], or at_least and at_most")
            return SoughtRange(at_least=given[0], at_most=given[1])
        return SoughtRange(**given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _values(self) -> Self:
        for name, step in self.steps.items():
            if not 0 < step < math.inf:
                raise ValueError(f"steps.{name}: a step is greater than 0")
        for name, cost in self.costs.items():
            for price in cost.values() if isinstance(cost, Mapping) else (cost,):
                if not 0 <= price < math.inf:
                    raise ValueError(f"costs.{name}: a cost is 0 or greater")
        for name, values in self.allowed.items():
            if not values:
                raise ValueError(f"allowed.{name}: no value; use immutable to keep it as it is")
        return self

    @model_validator(mode="after")
    def _blocks(self) -> Self:
        names = self.list_named()["one_hot"]
        for block in self.list_blocks():
            if len(block) < 2:
                raise ValueError(f"one_hot: {list(block)} names one column; a set has two or more")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"one_hot: {name!r} is in two sets; let it be in one")
            if name in self.list_named()["links"]:
                raise ValueError(f"one_hot: {name!r} is in links too; keep one of them")
        return self

    @model_validator(mode="after")
    def _texts(self) -> Self:
        """Read every rule and transition, so that a slip is told before anything runs."""
        self.read_rules()
        for texts in (
            *self.transitions.values(),
            *(tuple(cost) for cost in self.costs.values() if isinstance(cost, Mapping)),
        ):
            for text in texts:
                parse_moves(text)
        return self

    @model_validator(mode="after")
    def _links_are_plain(self) -> Self:
        followers = [name for names in self.list_followers().values() for name in names]
        for name in followers:
            if followers.count(name) > 1:
                raise ValueError(f"links: {name!r} follows two columns; let it follow one")
            if name in self.links:
                raise ValueError(f"links: {name!r} both leads and follows; link it to one column")
        return self
