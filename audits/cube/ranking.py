"""How well scores rank: ROC AUC with DeLong's interval, average precision, the curves."""

from __future__ import annotations

import numpy as np
from scipy import special

from audits.core.arrays import FloatArray
from audits.core.report.estimate import EXACT
from audits.cube.counts.scored import ScoredCounts
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.intervals.intervals import compute_share_interval, normal_quantile


def compute_auc(counts: ScoredCounts) -> tuple[float, float, float]:
    """Return (AUC, lower, upper): ties count half, DeLong's variance on the logit scale.

    DeLong, DeLong and Clarke-Pearson 1988. Where the ranking is perfect (or perfectly wrong)
    the variance is zero and says nothing: the share interval on the smaller class stands in.
    NaN without rows of both outcomes, or with one row of either for the interval.
    """
    if not counts.both_classes:
        return np.nan, np.nan, np.nan
    p, n = counts.positives, counts.negatives
    all_p, all_n = p.sum(), n.sum()
    placed_p = (np.cumsum(n) - n / 2) / all_n  # share of negatives ranked under a positive
    placed_n = (all_p - np.cumsum(p) + p / 2) / all_p  # share of positives ranked over a negative
    auc = float((p * placed_p).sum() / all_p)
    smaller = np.asarray(min(counts.effective))
    if auc in (0.0, 1.0) or smaller < 2:
        low, high = compute_share_interval(np.asarray(auc), smaller)
        return auc, float(low), float(high)
    spread = 0.0
    for weights, placed, size in (
        (p / all_p, placed_p, counts.effective[0]),
        (n / all_n, placed_n, counts.effective[1]),
    ):
        variance = (weights * (placed - (weights * placed).sum()) ** 2).sum()
        spread += variance / (size - 1)
    half = normal_quantile() * np.sqrt(spread) / (auc * (1 - auc))
    middle = special.logit(auc)
    return auc, float(special.expit(middle - half)), float(special.expit(middle + half))


def compute_auc_bound(counts: ScoredCounts) -> float:
    """Return how far binning can have moved the AUC: half the share of pairs tied in one bin."""
    if not counts.both_classes:
        return 0.0
    tied = (counts.positives * counts.negatives).sum()
    return float(tied / (2 * counts.positives.sum() * counts.negatives.sum()))


def compute_auc_bounds(view: View) -> Values:
    """Return every group's bound on what binning did to its AUC: a fact, not an estimate."""
    values = compute_ranking_metric(view, "roc_auc")
    bound = np.array([compute_auc_bound(counts) for counts in view.scored])
    bound = np.where(np.isnan(values.value), np.nan, bound)
    return Values(bound, bound, bound, values.n, values.effective, EXACT)


def compute_average_precision(counts: ScoredCounts) -> tuple[float, float, float]:
    """Return (average precision, lower, upper): the step sum over falling scores.

    Interval on the logit scale with the number of positives (Boyd, Eng and Page 2013, ECML
    PKDD, section 3.3). NaN without rows of both outcomes.
    """
    if not counts.both_classes:
        return np.nan, np.nan, np.nan
    hits = np.cumsum(counts.positives[::-1])
    chosen = hits + np.cumsum(counts.negatives[::-1])
    precision = np.where(chosen > 0, hits / np.maximum(chosen, 1e-300), 0.0)
    value = float((precision * counts.positives[::-1]).sum() / hits[-1])
    if value in (0.0, 1.0):
        low, high = compute_share_interval(np.asarray(value), np.asarray(counts.effective[0]))
        return value, float(low), float(high)
    half = normal_quantile() / np.sqrt(counts.effective[0] * value * (1 - value))
    middle = special.logit(value)
    return value, float(special.expit(middle - half)), float(special.expit(middle + half))


def compute_ranking_metric(view: View, name: str) -> Values:
    """Return "roc_auc" or "average_precision" of every group."""
    compute = {"roc_auc": compute_auc, "average_precision": compute_average_precision}[name]
    method = {"roc_auc": "delong_logit", "average_precision": "boyd_logit"}[name]
    groups = view.scored
    numbers = np.array([compute(counts) for counts in groups]).reshape(-1, 3)
    n = np.array([sum(counts.rows) for counts in groups], dtype=np.int64)
    effective = np.array([sum(counts.effective) for counts in groups])
    return Values(numbers[:, 0], numbers[:, 1], numbers[:, 2], n, effective, method)


def tabulate_roc(counts: ScoredCounts) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (thresholds, false positive rates, true positive rates), strictest first."""
    hits = np.cumsum(counts.positives[::-1]) / counts.positives.sum()
    alarms = np.cumsum(counts.negatives[::-1]) / counts.negatives.sum()
    thresholds = np.concatenate([[np.inf], counts.scores[::-1]])
    return thresholds, np.concatenate([[0.0], alarms]), np.concatenate([[0.0], hits])


def tabulate_precision_recall(counts: ScoredCounts) -> tuple[FloatArray, FloatArray]:
    """Return (recall, precision), strictest threshold first."""
    hits = np.cumsum(counts.positives[::-1])
    chosen = hits + np.cumsum(counts.negatives[::-1])
    keep = chosen > 0
    return hits[keep] / hits[-1], hits[keep] / chosen[keep]
