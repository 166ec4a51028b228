"""A population that is known exactly: every kind of person, how many there are, what happens to them.

All rates are sums over the atoms, so that the truth about a group, a slice or another threshold is
arithmetic and no estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

WORSE_IF_HIGH = ("mean_absolute_error", "relative_mean_absolute_error")
CLASSES = ("low", "mid", "high")
_POINTS, _CHANCES = np.polynomial.hermite_e.hermegauss(80)


@dataclass(frozen=True, slots=True)
class Population:
    """The atoms of a population.

    table: protected columns and features, one row an atom; share: `[n]`, adds up to 1.
    Binary: base is P(y = 1), tpr and fpr P(selected | y); score: the model's score of an atom, or
    None where scores are drawn (`sigmoid` of a normal draw whose mean is the probit of the rate).
    Multiclass: chances `[n, classes]` and the class that the model says; regression: mean and
    spread of prediction minus outcome, and the prediction itself.
    """

    table: pd.DataFrame
    share: Floats
    base: Floats | None = None
    tpr: Floats | None = None
    fpr: Floats | None = None
    score: Floats | None = None
    chances: Floats | None = None
    said: NDArray[np.int64] | None = None
    residual: Floats | None = None
    spread: float = 1.0
    predicted: Floats | None = None

    def all(self) -> Mask:
        """Everybody."""
        return np.ones(len(self.share), dtype=bool)

    def find(self, columns: Mapping[str, str]) -> Mask:
        """Return who has these values."""
        mask = self.all()
        for name, value in columns.items():
            mask &= (self.table[name] == value).to_numpy()
        return mask

    def compute(self, metric: str, mask: Mask | None = None) -> float:
        """Return a rate of those in `mask`, NaN where nobody is in its denominator."""
        values, weight = self._terms(metric)
        weight = weight * self.share if mask is None else weight * self.share * mask
        total = float(weight.sum())
        return float((values * weight).sum()) / total if total > 0 else float("nan")

    def _terms(self, metric: str) -> tuple[Floats, Floats]:
        """Return each atom's mean of a metric, and the share of its people that the metric counts."""
        one = np.ones_like(self.share)
        if self.residual is not None:
            return self._terms_of_residuals(metric), one
        if self.chances is not None:
            return self._terms_of_classes(metric)
        assert self.base is not None and self.tpr is not None and self.fpr is not None
        selected = self.base * self.tpr + (1 - self.base) * self.fpr
        right = self.base * self.tpr + (1 - self.base) * (1 - self.fpr)
        known: dict[str, tuple[Floats, Floats]] = {
            "selection_rate": (selected, one),
            "true_positive_rate": (self.tpr, self.base),
            "false_positive_rate": (self.fpr, 1 - self.base),
            "accuracy": (right, one),
        }
        if metric in known:
            return known[metric]
        if metric == "score_gap":
            return self._mean_score() - self.base, one
        if metric != "positive_predictive_value":
            raise KeyError(metric)
        hits = np.divide(self.base * self.tpr, selected, out=np.zeros_like(selected),
                         where=selected > 0)  # fmt: skip
        return hits, selected

    def _terms_of_residuals(self, metric: str) -> Floats:
        assert self.residual is not None and self.predicted is not None
        if metric == "mean_residual":
            return self.residual
        if metric == "standardized_mean_residual":
            true = self.predicted - self.residual
            centre = float((true * self.share).sum())
            variance = float(((true - centre) ** 2 * self.share).sum()) + self.spread**2
            return self.residual / np.sqrt(variance)
        errors = fold_normal(self.residual, self.spread)
        if metric == "relative_mean_absolute_error":
            return errors / float((errors * self.share).sum())
        if metric == "mean_absolute_error":
            return errors
        raise KeyError(metric)

    def _terms_of_classes(self, metric: str) -> tuple[Floats, Floats]:
        assert self.chances is not None and self.said is not None
        if metric == "accuracy":
            return self.chances[np.arange(len(self.said)), self.said], np.ones_like(self.share)
        name, _, label = metric.partition("@")
        if name != "true_positive_rate":
            raise KeyError(metric)
        place = CLASSES.index(label)
        return (self.said == place).astype(float), self.chances[:, place]

    def _mean_score(self) -> Floats:
        """Return each atom's mean score."""
        if self.score is not None:
            return self.score
        assert self.base is not None and self.tpr is not None and self.fpr is not None
        means = [
            (1 / (1 + np.exp(-(stats.norm.ppf(rate)[:, None] + _POINTS)))) @ _CHANCES
            / _CHANCES.sum()
            for rate in (self.tpr, self.fpr)
        ]  # fmt: skip
        return self.base * means[0] + (1 - self.base) * means[1]

    def decide_at(self, thresholds: Floats) -> Population:
        """Return the same people decided at other thresholds, one an atom."""
        if self.score is not None:
            chosen = (self.score >= thresholds - 1e-12).astype(float)
            return replace(self, tpr=chosen, fpr=chosen)
        assert self.tpr is not None and self.fpr is not None
        with np.errstate(divide="ignore"):
            cut = np.log(thresholds) - np.log1p(-np.minimum(thresholds, 1.0))
        tpr, fpr = (stats.norm.cdf(stats.norm.ppf(rate) - cut) for rate in (self.tpr, self.fpr))
        return replace(self, tpr=tpr, fpr=fpr)


def fold_normal(mean: Floats, spread: float) -> Floats:
    """Return the mean of the distance from zero of a normal variable."""
    z = mean / spread
    return spread * np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2) + mean * (1 - 2 * stats.norm.cdf(-z))
