"""Rules for single rows, from the lines of an overrides file."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from audits.core.errors import InputError, one_of
from audits.recourse.rules.rules import RowLimits


def build_limits(overrides: pd.DataFrame | None, rows: Iterable[str]) -> dict[str, RowLimits]:
    """Return what holds for single rows beyond the rules for all, by row id.

    overrides: `row`, `column`, `immutable`, `low`, `high` (NaN: no end), one line a row and
    column. rows: all ids of the audited data; lines about others are passed over, but where all
    are, InputError is raised.
    """
    if overrides is None or not len(overrides):
        return {}
    known = set(rows)
    limits: dict[str, RowLimits] = {}
    for row, lines in overrides.groupby("row", sort=False):
        if row not in known:
            continue
        fixed = frozenset(lines.loc[lines["immutable"], "column"])
        bounded = lines[lines["low"].notna() | lines["high"].notna()]
        ends = zip(bounded["column"], bounded["low"], bounded["high"], strict=True)
        ranges = {
            str(column): (
                -math.inf if math.isnan(low) else float(low),
                math.inf if math.isnan(high) else float(high),
            )
            for column, low, high in ends
        }
        limits[str(row)] = RowLimits(fixed, ranges)
    if not limits:
        named = overrides["row"].unique()
        raise InputError(
            f"recourse.overrides: none of the rows that it names ({one_of(named, 3)}) is in the "
            "data; rows are named by the id column, or by their number from 0"
        )
    return limits
