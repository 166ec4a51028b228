"""How well columns give away which group a person belongs to.

What a column tells is learned on one half of the rows and measured on the other, so that a column
of chance values tells nothing: a column's values are replaced by the share of the group among the
rows of the first half that have them, and the answer is the AUC of one group against all others.
Two halves, not folds that change roles: what one fold has too much of a group the other has too
little, so that the two answers of a column without any relation go astray together, and an
interval that takes them for independent is too narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from threadpoolctl import threadpool_limits

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.cube import ScoredCounts, compute_auc, reconcile

BINS = 20
"""Numbers are cut at twentieths of the rows that are learned from."""
MAX_CATEGORIES = 250
"""Texts beyond the most frequent ones count as one."""
PRIOR_ROWS = 10.0
"""A share seen in few rows is drawn towards the share of all rows, as if by ten more."""
TREES = 60


@dataclass(frozen=True, slots=True)
class Separation:
    """How well a number tells one group from the others.

    auc: in how many of 100 pairs, one of the group and one of the others, the group's has the
    higher number; ties count half. 0.5 is chance. low, high: DeLong's 95% interval. p_value: of
    the Wilcoxon, Mann and Whitney test that both are alike, corrected for ties and two-sided;
    never under 0.05 where the interval holds 0.5. n: rows measured.
    """

    auc: float
    low: float
    high: float
    p_value: float
    n: int


def compute_separation(scores: FloatArray, inside: BoolArray, *, two_sided: bool) -> Separation:
    """Return how well `scores` `[n_rows]` tell the rows `inside` from the others.

    two_sided: whether lower numbers may tell the group too; a number that was made to be higher in
    it tells nothing where it is lower. Both sides have at least one row; NaN is no score.
    """
    levels, place = np.unique(scores, return_inverse=True)
    hits = np.bincount(place[inside], minlength=len(levels)).astype(np.float64)
    misses = np.bincount(place[~inside], minlength=len(levels)).astype(np.float64)
    n, others = float(hits.sum()), float(misses.sum())
    counts = ScoredCounts(levels, hits, misses, (int(n), int(others)), (n, others))
    auc, low, high = compute_auc(counts)
    total, tied = n + others, hits + misses
    ties = float((tied**3 - tied).sum())
    variance = (total + 1 - ties / (total * (total - 1))) / (12 * n * others)
    p_value = 1.0
    if variance > 0 and len(levels) > 1:
        z = (auc - 0.5) / np.sqrt(variance)
        p_value = min(float(2 * scipy.stats.norm.sf(abs(z) if two_sided else z)), 1.0)
    ends = np.asarray(low), np.asarray(high)
    (near, far), p = reconcile(np.asarray(auc), ends, np.asarray(p_value), neutral=0.5)
    return Separation(auc, float(near), float(far), float(p), int(total))


def encode_column(values: pd.Series, learned: BoolArray) -> IntArray:
    """Return each row's level `[n_rows]` from 0 on, cut where the rows `learned` say; missing is a
    level of its own, and texts that were not learned share one."""
    missing = values.isna().to_numpy(dtype=bool)
    if _is_number(values):
        numbers = _to_numbers(values)
        missing = np.isnan(numbers)
        known = numbers[learned & ~missing]
        edges = _find_edges(known)
        codes = np.searchsorted(edges, numbers, side="right") + 1
    else:
        texts = values.astype(object).where(~missing, "").map(str)
        counts = texts[learned & ~missing].value_counts(sort=False)
        ranked = sorted(counts.index, key=lambda text: (-counts[text], text))[:MAX_CATEGORIES]
        codes = pd.Index(ranked).get_indexer(pd.Index(texts)) + 2
    return np.where(missing, 0, codes).astype(np.int64)


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _to_numbers(values: pd.Series) -> FloatArray:
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _find_edges(known: FloatArray) -> FloatArray:
    """Return where levels begin. A value that fills a bin by itself (0, where most have none) is a
    level of its own: its neighbours may mean something else."""
    distinct, rows = np.unique(known, return_counts=True)
    if len(distinct) <= BINS:
        return distinct[1:]
    wanted = np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf")
    heavy = np.flatnonzero(rows * BINS >= len(known))
    after = distinct[heavy[heavy < len(distinct) - 1] + 1]
    edges: FloatArray = np.unique(np.concatenate([wanted, distinct[heavy], after]))
    return edges


def compute_shares(codes: IntArray, inside: BoolArray, learned: BoolArray) -> FloatArray:
    """Return the share of the group at each row's level `[n_rows]`, in the rows `learned`."""
    levels = int(codes.max(initial=0)) + 1
    rows = np.bincount(codes[learned], minlength=levels)
    hits = np.bincount(codes[learned & inside], minlength=levels)
    overall = inside[learned].mean()
    shares: FloatArray = (hits + PRIOR_ROWS * overall) / (rows + PRIOR_ROWS)
    return shares[codes]


