"""How well one column alone gives the true outcome away.

One scale for every task: of two rows with different outcomes, in what share of pairs does the
column say which is which? 0.5 is chance, 1 gives the outcome away. For yes or no that is the ROC
AUC, for several classes its mean over each class against all others, for numbers the concordance
(Harrell 1982, JAMA 247:2543). What a column tells is learned on one half of the rows and measured
on the other, as in `audits.diagnostics.proxies`, so that chance values tell nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.core.limits import MIN_ROWS_IN_HALF
from audits.core.settings.spec import Task
from audits.cube import compute_share_interval, normal_quantile
from audits.diagnostics.proxies import PRIOR_ROWS, compute_separation, compute_shares, encode_column

_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Concordance:
    """In what share of pairs a column tells which outcome is which, with its 95% interval.
    n: rows measured."""

    auc: float
    low: float
    high: float
    n: int


def compute_leakage(
    values: pd.Series, outcome: NDArray[np.generic], learned: BoolArray, task: Task
) -> Concordance | None:
    """Return how well a column gives the outcome away; None where there are too few rows.

    values: the column, `[n_rows]`. outcome: without missing ones, `[n_rows]`: 0 or 1, class names,
    or numbers. learned: which rows are learned from.
    """
    codes = encode_column(values, learned)
    if task == "regression":
        return _compute_for_numbers(codes, outcome.astype(np.float64), learned)
    if task == "binary":
        return _compute_for_class(codes, outcome.astype(bool), learned)
    classes = [_compute_for_class(codes, outcome == name, learned) for name in np.unique(outcome)]
    return _average([one for one in classes if one is not None])


def _compute_for_class(
    codes: IntArray, inside: BoolArray, learned: BoolArray
) -> Concordance | None:
    for half in (learned, ~learned):
        hits = int(inside[half].sum())
        if min(hits, int(half.sum()) - hits) < MIN_ROWS_IN_HALF:
            return None
    shares = compute_shares(codes, inside, learned)[~learned]
    found = compute_separation(shares, inside[~learned], two_sided=False)
    return Concordance(found.auc, found.low, found.high, found.n)


def _average(classes: Sequence[Concordance]) -> Concordance | None:
    """Return the mean over classes. The classes' numbers rest on the same rows, so that the mean
    of the limits is taken: it holds however they depend on each other."""
    if not classes:
        return None
    auc, low, high = (
        float(np.mean([getattr(one, name) for one in classes])) for name in ("auc", "low", "high")
    )
    return Concordance(auc, low, high, classes[0].n)


def _compute_for_numbers(
    codes: IntArray, outcome: FloatArray, learned: BoolArray
) -> Concordance | None:
    if min(int(learned.sum()), int((~learned).sum())) < 2 * MIN_ROWS_IN_HALF:
        return None
    scores = _compute_mean_ranks(codes, outcome, learned)[~learned]
    return compute_concordance(scores, outcome[~learned])


def _compute_mean_ranks(codes: IntArray, outcome: FloatArray, learned: BoolArray) -> FloatArray:
    """Return the mean rank of the outcome at each row's level `[n_rows]`, in the rows `learned`;
    few rows are drawn towards the middle, as `compute_shares` does."""
    levels = int(codes.max(initial=0)) + 1
    ranks = pd.Series(outcome[learned]).rank(pct=True).to_numpy()
    rows = np.bincount(codes[learned], minlength=levels)
    sums = np.bincount(codes[learned], weights=ranks, minlength=levels)
    means: FloatArray = (sums + PRIOR_ROWS * ranks.mean()) / (rows + PRIOR_ROWS)
    return means[codes]


def compute_concordance(scores: FloatArray, outcome: FloatArray) -> Concordance | None:
    """Return in what share of the pairs of rows with different outcomes the higher score has the
    higher outcome, ties of scores counting half; None where all outcomes are equal.

    Interval: on the logit scale, with the variance of the ratio of two U-statistics from each
    row's own shares (Hoeffding 1948; the delta method). Scores take few different values.
    """
    levels, place = np.unique(scores, return_inverse=True)
    order = np.argsort(outcome, kind="stable")
    agree, pairs = _count_pairs(place[order], outcome[order], len(levels))
    total = pairs.sum()
    if not total:
        return None
    n, value = len(scores), float(agree.sum() / total)
    if value in (0.0, 1.0):
        low, high = compute_share_interval(np.asarray(value), np.asarray(float(n)))
        return Concordance(value, float(low), float(high), n)
    # Each row's part of the numerator minus the value's part of the denominator has mean 0.
    spread = float(((agree - value * pairs) ** 2).sum())
    error = 2 * np.sqrt(spread * n / max(n - 1, 1)) / total
    half = normal_quantile() * error / (value * (1 - value))
    middle = special.logit(value)
    return Concordance(
        value, float(special.expit(middle - half)), float(special.expit(middle + half)), n
    )


def _count_pairs(
    place: IntArray, outcome: FloatArray, levels: int
) -> tuple[FloatArray, FloatArray]:
    """Return for each row, by rising outcome, how many pairs with it agree (ties of scores count
    half), and how many there are with another outcome, `[n_rows]` each."""
    n = len(outcome)
    below = np.searchsorted(outcome, outcome, side="left")
    upto = np.searchsorted(outcome, outcome, side="right")
    agree = np.zeros(n)
    for start in range(0, n, _CHUNK):
        rows = slice(start, min(start + _CHUNK, n))
        for bound, lower in ((below, True), (upto, False)):
            agree[rows] += _count_agreeing(place, bound[rows], place[rows], levels, lower=lower)
    return agree, (below + (n - upto)).astype(np.float64)


def _count_agreeing(
    place: IntArray, bounds: IntArray, own: IntArray, levels: int, *, lower: bool
) -> FloatArray:
    """Return for each of some rows how many rows before `bounds` have a lower level (`lower`), or
    how many from `bounds` on have a higher one; the same level counts half.

    place: all rows' levels, by rising outcome; bounds: rising positions in it.
    """
    first, last = int(bounds[0]), int(bounds[-1])
    counts = np.bincount(place[:first], minlength=levels).astype(np.float64)
    steps = np.zeros((last - first + 1, levels))
    steps[np.arange(1, last - first + 1), place[first:last]] = 1.0
    counted = counts + np.cumsum(steps, axis=0)[bounds - first]
    if not lower:
        counted = np.bincount(place, minlength=levels) - counted
    beside = np.take_along_axis(counted, own[:, None], axis=1)[:, 0]
    upto = np.take_along_axis(np.cumsum(counted, axis=1), own[:, None], axis=1)[:, 0]
    found: FloatArray = upto - beside / 2 if lower else counted.sum(axis=1) - upto + beside / 2
    return found


def describe_relation(values: pd.Series, outcome: pd.Series, task: Task) -> str:
    """Return how a column and the outcome belong together, row by row: "same" (equal values),
    "recoding" (each value stands for one outcome and the other way round, for numbers in the same
    or the reverse order), "determines" (each value goes with one outcome, at least five rows a
    value), or "". Rows without a value or an outcome are left aside.

    values, outcome: `[n_rows]`, as read from the data.
    """
    known = (values.notna() & outcome.notna()).to_numpy(dtype=bool)
    own, true = values[known], outcome[known]
    if len(own) < MIN_ROWS_IN_HALF:
        return ""
    if _are_equal(own, true):
        return "same"
    ordered = pd.api.types.is_numeric_dtype(own)
    codes, levels = pd.factorize(own, sort=ordered)
    truth, outcomes = pd.factorize(true, sort=True)
    pairs = pd.unique(codes.astype(np.int64) * len(outcomes) + truth)
    if len(outcomes) < 2 or len(pairs) > len(levels):
        return ""
    one_to_one = len(levels) == len(outcomes)
    if one_to_one and task == "regression":
        one_to_one = ordered and _is_monotone(pairs // len(outcomes), pairs % len(outcomes))
    if one_to_one:
        return "recoding"
    return "determines" if 5 * len(levels) <= len(own) else ""


def _are_equal(own: pd.Series, true: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(own) and pd.api.types.is_numeric_dtype(true):
        return bool((own.to_numpy(np.float64) == true.to_numpy(np.float64)).all())
    return bool((own.astype(str).to_numpy() == true.astype(str).to_numpy()).all())


def _is_monotone(first: IntArray, second: IntArray) -> bool:
    steps = np.diff(second[np.argsort(first)])
    return bool((steps > 0).all() or (steps < 0).all())
