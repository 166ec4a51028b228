"""Which changes a person could act on: the rules that no counterfactual may break."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from audits.core.arrays import BoolArray, FloatArray
from audits.core.settings.recourse import RecourseSection
from audits.core.settings.rule_text import ColumnRule, parse_moves
from audits.recourse.columns import Column
from audits.recourse.rules.blocks import find_blocks
from audits.recourse.rules.relations import find_code
from audits.recourse.rules.rule_checks import check_section


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """`follower` takes `table[value]` when `leader` changes to `value`."""

    leader: str
    follower: str
    table: Mapping[Any, Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Link) and (self.leader, self.follower, dict(self.table)) == (
            other.leader, other.follower, dict(other.table)
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self.leader, self.follower))

    def compute_codes(self, leader: Column, follower: Column, codes: FloatArray) -> FloatArray:
        """Return the follower's codes for the leader's new `codes`; NaN where none is known."""
        known, inverse = np.unique(codes, return_inverse=True)
        values = leader.decode(known)
        found = [self.table.get(value) for value in list(values)]
        moved = np.full(len(known), np.nan)
        here = [place for place, value in enumerate(found) if value is not None]
        moved[here] = follower.encode(pd.Series([found[place] for place in here], dtype=object))
        return moved[inverse]


def learn_links(
    followers: Mapping[str, Sequence[str]], features: Sequence[str], reference: pd.DataFrame
) -> tuple[Link, ...]:
    """Learn for each value of a leading column the most frequent value of each follower.

    Of equally frequent ones the first in the values' own order counts. Links between columns
    that the model does not use are left out.
    """
    links = []
    for leader, names in followers.items():
        for name in names:
            if leader not in features or name not in features:
                continue
            pairs = pd.DataFrame({"leader": reference[leader], "value": reference[name]}).dropna()
            counts = pairs.groupby(["leader", "value"], observed=True).size()
            best = counts.reset_index(name="n").sort_values("n", ascending=False, kind="stable")
            first = best.drop_duplicates("leader")
            table = dict(zip(first["leader"].tolist(), first["value"].tolist(), strict=True))
            links.append(Link(leader, name, table))
    return tuple(links)


Value = str | bool | int | float | None
"""A value as tables store it; None (or NaN) is missing."""
Range = tuple[float, float]
STEP_HAIR = 1e-6
"""A value counts as a whole multiple of a step if it is this share of a step away from one."""


def _none() -> MappingProxyType[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RowLimits:
    """What holds for one row beyond the rules for all: columns that stay, narrower ranges."""

    immutable: frozenset[str] = frozenset()
    ranges: Mapping[str, Range] = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class ActionRules:
    """What may change. A column that no rule names may change to anything.

    A missing value may be left as it is; a change to a missing value is never allowed; a
    missing value of a one-way column or of one with transitions must stay, for nobody knows which
    way a change would go. Leaving a value is always allowed, also where it lies outside its range.

    steps: new values are whole multiples of the step. allowed: new values are among these.
    transitions: the only moves, as (old, new) texts. unit_costs and move_costs: the price of a
    unit or of any change, and of single transitions. links: columns that follow others.
    relations: rules between columns. limits: rules for single rows, by row id. blocks: columns of
    which exactly one is set; setting another unsets it.
    """

    immutable: frozenset[str] = frozenset()
    increase_only: frozenset[str] = frozenset()
    decrease_only: frozenset[str] = frozenset()
    ranges: Mapping[str, Range] = field(default_factory=_none)
    steps: Mapping[str, float] = field(default_factory=_none)
    allowed: Mapping[str, tuple[Value, ...]] = field(default_factory=_none)
    transitions: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=_none)
    unit_costs: Mapping[str, float] = field(default_factory=_none)
    move_costs: Mapping[str, Mapping[tuple[str, str], float]] = field(default_factory=_none)
    links: tuple[Link, ...] = ()
    relations: tuple[ColumnRule, ...] = ()
    limits: Mapping[str, RowLimits] = field(default_factory=_none)
    blocks: tuple[tuple[str, ...], ...] = ()

    def allows(self, column: str, old: Value, new: Value) -> bool:
        """Say whether `column` may go from `old` to `new` (staying is always allowed).

        Rules between columns and for single rows are not looked at.
        """
        return not self.find_broken(column, old, new)

    def find_broken(self, column: str, old: Value, new: Value) -> tuple[str, ...]:
        """Return which settings forbid the move, by name ("immutable", "ranges", ...)."""
        if pd.isna(new):
            return () if pd.isna(old) else ("missing",)
        if not pd.isna(old) and old == new:
            return ()
        if column in self.immutable:
            return ("immutable",)
        low, high = self.ranges.get(column, (-math.inf, math.inf))
        known = not pd.isna(old)
        moves = self.transitions.get(column)
        broken = {
            "ranges": column in self.ranges and not low <= _number(new) <= high,
            "increase_only": column in self.increase_only and not _number(new) > _number(old),
            "decrease_only": column in self.decrease_only and not _number(new) < _number(old),
            "steps": column in self.steps and not _is_multiple(_number(new), self.steps[column]),
            "allowed": column in self.allowed and new not in self.allowed[column],
            "transitions": moves is not None and not (known and (str(old), str(new)) in moves),
        }
        return tuple(name for name, is_broken in broken.items() if is_broken)

    def compute_allowed(self, column: Column, old: FloatArray, new: FloatArray) -> BoolArray:
        """Say which moves are true changes that the rules allow.

        old, new: codes of `column`, broadcast together; `new` is finite. The codes of numbers and
        of yes/no values compare as the values do. As in `allows`, one column at a time.
        """
        name = column.name
        if name in self.immutable:
            return np.zeros(np.broadcast_shapes(old.shape, new.shape), dtype=np.bool_)
        allowed: BoolArray = old != new
        if name in self.ranges:
            low, high = self.ranges[name]
            allowed = allowed & (new >= low) & (new <= high)
        if name in self.increase_only | self.decrease_only:
            allowed = allowed & (new > old if name in self.increase_only else new < old)
        if name in self.steps:
            whole = new / self.steps[name]
            allowed = allowed & (np.abs(whole - np.round(whole)) <= STEP_HAIR)
        if name in self.allowed:
            allowed = allowed & np.isin(new, self.list_codes(column))
        if name in self.transitions:
            on_list = np.zeros(allowed.shape, dtype=np.bool_)
            for one, other in self.transitions[name]:
                on_list |= (old == find_code(column, one)) & (new == find_code(column, other))
            allowed = allowed & on_list
        return allowed

    def list_codes(self, column: Column) -> FloatArray:
        """Return the codes of the values that `allowed` lists for a column and the column has."""
        codes = np.array([find_code(column, value) for value in self.allowed[column.name]])
        known: FloatArray = codes[~np.isnan(codes)]
        return known


def build_rules(
    section: RecourseSection,
    features: Sequence[str],
    reference: pd.DataFrame,
    limits: Mapping[str, RowLimits] | None = None,
) -> ActionRules:
    """Check the settings against the data and return the rules.

    features: the model's columns. A rule on one column may also name a column that only the
    data has (a protected attribute that the model does not use): it then holds by itself.
    limits: rules for single rows, by row id.
    Raises InputError for an unknown column, rules that contradict each other, a one-way rule
    on text, a range on anything but numbers, an empty range, a value or a comparison that the
    column's kind does not have, or a rule between columns that the model does not all use.
    """
    check_section(section, features, reference)
    prices = section.costs
    return ActionRules(
        frozenset(section.immutable),
        frozenset(section.increase_only),
        frozenset(section.decrease_only),
        MappingProxyType(dict(section.ranges)),
        MappingProxyType(dict(section.steps)),
        MappingProxyType({name: tuple(values) for name, values in section.allowed.items()}),
        MappingProxyType(
            {
                name: frozenset(move for text in texts for move in parse_moves(text))
                for name, texts in section.transitions.items()
            }
        ),
        MappingProxyType({k: v for k, v in prices.items() if not isinstance(v, Mapping)}),
        MappingProxyType({k: _read_prices(v) for k, v in prices.items() if isinstance(v, Mapping)}),
        learn_links(section.list_followers(), features, reference),
        tuple(rule for rule in section.read_rules() if set(rule.columns) <= set(features)),
        MappingProxyType(dict(limits or {})),
        _list_blocks(section, features, reference),
    )


def _list_blocks(
    section: RecourseSection, features: Sequence[str], reference: pd.DataFrame
) -> tuple[tuple[str, ...], ...]:
    if section.one_hot != "auto":
        return tuple(names for names in section.one_hot if set(names) <= set(features))
    return find_blocks(reference[list(features)], apart=section.list_named()["links"])


def _read_prices(prices: Mapping[str, float]) -> Mapping[tuple[str, str], float]:
    return MappingProxyType(
        {move: price for text, price in prices.items() for move in parse_moves(text)}
    )


def _number(value: Value) -> float:
    """Return a value that a range or a one-way rule bounds; these name no text columns."""
    return math.nan if value is None else float(value)


def _is_multiple(value: float, step: float) -> bool:
    return abs(value / step - round(value / step)) <= STEP_HAIR
