"""Random draws that the three generators share. All randomness comes from a passed generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]

UNKNOWN = "?"
"""The text that stands for "no value" in the text columns, as in many public data files."""


def compute_logistic(log_odds: Floats) -> Floats:
    """Return the probabilities of `log_odds`, elementwise, in (0, 1)."""
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)), dtype=np.float64)


def draw_categories(rng: np.random.Generator, rows: int, shares: Mapping[str, float]) -> Texts:
    """Return `rows` texts drawn by `shares`, which sum to 1. Raises ValueError if they do not."""
    names = np.array(list(shares), dtype=object)
    return np.asarray(rng.choice(names, size=rows, p=list(shares.values())), dtype=object)


def draw_outcome(rng: np.random.Generator, log_odds: Floats, labels: tuple[str, str]) -> Texts:
    """Return for each row `labels[1]` with probability logistic(`log_odds`), else `labels[0]`."""
    happened = rng.random(len(log_odds)) < compute_logistic(log_odds)
    return np.where(happened, labels[1], labels[0]).astype(object)


def swap_labels(
    rng: np.random.Generator, values: Texts, share: Floats | float, labels: tuple[str, str]
) -> Texts:
    """Return `values` with the two labels exchanged in a random `share` (in [0, 1]) of the rows."""
    swapped = np.where(values == labels[0], labels[1], labels[0])
    return np.where(rng.random(len(values)) < share, swapped, values).astype(object)


def blank_texts(rng: np.random.Generator, values: Texts, share: Floats | float) -> Texts:
    """Return `values` with a random `share` (in [0, 1]) of them replaced by "?"."""
    return np.where(rng.random(len(values)) < share, UNKNOWN, values).astype(object)


def blank_numbers(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    """Return `values` with a random `share` (in [0, 1]) of them missing: empty fields on disk."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def permute_together(frame: pd.DataFrame, columns: Sequence[str], seed: int) -> pd.DataFrame:
    """Return `frame` with `columns` shuffled over the rows, all of them in the same way.

    This is the null hypothesis of a permutation test: every marginal count is exactly what it
    was, and `columns` have no relation to any other column.
    """
    order = np.random.default_rng([seed, 1]).permutation(len(frame))
    dealt = {column: frame[column].to_numpy()[order] for column in columns}
    return frame.assign(**dealt)