def predict_groups(
    frame: pd.DataFrame, codes: Sequence[IntArray], groups: IntArray, learned: BoolArray, seed: int
) -> FloatArray:
    """Return the chance of every group `[n_rows, n_groups]` from all columns together.

    codes: each column's `encode_column`; numbers are taken as they are. groups: `[n_rows]` from 0
    on, each with learned rows. Boosted trees, learned from the rows `learned` alone, on one thread
    so that the same seed gives the same numbers.
    """
    numeric = [_is_number(frame[name]) for name in frame.columns]
    matrix = np.column_stack(
        [
            _to_numbers(frame[name]) if number else own.astype(np.float64)
            for name, own, number in zip(frame.columns, codes, numeric, strict=True)
        ]
    )
    matrix[~np.isfinite(matrix)] = np.nan
    # Only here: whoever reads runs need not wait for scikit-learn.
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415

    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=15, early_stopping=False, random_state=seed,
        categorical_features=None if all(numeric) else ~np.array(numeric),
    )  # fmt: skip
    with threadpool_limits(1):
        model.fit(matrix[learned], groups[learned])
        found: FloatArray = model.predict_proba(matrix)
    return found


@dataclass(frozen=True, slots=True)
class GroupProxies:
    """What gives one group away. columns: in the order of the frame; together: all of them."""

    columns: tuple[Separation, ...]
    together: Separation


def compute_proxies(
    frame: pd.DataFrame,
    groups: IntArray,
    wanted: Sequence[int],
    generator: np.random.Generator,
    *,
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[GroupProxies, ...]:
    """Return for each wanted group how well each column, and all together, tell it from the others.

    frame: the columns, `[n_rows]`. groups: each row's group from 0 on; rows of -1 are left out.
    wanted: groups that have rows in both halves: see `split_halves`, which takes the same
    generator's first draw.
    """
    kept = groups >= 0
    frame, groups = frame.loc[kept], groups[kept]
    learned = split_halves(len(groups), generator)
    seed = int(generator.integers(2**31))
    codes = []
    for done, name in enumerate(frame.columns):
        codes.append(encode_column(frame[name], learned))
        progress(0.5 * (done + 1) / frame.shape[1])
    present, relabelled = np.unique(groups, return_inverse=True)
    chances = predict_groups(frame, codes, relabelled, learned, seed)
    places = {int(group): place for place, group in enumerate(present)}
    found = []
    for done, group in enumerate(wanted):
        inside = groups == group
        measured = inside[~learned]
        single = tuple(
            compute_separation(
                compute_shares(own, inside, learned)[~learned], measured, two_sided=False
            )
            for own in codes
        )
        own_chance = chances[~learned, places[group]]
        found.append(
            GroupProxies(single, compute_separation(own_chance, measured, two_sided=False))
        )
        progress(0.5 + 0.5 * (done + 1) / len(wanted))
    return tuple(found)


def split_halves(n: int, generator: np.random.Generator) -> BoolArray:
    """Return which rows are learned from `[n]`: a random half."""
    learned: BoolArray = np.zeros(n, dtype=np.bool_)
    learned[generator.permutation(n)[: n // 2]] = True
    return learned
