"""A simulated interval: how often it holds the truth, and the tally of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from audits.core.arrays import FloatArray

LEAST, MOST = 0.94, 0.985
"""What a 95% interval is asked to cover."""
SURE = 0.99
"""The confidence at which a setting misses: hundreds are looked at."""
ENOUGH = 10.0
"""From so many expected events on."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Intervals of repeated samples `[n]`, NaN where none was given, and what they should hold:
    one truth, or one each where what is asked depends on the sample."""

    low: FloatArray
    high: FloatArray
    truth: float | FloatArray
    method: str = ""

    def covered(self) -> np.ndarray:
        """Return whether each holds the truth, of those that were given."""
        given = ~(np.isnan(self.low) | np.isnan(self.high))
        room = 1e-9 * np.maximum(1.0, np.abs(self.truth))
        inside = (self.low <= self.truth + room) & (self.high >= self.truth - room)
        return np.asarray(inside[given])


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of interval in one setting.

    kind: what is estimated, in words; metric: its name; method: how the interval is made, "" where
    the sample says; setting: the population and the rows.
    events: expected number of the rarest thing counted. alike: groups are of like size (only
    there too high a coverage counts). draw: from a number of samples and a generator. cost: how
    many samples are drawn for each 1,000 of a cheap kind, in thousandths.
    """

    kind: str
    metric: str
    method: str
    setting: str
    events: float
    draw: Callable[[int, np.random.Generator], Drawn]
    alike: bool = True
    cost: int = 1


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a case's intervals held the truth."""

    case: Case
    method: str
    samples: int
    hits: int

    @property
    def coverage(self) -> float:
        """Share of the intervals given that held it."""
        return self.hits / self.samples

    @property
    def interval(self) -> tuple[float, float]:
        """The simulation's own 95% interval (Clopper and Pearson)."""
        return compute_exact_interval(self.hits, self.samples)

    @property
    def verdict(self) -> str:
        """Whether the coverage is what is asked for: "", "low" or "high"; a miss that chance
        explains, among hundreds of settings, is none."""
        low, high = compute_exact_interval(self.hits, self.samples, SURE)
        if self.case.events < ENOUGH:
            return ""
        if high < LEAST:
            return "low"
        return "high" if self.case.alike and low > MOST else ""


def compute_exact_interval(
    hits: int, samples: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return Clopper and Pearson's interval of a share."""
    tail = (1 - confidence) / 2
    missed = samples - hits
    low = stats.beta.ppf(tail, hits, missed + 1) if hits else 0.0
    high = stats.beta.ppf(1 - tail, hits + 1, missed) if missed else 1.0
    return float(low), float(high)


def run_case(case: Case, samples: int, seed: int) -> Tally:
    """Draw a case's samples and count."""
    generator = np.random.default_rng([seed, *case.setting.encode(), *case.metric.encode()])
    drawn = case.draw(max(50, samples // case.cost), generator)
    covered = drawn.covered()
    return Tally(case, drawn.method or case.method, len(covered), int(covered.sum()))
