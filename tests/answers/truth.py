"""What is true of a scenario, by rule and group: rates of the population, gaps, harms that must be
found, shares of columns. Nothing here reads the audit's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import factorial, sqrt

import numpy as np
import pandas as pd

from tests.answers.generate import FEATURES, Harm, Scenario
from tests.answers.population import CLASSES, WORSE_IF_HIGH, Floats, Mask, Population

RATES: Mapping[str, tuple[str, ...]] = {
    "impact_ratio": ("selection_rate",),
    "demographic_parity_difference": ("selection_rate",),
    "demographic_parity_ratio": ("selection_rate",),
    "equal_opportunity_difference": ("true_positive_rate",),
    "equalized_odds_difference": ("true_positive_rate", "false_positive_rate"),
    "equalized_odds_ratio": ("true_positive_rate", "false_positive_rate"),
    "predictive_parity_difference": ("positive_predictive_value",),
}
"""The rates that a rule compares; others compare the rate that their name begins with."""

BOUNDS: Mapping[str, tuple[tuple[str, float, float], ...]] = {
    "four-fifths": (("impact_ratio", 0.8, 0.9), ("equal_opportunity_difference", 1.0, 0.1)),
    "equalized-odds": (("equalized_odds_difference", 0.1, 0.05),
                       ("predictive_parity_difference", 1.0, 0.1)),
    "multiclass": (("accuracy_gap", 0.1, 0.05),
                   *((f"equal_opportunity_difference@{name}", 0.2, 0.1) for name in CLASSES)),
    "regression": (("standardized_mean_residual_gap", 0.2, 0.1),
                   ("relative_mean_absolute_error_gap", 0.5, 0.25)),
}  # fmt: skip
"""The presets' rules on groups: metric, and where it fails and warns (1.0: it never does)."""

MIN_ROWS = 30
LARGE, SIZE, MARGIN = 1000, 0.1, 0.04
"""A harm must be found where it is of 10 points or more, in a group (and with others to compare it
with) of 1,000 rows or more, and 4 points or more beyond a bound: for less, an honest audit may see
a value within the bound."""
TOLERANCE = 0.02
"""Of two groups, one is the worse off only where its gap is wider by two points and by two standard
errors of the difference of what an audit can see."""


def list_rates(metric: str) -> tuple[str, ...]:
    """Return the rates that a metric or rule compares; "@" stands before a class."""
    name, at, label = metric.partition("@")
    found = RATES.get(name)
    if found is None:
        for ending in ("_gap_ratio", "_gap", "_difference", "_ratio"):
            if name.endswith(ending):
                name = name.removesuffix(ending)
                break
        found = (name,)
    return tuple(f"{rate}{at}{label}" for rate in found)


@dataclass(frozen=True, slots=True)
class Harmful:
    """How wide a gap in one unit is that must be found, and by how much beyond a bound."""

    size: float
    margin: float


def find_scale(rate: str) -> Harmful:
    """Return what must be found in a rate: see `LARGE`; of predictions three tenths of a standard
    deviation, or as much in the target's unit as that is at least."""
    if rate == "standardized_mean_residual":
        return Harmful(0.3, 0.1)
    if rate == "relative_mean_absolute_error":
        return Harmful(0.5, 0.2)
    return (
        Harmful(1.0, 0.3)
        if rate in ("mean_residual", "mean_absolute_error")
        else Harmful(SIZE, MARGIN)
    )


@dataclass(frozen=True, slots=True)
class Group:
    """One group in truth. n: rows of the sample in the rate's denominator; value: of the
    population; variance: of the rate that a sample of n rows shows."""

    attribute: str
    name: str
    rate: str
    n: int
    value: float
    variance: float


def _is_of_decisions(metric: str) -> bool:
    return set(list_rates(metric)) <= {"selection_rate"}


