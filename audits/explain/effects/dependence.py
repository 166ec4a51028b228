"""How attributions of one column go with the column's own values: means of bins over all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import FloatArray
from audits.cube import compute_mean_interval

MAX_BINS = 20
"""Bins of a column of numbers, each with about as many rows; as many categories, the largest."""


@dataclass(frozen=True, slots=True, eq=False)
class Binned:
    """Mean attributions by the column's own value, `[n_bins]` each.

    labels: the bins in words; the last may be all other categories, or missing. centre: the mean
    value of a bin's rows; NaN for categories and for missing. mean, low, high: the attributions'
    mean with Student's t interval; NaN ends for a bin of one row. rows: how many.
    """

    labels: tuple[str, ...]
    centre: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    rows: NDArray[np.int64]


def bin_numbers(values: FloatArray, most: int = MAX_BINS) -> tuple[NDArray[np.int64], int]:
    """Return each value's bin `[n]` (-1: missing) and how many bins there are.

    Every value has a bin of its own where there are at most `most` of them, else bins are cut at
    quantiles, so that equal values are never parted.
    """
    known = ~np.isnan(values)
    distinct = np.unique(values[known])
    edges = distinct
    if len(distinct) > most:
        wanted = np.quantile(values[known], np.linspace(0, 1, most + 1)[:-1], method="lower")
        edges = np.unique(wanted)
    bins = np.full(len(values), -1, dtype=np.int64)
    bins[known] = np.searchsorted(edges, values[known], side="right") - 1
    return bins, len(edges)


def compute_numeric(values: FloatArray, parts: FloatArray, missing: str) -> Binned:
    """Return the binned means of a column of numbers; NaN is missing and a bin of its own, named
    `missing`. values, parts: `[n_rows]` each, parts the column's attributions."""
    bins, count = bin_numbers(values)
    gone = bool((bins < 0).any())
    place = np.where(bins < 0, count, bins)
    size = count + gone
    rows = np.bincount(place, minlength=size)
    filled = np.where(np.isnan(values), 0.0, values)
    centre = np.bincount(place, filled, size) / np.maximum(rows, 1)
    low = np.full(size, np.inf)
    high = np.full(size, -np.inf)
    np.minimum.at(low, place, filled)
    np.maximum.at(high, place, filled)
    labels = [
        f"{a:,.4g}" if a == b else f"{a:,.4g} to {b:,.4g}" for a, b in zip(low, high, strict=True)
    ]
    if gone:
        labels[-1], centre[-1] = missing, np.nan
    return _average(tuple(labels), centre, parts, place)


def compute_categories(
    values: NDArray[np.object_], parts: FloatArray, missing: str, other: str
) -> Binned:
    """Return the means by category, the most frequent first; those past `MAX_BINS` are one, named
    `other`, and None is missing, named `missing`."""
    named = np.array([missing if value is None else str(value) for value in values], dtype=object)
    names, place, counts = np.unique(named.astype(str), return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    labels = [str(names[i]) for i in order[:MAX_BINS]]
    if len(order) > MAX_BINS:
        labels[-1] = other
    return _average(
        tuple(labels), np.full(len(labels), np.nan), parts, np.minimum(rank[place], MAX_BINS - 1)
    )


def _average(
    labels: tuple[str, ...], centre: FloatArray, parts: FloatArray, place: NDArray[np.int64]
) -> Binned:
    size = len(labels)
    rows = np.bincount(place, minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(place, parts, size) / rows
        centred = parts - mean[place]
        variance = np.bincount(place, centred**2, size) / (rows - 1)
    low, high = compute_mean_interval(mean, variance, rows.astype(np.float64))
    return Binned(labels, centre, mean, low, high, rows)
