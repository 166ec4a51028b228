"""Which changes a person could act on: the rules that no counterfactual may break."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from audits.core.errors import InputError, near_misses, one_of
from audits.core.spec import RecourseSection
from audits.recourse.columns import BoolArray, Column, FloatArray, kind_of

Value = str | bool | int | float | None
"""A value as tables store it; None (or NaN) is missing."""


@dataclass(frozen=True, slots=True)
class ActionRules:
    """What may change. A column that no rule names may change to anything.

    A missing value may be left as it is; a change to a missing value is never allowed; a
    missing value of a one-way column must stay, for nobody knows which way a change would go.
    Leaving a value is always allowed, also where it lies outside its range.
    """

    immutable: frozenset[str] = frozenset()
    increase_only: frozenset[str] = frozenset()
    decrease_only: frozenset[str] = frozenset()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))

    def allows(self, column: str, old: Value, new: Value) -> bool:
        """Say whether `column` may go from `old` to `new` (staying is always allowed)."""
        if pd.isna(new):
            return bool(pd.isna(old))
        if not pd.isna(old) and old == new:
            return True
        if column in self.immutable:
            return False
        low, high = self.ranges.get(column, (-math.inf, math.inf))
        inside = column not in self.ranges or low <= _number(new) <= high
        up = column not in self.increase_only or _number(new) > _number(old)
        down = column not in self.decrease_only or _number(new) < _number(old)
        return inside and up and down

    def compute_allowed(self, column: Column, old: FloatArray, new: FloatArray) -> BoolArray:
        """Say which moves are true changes that the rules allow.

        old, new: codes of `column`, broadcast together; `new` is finite. The codes of numbers and
        of yes/no values compare as the values do.
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
        return allowed


def build_rules(
    section: RecourseSection, features: Sequence[str], reference: pd.DataFrame
) -> ActionRules:
    """Check the settings against the data and return the rules.

    features: the model's columns. A rule may also name a column that only the data has (a
    protected attribute that the model does not use): it then holds by itself.
    Raises InputError for an unknown column, rules that contradict each other, a one-way rule
    on text, a range on anything but numbers, or an empty range.
    """
    known = list(dict.fromkeys([*features, *map(str, reference.columns)]))
    named = {
        "immutable": section.immutable,
        "increase_only": section.increase_only,
        "decrease_only": section.decrease_only,
        "ranges": tuple(section.ranges),
    }
    for rule, names in named.items():
        for name in names:
            _check_known(rule, name, known)
    _check_contradictions(named)
    _check_kinds(named, reference)
    for name, (low, high) in section.ranges.items():
        if low > high:
            raise InputError(
                f"recourse.ranges: {name!r} goes from {low:g} down to {high:g}; "
                "give the lower end first"
            )
    return ActionRules(
        frozenset(section.immutable),
        frozenset(section.increase_only),
        frozenset(section.decrease_only),
        MappingProxyType(dict(section.ranges)),
    )


def _number(value: Value) -> float:
    """Return a value that a range or a one-way rule bounds; these name no text columns."""
    return math.nan if value is None else float(value)


def _check_known(rule: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        hint = near_misses(name, known) or f"; the columns are {one_of(known)}"
        raise InputError(f"recourse.{rule}: the data has no column {name!r}{hint}")


def _check_contradictions(named: Mapping[str, Sequence[str]]) -> None:
    pairs = [
        ("immutable", "increase_only"),
        ("immutable", "decrease_only"),
        ("immutable", "ranges"),
        ("increase_only", "decrease_only"),
    ]
    for one, other in pairs:
        both = [name for name in named[one] if name in named[other]]
        if both:
            raise InputError(
                f"recourse: column {both[0]!r} is in both {one} and {other}; keep one of them"
            )


def _check_kinds(named: Mapping[str, Sequence[str]], reference: pd.DataFrame) -> None:
    allowed = {
        "increase_only": {"number", "boolean"},
        "decrease_only": {"number", "boolean"},
        "ranges": {"number"},
    }
    for rule, kinds in allowed.items():
        for name in named[rule]:
            if name in reference.columns and kind_of(reference[name]) not in kinds:
                raise InputError(
                    f"recourse.{rule}: column {name!r} does not hold numbers, so it has no "
                    "up, down or range; use immutable to keep it as it is"
                )
