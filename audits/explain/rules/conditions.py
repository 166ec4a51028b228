"""Conditions on raw columns: what a rule says, as text, and which rows it holds for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.arrays import BoolArray
from audits.core.format import format_precise, plain_text


@dataclass(frozen=True, slots=True)
class InRange:
    """A number above `above` and up to `up_to` (None: no limit on that side).

    with_missing: rows without a value satisfy it too. Both limits None: it is about missing
    alone, "is missing" with it, "is known" without.
    """

    feature: str
    above: float | None
    up_to: float | None
    with_missing: bool

    def holds(self, frame: pd.DataFrame) -> BoolArray:
        """Return for each row whether the condition holds `[n]`."""
        values = frame[self.feature]
        missing = values.isna().to_numpy(dtype=bool)
        if self.above is None and self.up_to is None:
            return missing if self.with_missing else ~missing
        numbers = pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
        inside = np.ones(len(frame), dtype=bool)
        if self.above is not None:
            inside &= numbers > self.above
        if self.up_to is not None:
            inside &= numbers <= self.up_to
        return (inside | missing) if self.with_missing else (inside & ~missing)

    def render(self) -> str:
        """Return the condition as text, e.g. "28 < age ≤ 37 or missing"."""
        name = plain_text(self.feature)
        low = None if self.above is None else _write(self.above)
        high = None if self.up_to is None else _write(self.up_to)
        if low is None and high is None:
            return f"{name} is {'missing' if self.with_missing else 'known'}"
        ending = " or missing" if self.with_missing else ""
        if low is None:
            return f"{name} ≤ {high}{ending}"
        if high is None:
            return f"{name} > {low}{ending}"
        return f"{low} < {name} ≤ {high}{ending}"


@dataclass(frozen=True, slots=True)
class IsValue:
    """A category or a yes/no column has one value; None stands for missing."""

    feature: str
    value: object

    def holds(self, frame: pd.DataFrame) -> BoolArray:
        """Return for each row whether the condition holds `[n]`."""
        values = frame[self.feature]
        missing = values.isna().to_numpy(dtype=bool)
        if self.value is None:
            return missing
        same = values.astype(object).to_numpy() == self.value
        return np.asarray(same, dtype=bool) & ~missing

    def render(self) -> str:
        """Return the condition as text, e.g. "savings = none"."""
        name = plain_text(self.feature)
        if self.value is None:
            return f"{name} is missing"
        if isinstance(self.value, bool | np.bool_):
            return f"{name} = {'yes' if self.value else 'no'}"
        return f"{name} = {plain_text(str(self.value))}"


Condition = InRange | IsValue


def find_covered(conditions: tuple[Condition, ...], frame: pd.DataFrame) -> BoolArray:
    """Return for each row whether all conditions hold `[n]`; all rows where there are none."""
    covered = np.ones(len(frame), dtype=bool)
    for condition in conditions:
        covered &= condition.holds(frame)
    return covered


def _write(number: float) -> str:
    if number.is_integer() and abs(number) < 1e15:
        return format_precise(number) if abs(number) < 1e5 else f"{int(number):,}"
    return format_precise(number)
