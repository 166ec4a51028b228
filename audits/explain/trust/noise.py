"""Rows moved a little: as small a change as a measuring error, within what a column can hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray

SHARE = 0.03
"""Standard deviation of the noise, as a share of the column's own."""
_MAX_DECIMALS = 6


def move_a_little(
    frame: pd.DataFrame, reference: pd.DataFrame, generator: np.random.Generator
) -> pd.DataFrame:
    """Return `frame` with Gaussian noise of `SHARE` of each numeric column's spread.

    Spread and decimals are those of `reference`: a whole number stays whole. Columns of anything
    else, of true and false, and of two or fewer different values stay as they are, missing values
    too; values stay within what the reference rows hold.
    """
    moved = frame.copy()
    for name in frame.columns:
        known = _numbers(reference[name])
        known = known[np.isfinite(known)]
        if len(np.unique(known)) <= 2:
            continue
        values = _numbers(frame[name])
        noise = generator.normal(0.0, SHARE * known.std(), len(values))
        noisy = np.clip((values + noise).round(count_decimals(known)), known.min(), known.max())
        # What lay outside before stays where it was.
        noisy = np.where((values < known.min()) | (values > known.max()), values, noisy)
        moved[name] = noisy.astype(np.float64)
    return moved


def count_decimals(values: FloatArray) -> int:
    """Return how many decimals the finite values of a column have, at most 6."""
    for decimals in range(_MAX_DECIMALS):
        if np.allclose(values, values.round(decimals), rtol=0, atol=10.0 ** -(decimals + 4)):
            return decimals
    return _MAX_DECIMALS


def count_moved(frame: pd.DataFrame, moved: pd.DataFrame) -> int:
    """Return how many rows have a value that is another one after the move."""
    different = np.zeros(len(frame), dtype=np.bool_)
    for name in frame.columns:
        before, after = _numbers(frame[name]), _numbers(moved[name])
        different |= (before != after) & ~(np.isnan(before) & np.isnan(after))
    return int(different.sum())


def _numbers(column: pd.Series) -> FloatArray:
    """Return a column as float64, NaN throughout for anything but numbers."""
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        return np.full(len(column), np.nan)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