class Truth:
    """All that is true of one scenario and its sample."""

    def __init__(self, scenario: Scenario, rows: pd.DataFrame) -> None:
        self.scenario = scenario
        self.rows = rows
        self.people: Population = scenario.population

    @cached_property
    def groupings(self) -> tuple[str, ...]:
        """Every attribute, then every two of them, as reports name them."""
        names = self.scenario.attributes
        return (*names, *(" & ".join(pair) for pair in combinations(names, 2)))

    @cached_property
    def bounds(self) -> tuple[tuple[str, float, float], ...]:
        """The rules on groups that judge the scenario."""
        rules = self.scenario.bounds or BOUNDS[self.scenario.policy]
        binary = self.people.base is not None
        if binary:
            known = (
                rules if self.scenario.outcomes else [r for r in rules if _is_of_decisions(r[0])]
            )
            return tuple(known)
        plain = self.scenario.policy in ("four-fifths", "equalized-odds")
        return () if plain else rules

    def find_mask(self, grouping: str, group: str) -> Mask:
        """Return the atoms of a group."""
        pairs = zip(grouping.split(" & "), group.split(" & "), strict=True)
        return self.people.find(dict(pairs))

    def list_groups(self, grouping: str, rate: str) -> dict[str, Group]:
        """Return the groups of a grouping by name."""
        key = (grouping, rate)
        if key not in self._groups:
            self._groups[key] = self._build_groups(grouping, rate)
        return self._groups[key]

    @cached_property
    def _groups(self) -> dict[tuple[str, str], dict[str, Group]]:
        return {}

    def _build_groups(self, grouping: str, rate: str) -> dict[str, Group]:
        columns = grouping.split(" & ")
        found = {}
        for key, own in self.rows.groupby(columns, observed=True):
            name = " & ".join(str(part) for part in (key if isinstance(key, tuple) else (key,)))
            n = self._count(own, rate)
            value = self.people.compute(rate, self.find_mask(grouping, name))
            spread = value * (1 - value)
            if self.people.residual is not None:
                spread = 2.0 if "_mean_" in rate else self.people.spread**2 + 4.0
            found[name] = Group(grouping, name, rate, n, value, spread / max(n, 1))
        return found

    def _count(self, own: pd.DataFrame, rate: str) -> int:
        if "@" in rate:
            return int((own["y"] == rate.partition("@")[2]).sum())
        if rate == "true_positive_rate":
            return int((own["y"] == "yes").sum())
        if rate == "false_positive_rate":
            return int((own["y"] == "no").sum())
        if rate == "positive_predictive_value":
            return round(self.people.compute("selection_rate") * len(own))
        return len(own)

    # Gaps

    def find_gap(self, grouping: str, group: str, metric: str) -> float:
        """Return how much worse off a group truly is than the best-off judgeable group: points, or
        the target's unit; the widest of the rates that the metric compares."""
        return max(self._gap(grouping, group, rate) for rate in list_rates(metric))

    def _gap(self, grouping: str, group: str, rate: str) -> float:
        groups = self.list_groups(grouping, rate)
        if group not in groups:
            return 0.0
        others = [g for g in groups.values() if g.n >= MIN_ROWS and g.name != group]
        mine = groups[group].value
        if not others or np.isnan(mine):
            return 0.0
        if rate in WORSE_IF_HIGH:
            return max(0.0, mine - min(g.value for g in others))
        return max(0.0, max(g.value for g in others) - mine)

    def find_pair_gap(self, grouping: str, group: str, other: str, metric: str) -> float:
        """Return how much worse off a group truly is than another; negative: better off."""
        gaps = []
        for rate in list_rates(metric):
            groups = self.list_groups(grouping, rate)
            if group not in groups or other not in groups:
                continue
            gap = groups[other].value - groups[group].value
            gaps.append(-gap if rate in WORSE_IF_HIGH else gap)
        return max(gaps, default=0.0)

    def is_judgeable(self, grouping: str, group: str, metric: str) -> bool:
        """Whether a group has enough rows in the denominator of each rate."""
        return all(
            group in (groups := self.list_groups(grouping, rate)) and groups[group].n >= MIN_ROWS
            for rate in list_rates(metric)
        )

    def find_noise(self, grouping: str, group: str, metric: str) -> float:
        """Return the standard error of a group's rate, the largest of those compared."""
        found = []
        for rate in list_rates(metric):
            groups = self.list_groups(grouping, rate)
            if group in groups:
                found.append(sqrt(groups[group].variance))
        return max(found, default=0.0)

    def is_beyond(
        self, grouping: str, group: str, metric: str, bound: float, margin: float
    ) -> bool:
        """Whether a group's true value breaks a bound by more than a margin in points."""
        if metric != "impact_ratio":
            return self.find_gap(grouping, group, metric) > bound + margin
        groups = self.list_groups(grouping, "selection_rate")
        best = max((g.value for g in groups.values() if g.n >= MIN_ROWS), default=0.0)
        return group in groups and groups[group].value < bound * best - margin

    # Harms that must be found

    @cached_property
    def must_find(self) -> Harm | None:
        """The planted harm where an audit has to name it first, else None: see `LARGE`."""
        if not self.scenario.harms:
            return None
        harm = self.scenario.harms[0]
        if harm.kind == "favoured" or not self._is_plain(harm):
            return None
        return harm

    def _is_plain(self, harm: Harm) -> bool:
        mask_n = len(self._rows_of(harm))
        for metric, _, warn in self.bounds:
            scale = find_scale(list_rates(metric)[0])
            gap = self.find_gap(harm.grouping, harm.group, metric)
            if gap < scale.size or mask_n < LARGE:
                continue
            if not self._has_large_yardstick(harm, metric):
                continue
            if self.is_beyond(harm.grouping, harm.group, metric, warn, scale.margin):
                return not self._is_rivalled(harm)
        return False

    def count_rows(self, harm: Harm) -> int:
        """Return how many rows of the sample are of the harmed group."""
        return len(self._rows_of(harm))

    def _rows_of(self, harm: Harm) -> pd.DataFrame:
        rows = self.rows
        for name, value in harm.groups:
            rows = rows[rows[name] == value]
        return rows

    def _has_large_yardstick(self, harm: Harm, metric: str) -> bool:
        """Whether another group of 1,000 rows is as much better off as the harm says."""
        sizes = self.rows.groupby(harm.grouping.split(" & "), observed=True).size()
        for key, n in sizes.items():
            name = " & ".join(key if isinstance(key, tuple) else (key,))
            wide = self.find_pair_gap(harm.grouping, harm.group, name, metric)
            if n >= LARGE and wide >= 0.95 * self.find_gap(harm.grouping, harm.group, metric):
                return True
        return False

    def _is_rivalled(self, harm: Harm) -> bool:
        """Whether another group (none of whose people the harm explains) has a wide gap too."""
        for grouping in self.scenario.attributes:
            for metric, _, _ in self.bounds:
                rate = list_rates(metric)[0]
                for name in self.list_groups(grouping, rate):
                    if (grouping, name) in harm.groups:
                        continue
                    mine = self.find_gap(harm.grouping, harm.group, metric)
                    if self.find_gap(grouping, name, metric) > max(0.03, 0.6 * mine):
                        return True
        return False

    @cached_property
    def is_null(self) -> bool:
        """Whether no group differs from another in anything that the rules compare."""
        return all(
            self.find_gap(grouping, name, metric) < 1e-9
            for grouping in self.groupings
            for metric, _, _ in self.bounds
            for name in self.list_groups(grouping, list_rates(metric)[0])
        )

    # Columns

    def find_share(self, grouping: str, group: str, other: str, column: str) -> float:
        """Return a column's true share of the gap in selection (or mean prediction) of `group`
        minus `other`: its Shapley value over people of both, drawn independently."""
        key = (grouping, group, other)
        if key not in self._shares:
            self._shares[key] = self._compute_shares(grouping, group, other)
        return self._shares[key].get(column, 0.0)

    @cached_property
    def _shares(self) -> dict[tuple[str, str, str], dict[str, float]]:
        return {}

    def _compute_shares(self, grouping: str, group: str, other: str) -> dict[str, float]:
        table, people = self.people.table, self.people
        codes = [pd.factorize(table[name], sort=True) for name in FEATURES]
        shape = tuple(len(levels) for _, levels in codes)
        flat = np.ravel_multi_index([code for code, _ in codes], shape)
        out = people.tpr if people.predicted is None else people.predicted
        assert out is not None
        answer = np.zeros(shape).ravel()
        answer[flat] = out
        answer = answer.reshape(shape)
        mine, theirs = (self._spread(flat, shape, grouping, name) for name in (group, other))
        axes = range(len(FEATURES))
        worth = {}
        for size in range(len(FEATURES) + 1):
            for taken in combinations(axes, size):
                worth[taken] = _mix(answer, mine, theirs, taken)
        shares = {}
        for axis in axes:
            total = 0.0
            for taken, value in worth.items():
                if axis in taken:
                    continue
                joined = tuple(sorted((*taken, axis)))
                k, m = len(taken), len(FEATURES)
                total += (
                    factorial(k) * factorial(m - k - 1) / factorial(m) * (worth[joined] - value)
                )
            shares[FEATURES[axis]] = total
        return shares

    def _spread(self, flat: np.ndarray, shape: tuple[int, ...], grouping: str, name: str) -> Floats:
        mask = self.find_mask(grouping, name)
        weight = np.bincount(flat, weights=self.people.share * mask, minlength=int(np.prod(shape)))
        return (weight / weight.sum()).reshape(shape)


def _mix(answer: Floats, mine: Floats, theirs: Floats, taken: tuple[int, ...]) -> float:
    """Return the mean answer where the columns `taken` are of one group and the rest of another."""
    rest = tuple(axis for axis in range(answer.ndim) if axis not in taken)
    first = mine.sum(axis=rest, keepdims=True)
    second = theirs.sum(axis=taken, keepdims=True)
    return float((answer * first * second).sum())
