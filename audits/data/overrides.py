"""What single rows may change, from a file: `[recourse] overrides`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from audits.core.errors import InputError, near_misses, one_of
from audits.data.files.source import open_source
from audits.data.sql import read_frame

ROLE = "recourse.overrides"
COLUMNS = ("row", "column", "immutable", "low", "high")


def open_overrides(
    connection: duckdb.DuckDBPyConnection, path: str | None, base: Path, names: Sequence[str]
) -> pd.DataFrame | None:
    """Read the file; None where none is declared.

    One line a row and column: `row` (the id as text), `column`, and at least one of `immutable`
    (true or false), `low` and `high` (empty: no end). Returns exactly these five columns.
    names: the data's columns. Raises InputError for a column that the file or the data does not
    have, a value of the wrong kind, or ends in the wrong order.
    """
    if not path:
        return None
    open_source(connection, path, base=base, view="assay_overrides", role=ROLE)
    frame = read_frame(connection, "SELECT * FROM assay_overrides")
    given = [str(name) for name in frame.columns]
    unknown = [name for name in given if name not in COLUMNS]
    if unknown or not {"row", "column"} <= set(given) or len(given) < 3:
        wrong = f" {unknown[0]!r}{near_misses(unknown[0], COLUMNS)}" if unknown else ""
        raise InputError(
            f"{ROLE}: the columns are row, column, and some of immutable, low and high;"
            f" the file has {one_of(given)}" + (f"; it does not know{wrong}" if wrong else "")
        )
    frame = frame.reindex(columns=list(COLUMNS))
    frame["row"] = frame["row"].astype(str)
    frame["column"] = frame["column"].astype(str)
    _check_columns(frame, names)
    frame["immutable"] = _read_booleans(frame["immutable"])
    for end in ("low", "high"):
        frame[end] = _read_numbers(frame[end])
    wrong_order = frame[frame["low"] > frame["high"]]
    if len(wrong_order):
        first = wrong_order.iloc[0]
        raise InputError(
            f"{ROLE}: row {first['row']!r}, column {first['column']!r} goes from "
            f"{first['low']:g} down to {first['high']:g}; give the lower end first"
        )
    return frame


def _check_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in frame["column"].unique() if name not in names]
    if absent:
        hint = near_misses(absent[0], names) or f"; the columns are {one_of(names)}"
        raise InputError(f"{ROLE}: the data has no column {absent[0]!r}{hint}")


def _read_booleans(values: pd.Series) -> pd.Series:
    texts = values.astype(object).where(values.notna(), "false").map(str).str.lower()
    known = texts.map({"true": True, "false": False, "1": True, "0": False})
    if known.isna().any():
        example = str(values[known.isna()].iloc[0])
        raise InputError(f"{ROLE}: immutable is {example!r}; write true or false")
    return known.astype(bool)


def _read_numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    wrong = values[numbers.isna() & values.notna()]
    if len(wrong):
        raise InputError(f"{ROLE}: {values.name} is {str(wrong.iloc[0])!r}, which is no number")
    return numbers
