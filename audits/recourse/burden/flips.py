"""A row as if it were of another group: the protected column flipped, and what follows from it.

After Kusner, Loftus, Russell and Silva 2017 (NeurIPS): a decision is counterfactually fair where
it would be the same had the person been of another group. That asks for a causal model. Here
columns are moved to declared values, or by ranks and frequencies: what the model makes of the
moved row is a fact about the model, and no claim about the person.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from audits.core.arrays import FloatArray
from audits.core.settings.recourse import Scalar


def match_column(
    values: pd.Series, ours: pd.Series, theirs: pd.Series, generator: np.random.Generator
) -> pd.Series:
    """Return `values` of one group moved to where they would be in another.

    ours, theirs: the column in the two groups, to learn from. A number takes the value at the
    same rank among `theirs`, a real one. Of the categories as few as possible change, so that
    their shares become those of `theirs`: one that is rarer there is kept with a chance of the
    two shares' quotient, else replaced by one that is more frequent there. Missing values stay,
    and so do all where either group has none that is known.
    """
    known_ours, known_theirs = ours.dropna(), theirs.dropna()
    known = values.notna().to_numpy()
    if not known.any() or not len(known_ours) or not len(known_theirs):
        return values.copy()
    if is_numeric_dtype(values) and not is_bool_dtype(values):
        taken = _match_ranks(values[known], known_ours, known_theirs)
    else:
        taken = _match_shares(values[known], known_ours, known_theirs, generator)
    moved = values.copy()
    moved.iloc[np.flatnonzero(known)] = taken
    return moved


def replace_values(values: pd.Series, pairs: Sequence[tuple[str, Scalar]]) -> pd.Series:
    """Return `values` with each old value of `pairs` (a text, as files have it) made the new one.

    Each value is looked up once, so that two may change places. What is not among the old ones,
    missing values too, stays.
    """
    if is_bool_dtype(values):
        texts = values.astype(str).str.lower()
    elif is_numeric_dtype(values):
        texts = values.astype(np.float64).astype(str)
        pairs = [(str(float(old)), new) for old, new in pairs]
    else:
        texts = values.astype(str)
    moved = values.copy()
    known = values.notna()
    for old, new in pairs:
        here = np.flatnonzero(known & (texts == old))
        if len(here):
            moved.iloc[here] = _read_like(values, new)
    return moved


def _read_like(values: pd.Series, new: Scalar) -> Scalar:
    """Return the new value as the column holds its own."""
    if is_bool_dtype(values):
        return str(new).lower() == "true"
    if is_numeric_dtype(values):
        number = float(new)
        return int(number) if is_integer_dtype(values) else number
    return str(new)


def _match_ranks(values: pd.Series, ours: pd.Series, theirs: pd.Series) -> pd.Series:
    ordered = np.sort(ours.to_numpy(dtype=np.float64))
    numbers = values.to_numpy(dtype=np.float64)
    below = np.searchsorted(ordered, numbers, "left")
    upto = np.searchsorted(ordered, numbers, "right")
    rank = (below + upto) / (2 * len(ordered))
    place = np.minimum((rank * len(theirs)).astype(np.int64), len(theirs) - 1)
    order = np.argsort(theirs.to_numpy(dtype=np.float64), kind="stable")
    return theirs.iloc[order[place]].set_axis(values.index)


def _match_shares(
    values: pd.Series, ours: pd.Series, theirs: pd.Series, generator: np.random.Generator
) -> pd.Series:
    own, other = (part.value_counts(normalize=True) for part in (ours, theirs))
    names = own.index.union(other.index, sort=False)
    share = own.reindex(names, fill_value=0.0).to_numpy(dtype=np.float64)
    wanted = other.reindex(names, fill_value=0.0).to_numpy(dtype=np.float64)
    keep = np.divide(wanted, share, out=np.ones_like(share), where=share > 0)
    codes = names.get_indexer(pd.Index(values))
    stays = (codes < 0) | (generator.random(len(values)) < keep[codes])
    excess = np.maximum(wanted - share, 0.0)
    drawn = np.zeros(len(values), dtype=np.int64)
    if excess.sum() > 0:
        drawn = generator.choice(len(names), size=len(values), p=excess / excess.sum())
    first = theirs.drop_duplicates().set_axis(names.get_indexer(pd.Index(theirs.drop_duplicates())))
    taken = values.copy()
    change = np.flatnonzero(~stays & (excess.sum() > 0))
    if len(change):
        taken.iloc[change] = first.reindex(drawn[change]).array
    return taken


def compute_turned(before: FloatArray, after: FloatArray, threshold: float) -> tuple[int, int]:
    """Return (how many go from turned down to accepted, how many the other way)."""
    accepted, now = before >= threshold, after >= threshold
    return int((~accepted & now).sum()), int((accepted & ~now).sum())
