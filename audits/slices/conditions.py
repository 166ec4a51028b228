"""Conditions read back from the words that slices are listed with, and the rows that meet them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.core.errors import InputError
from audits.data import AuditTable, Column
from audits.slices.cuts import Mask

BATCH = 65_536
_NUMBER = r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|inf)"
_LOW, _HIGH = f"(?P<low>{_NUMBER})", f"(?P<high>{_NUMBER})"
_IS = re.compile(f"= ({_NUMBER})")
_UNDER, _OVER = re.compile(f"under {_HIGH}"), re.compile(f"{_LOW} and over")
_BETWEEN = re.compile(f"{_LOW} to under {_HIGH}")
_MISSING = "is missing"


@dataclass(frozen=True, slots=True)
class Condition:
    """What the rows of a slice have in one column.

    low, high: numbers from `low` on and under `high` (None: no end). text: the value of a column
    of texts. missing: no value; the others are then None.
    """

    column: Column
    low: float | None = None
    high: float | None = None
    text: str | None = None
    missing: bool = False

    def find(self, values: pa.Array) -> Mask:
        """Return which values meet it `[n]`: float64 values (NaN is missing) or strings."""
        if self.column.is_numeric:
            numbers = values.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
            known: Mask = ~np.isnan(numbers)
            if self.missing:
                return ~known
            inside = known
            if self.low is not None:
                inside &= numbers >= self.low
            if self.high is not None:
                inside &= numbers < self.high
            return inside
        found = pc.is_null(values) if self.missing else pc.equal(values, self.text)
        met: Mask = pc.fill_null(found, False).to_numpy(zero_copy_only=False)
        return met


def parse_condition(words: str, columns: Sequence[Column]) -> Condition:
    """Return the condition that `words` say, as `Cut.words` writes them: "age under 25",
    "age 25 to under 40", "age 40 and over", "visits = 3", "district = Harbour", "age is missing".

    Where several columns' names begin the words, the longest that makes sense is meant. Raises
    InputError where none does.
    """
    for column in sorted(columns, key=lambda one: -len(one.name)):
        if words.startswith(f"{column.name} "):
            found = _parse(words[len(column.name) + 1 :], column)
            if found is not None:
                return found
    raise InputError(
        f"condition {words!r} is not understood; write a column of the data and what it holds, "
        'e.g. "age under 25", "age 25 to under 40", "age 40 and over", "district = Harbour" or '
        '"age is missing"'
    )


def _parse(rest: str, column: Column) -> Condition | None:
    if rest == _MISSING:
        return Condition(column, missing=True)
    if not column.is_numeric:
        return Condition(column, text=rest[2:]) if rest.startswith("= ") else None
    if match := _IS.fullmatch(rest):
        value = float(match[1])
        above = float(np.nextafter(value, np.inf))
        return Condition(column, value, above if above > value else None)
    for pattern in (_UNDER, _OVER, _BETWEEN):
        if match := pattern.fullmatch(rest):
            ends = {name: float(text) for name, text in match.groupdict().items()}
            return Condition(column, ends.get("low"), ends.get("high"))
    return None


def find_rows(table: AuditTable, conditions: Sequence[Condition]) -> Mask:
    """Return which rows meet all conditions `[table.rows]`; all of them where there are none."""
    met: Mask = np.ones(table.rows, dtype=np.bool_)
    columns = [condition.column for condition in conditions]
    start = 0
    if not conditions:
        return met
    for batch in table.column_batches(columns, BATCH):
        part = met[start : start + batch.num_rows]
        for condition, values in zip(conditions, batch.columns, strict=True):
            part &= condition.find(values)
        start += batch.num_rows
    return met
