"""Changes on the same rows: exact on shares of decisions, t on means, resampled on the rest."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import special

from audits.compare.pairs import GroupedPairs, PairedCounts, PairedMeans, group_pairs
from audits.compare.resample import SHARES, Resampler, Share, Statistic
from audits.compare.scale import ChangeTest, compute_t_test, fold
from audits.core.arrays import FloatArray, IntArray
from audits.core.limits import MIN_ROWS_FOR_FAR_TAILS
from audits.core.report.measurement import Direction, Measurement
from audits.core.words.words import base_metric
from audits.cube import DISPARITIES, RATES, Pairs, Rate, compute_paired_change

_MAX_GROUPS = 20_000
_SUMMARIES = {item.name: item for item in DISPARITIES}


class PairedTests:
    """What is known of the rows that both runs have, asked number by number."""

    def __init__(self, pairs: PairedCounts, seed: int) -> None:
        self._pairs = pairs
        self._seed = seed
        self._grouped: dict[str, _Grouping | None] = {}

    def test(self, before: Measurement, after: Measurement) -> ChangeTest | None:
        """Return the change of a number; None where its rows say nothing of it here."""
        if after.part is not None or not after.check.startswith(("performance.", "fairness.")):
            return None
        grouping = self._find(after.attribute or "")
        base = base_metric(after.metric)
        if grouping is None:
            return None
        if base in self._pairs.moments:
            gap = after.reference_group is not None
            return grouping.test_mean_gap(after, base) if gap else grouping.test_mean(after)
        return grouping.test_decisions(after) if self._knows(base) else None

    def _knows(self, base: str) -> bool:
        """Of classes, a decision says only whether it was right; of numbers, nothing."""
        return self._pairs.task == "binary" or (
            self._pairs.task == "multiclass" and base == "accuracy"
        )

    def _find(self, name: str) -> _Grouping | None:
        if name not in self._grouped:
            names = self._pairs.groupings.get(name)
            made = None if names is None else group_pairs(self._pairs, names)
            if made is not None and len(made.labels) > _MAX_GROUPS:
                made = None
            self._grouped[name] = None if made is None else _Grouping(made, self._seed, name)
        return self._grouped[name]


class _Grouping:
    """The rows of one grouping."""

    def __init__(self, grouped: GroupedPairs, seed: int, name: str) -> None:
        self._rows = grouped
        self._seed = seed
        self._name = name
        self._places = {label: place for place, label in enumerate(grouped.labels)}

    @cached_property
    def _draws(self) -> Resampler:
        return Resampler(self._rows, self._seed, self._name)

    def test_decisions(self, item: Measurement) -> ChangeTest | None:
        if item.metric in _SUMMARIES:
            return self._draws.test(_make_summary(item.metric), None)
        place = self._places.get(item.group or "")
        if place is None:
            return None
        if item.reference_group is None:
            rate = RATES.get(item.metric)
            if rate is not None and np.array_equal(rate.rows[:, 0], rate.rows[:, 1]):
                return self._test_share(rate, place)
            statistic = _make_own(item.metric, place)
            return None if statistic is None else self._draws.test(statistic, np.array([place]))
        reference = self._places.get(item.reference_group)
        if reference is None:
            return None
        gap = _make_gap(item.metric, item.direction, place, reference)
        return None if gap is None else self._draws.test(gap, np.array([place, reference]))

    def _test_share(self, rate: Rate, place: int) -> ChangeTest | None:
        """McNemar's exact test (1947, Psychometrika 12:153), Newcombe's paired interval."""
        joint = self._rows.joint[place] * rate.rows[:, 0, None, None]
        hits = rate.hits.astype(bool)
        cells = dict.fromkeys(("both", "gained", "lost", "neither"), 0.0)
        for true in range(3):
            for old in range(2):
                for new in range(2):
                    was, now = hits[true, old], hits[true, new]
                    name = ("both" if now else "lost") if was else ("gained" if now else "neither")
                    cells[name] += float(joint[true, old, new])
        change, low, high = compute_paired_change(Pairs(**cells))
        if not np.isfinite(change):
            return None
        moved = [round(cells[name]) for name in ("gained", "lost")]
        p_value = min(1.0, 2 * float(special.bdtr(min(moved), sum(moved), 0.5)))
        return ChangeTest(change, low, high, p_value, "mcnemar_exact, newcombe_paired")

    def test_mean(self, item: Measurement) -> ChangeTest | None:
        place = self._places.get(item.group or "")
        means = self._rows.means[item.metric]
        if place is None or means.effective[place] < MIN_ROWS_FOR_FAR_TAILS:
            return None
        sign = _find_sign(item.direction, means.before[place], means.after[place])
        values = [float(fold(np.asarray(part[place]), item.direction))
                  for part in (means.before, means.after)]  # fmt: skip
        squared = _variance(means, sign)[place] / means.effective[place]
        freedom = means.effective[place] - 1
        return compute_t_test(values[1] - values[0], float(squared), float(freedom))

    def test_mean_gap(self, item: Measurement, base: str) -> ChangeTest | None:
        """Groups are different rows, so that the errors of their changes add up (Welch)."""
        if item.metric != f"{base}_difference":
            return None
        ends = self._places.get(item.group or ""), self._places.get(item.reference_group or "")
        means = self._rows.means[base]
        if ends[0] is None or ends[1] is None:
            return None
        places: IntArray = np.array(ends, dtype=np.int64)
        rows = means.effective[places]
        if rows.min() < MIN_ROWS_FOR_FAR_TAILS:
            return None
        gaps = [float(part[places[0]] - part[places[1]]) for part in (means.before, means.after)]
        sign = _find_sign(item.direction, *gaps)
        squared = _variance(means, sign)[places] / rows
        weight = float((squared**2 / (rows - 1)).sum())
        freedom = float(squared.sum() ** 2 / weight) if weight > 0 else np.inf
        old, new = (float(fold(np.asarray(gap), item.direction)) for gap in gaps)
        return compute_t_test(new - old, float(squared.sum()), freedom)


def _find_sign(direction: Direction, before: float, after: float) -> int:
    """Return -1 where the size of a number is judged and its sign turned, else 1."""
    return -1 if direction == "closer_to_zero" and before * after < 0 else 1


def _variance(means: PairedMeans, sign: int) -> FloatArray:
    return means.variance_change if sign > 0 else means.variance_sum


def _make_own(metric: str, place: int) -> Statistic | None:
    if metric not in SHARES:
        return None
    return lambda share: share(metric)[:, place]


def _make_gap(metric: str, direction: Direction, place: int, reference: int) -> Statistic | None:
    """Return a gap or ratio of two groups as a function of shares; None for other numbers."""
    if metric == "average_odds_difference":
        odds = ("true_positive_rate", "false_positive_rate")
        return lambda share: fold(
            np.mean([share(name)[:, place] - share(name)[:, reference] for name in odds], axis=0),
            direction,
        )
    base = "selection_rate" if metric == "impact_ratio" else base_metric(metric)
    if base not in SHARES or base == metric:
        return None
    if metric == f"{base}_difference":
        return lambda share: fold(share(base)[:, place] - share(base)[:, reference], direction)

    def ratio(share: Share) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return fold(share(base)[:, place] / share(base)[:, reference], direction)

    return ratio


def _make_summary(metric: str) -> Statistic:
    """Return a summary over all groups, as `audits.cube.disparities` takes it."""
    summary = _SUMMARIES[metric]

    def spread(share: Share) -> FloatArray:
        worst = []
        for name in summary.rates:
            shares = share(name)
            none = np.isnan(shares)
            low = np.where(none, np.inf, shares).min(axis=1)
            high = np.where(none, -np.inf, shares).max(axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                worst.append(high - low if summary.kind == "difference" else low / high)
        worst_first = np.max if summary.kind == "difference" else np.min
        return np.asarray(worst_first(worst, axis=0), dtype=np.float64)

    return spread
