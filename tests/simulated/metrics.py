"""Numbers of one group, and of two: every metric of the three tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from audits.core.arrays import FloatArray
from audits.cube.compare import compute_average_odds, compute_comparison
from audits.cube.counts.values import Values
from audits.cube.counts.view import View
from audits.cube.metrics import BINARY, METRICS, Metric
from audits.cube.rates import RATES
from tests.simulated.case import Case, Drawn
from tests.simulated.populations import (
    Scored,
    draw_scored,
    make_scored,
    view_classes,
    view_numbers,
    whole_scored,
)

Sample = Callable[[int, np.random.Generator], View]
"""From a number of samples to a view with one a group."""

SCORED = {
    "calibrated": make_scored(shape=(2, 3)),
    "scores too low": make_scored(shape=(2, 3), shift=0.6),
    "overconfident": make_scored(shape=(0.8, 0.8), slope=0.5),
    "rare": make_scored(shape=(1, 9), threshold=0.25),
    "selects most": make_scored(shape=(3, 2), threshold=0.2),
}
ROWS = (100, 400, 3000)
SLOW = {"expected_calibration_error": 4, "generalized_entropy_index": 2, "theil_index": 2}
_EXACT = {"roc_auc_binning_error"}


def list_binary() -> Iterator[Case]:
    """Yield every binary metric of one group, and compared between two."""
    metrics = [metric for metric in BINARY if metric.name not in _EXACT]
    for name, scored in SCORED.items():
        whole = whole_scored(scored)
        for metric in metrics:
            truth = float(metric.compute(whole, np.random.default_rng(0)).value[0])
            for rows in ROWS:
                yield Case(
                    "one group", metric.name, "", f"{name}, {rows:,} rows",
                    _events(metric, whole, rows),
                    _draw_one(metric, _sample(scored, rows), truth),
                    cost=SLOW.get(metric.name, 1),
                )  # fmt: skip
    yield from _list_compared(metrics)
    yield from _list_average_odds()


def _sample(scored: Scored, rows: int) -> Sample:
    return lambda samples, generator: draw_scored(scored, rows, samples, generator)


def _events(metric: Metric, whole: View, rows: int) -> float:
    """Return the expected number of the rarest thing that a metric counts."""
    cells = whole.weight[0] / whole.weight[0].sum() * rows
    if metric.name in RATES:
        rate = RATES[metric.name]
        return float(min((cells * rate.hits).sum(), (cells * (rate.rows & ~rate.hits)).sum()))
    if metric.name == "treatment_equality":
        return float(min(cells[1, 0], cells[0, 1]))
    if metric.name in ("f1", "generalized_entropy_index", "theil_index"):
        return float(min(cells[1, 1], cells[1, 0] + cells[0, 1]))
    if metric.name == "balanced_accuracy":
        return float(cells[:2].min())
    if metric.name == "mean_score":
        return float(rows)
    return float(cells[:2].sum(axis=1).min())


def _draw_one(metric: Metric, sample: Sample, truth: float) -> Callable[..., Drawn]:
    def draw(samples: int, generator: np.random.Generator) -> Drawn:
        found = metric.compute(sample(samples, generator), generator)
        return Drawn(found.low, found.high, truth, found.method)

    return draw


def _list_compared(metrics: list[Metric]) -> Iterator[Case]:
    pairs = (
        ("alike", "calibrated", 400, "calibrated", 400),
        ("different", "calibrated", 400, "scores too low", 400),
        ("rare and common", "rare", 400, "calibrated", 400),
        ("small and large", "scores too low", 150, "calibrated", 3000),
    )
    for setting, one, rows, other, other_rows in pairs:
        wholes = [whole_scored(SCORED[name]) for name in (one, other)]
        for metric in metrics:
            values = [
                float(metric.compute(whole, np.random.default_rng(0)).value[0]) for whole in wholes
            ]
            samples = _sample(SCORED[one], rows), _sample(SCORED[other], other_rows)
            for kind in metric.compare:
                truth = values[0] - values[1] if kind == "difference" else values[0] / values[1]
                yield Case(
                    "two groups", f"{metric.name}_{kind}", "",
                    f"{setting}, {rows:,} and {other_rows:,} rows",
                    min(_events(metric, wholes[0], rows), _events(metric, wholes[1], other_rows)),
                    _draw_two(metric, kind, samples, truth), alike=rows == other_rows,
                    cost=2 * SLOW.get(metric.name, 1),
                )  # fmt: skip


def _draw_two(
    metric: Metric, kind: str, samples: tuple[Sample, Sample], truth: float
) -> Callable[..., Drawn]:
    def draw(times: int, generator: np.random.Generator) -> Drawn:
        one, other = (metric.compute(take(times, generator), generator) for take in samples)
        ends = np.full((times, 2), np.nan)
        for place in range(times):
            if np.isnan(one.value[place]) or np.isnan(other.value[place]):
                continue
            found = compute_comparison(metric, kind, pair_values(one, other, place), 1).values
            ends[place] = found.low[0], found.high[0]
        return Drawn(ends[:, 0], ends[:, 1], truth, f"mover_{one.method}")

    return draw


def pair_values(one: Values, other: Values, place: int) -> Values:
    """Return one sample of each of two groups as the values of two groups."""
    parts = {
        name: np.array([getattr(one, name)[place], getattr(other, name)[place]])
        for name in ("value", "low", "high", "n", "effective")
    }
    middles = one.centre, other.centre
    centre = None
    if middles[0] is not None and middles[1] is not None:
        centre = np.array([middles[0][place], middles[1][place]])
    return Values(**parts, method=one.method, centre=centre)


def _list_average_odds() -> Iterator[Case]:
    names = ("true_positive_rate", "false_positive_rate")
    metrics = [next(m for m in BINARY if m.name == name) for name in names]
    ends = SCORED["calibrated"], SCORED["scores too low"]
    truths = [
        np.mean([m.compute(whole_scored(one), np.random.default_rng(0)).value for m in metrics])
        for one in ends
    ]

    def draw(times: int, generator: np.random.Generator) -> Drawn:
        low, high = np.full((2, times), np.nan)
        views = [draw_scored(one, 400, times, generator) for one in ends]
        rates = [[metric.compute(view, generator) for metric in metrics] for view in views]
        for place in range(times):
            pair = [pair_values(rates[0][k], rates[1][k], place) for k in range(2)]
            # Each rate's own comparison first, then their mean, as the check does.
            compared = [
                compute_comparison(metric, "difference", own, 1).values
                for metric, own in zip(metrics, pair, strict=True)
            ]
            found = compute_average_odds(*compared)
            low[place], high[place] = found.low[0], found.high[0]
        return Drawn(low, high, float(truths[0] - truths[1]))

    yield Case("two groups", "average_odds_difference", "mover_wilson_midp", "different, 400 and 400 rows",
               40.0, draw, cost=2)  # fmt: skip


CONFUSIONS = {
    "three classes": np.array([[0.35, 0.05, 0.03], [0.06, 0.22, 0.05], [0.03, 0.05, 0.16]]),
    "one rare class": np.array([[0.6, 0.05, 0.01], [0.06, 0.2, 0.01], [0.02, 0.01, 0.04]]),
}


def list_multiclass() -> Iterator[Case]:
    """Yield every multiclass metric of one group."""
    losses = np.where(np.eye(3) > 0, 0.2, 1.6)
    for name, chance in CONFUSIONS.items():
        whole = view_classes(chance[None] * 1e12, losses)
        for metric in METRICS["multiclass"]:
            truth = float(metric.compute(whole, np.random.default_rng(0)).value[0])
            for rows in (200, 2000):
                yield Case(
                    "one group, classes", metric.name, "", f"{name}, {rows:,} rows",
                    rows * float(min(chance.sum(axis=1).min(), 1 - np.trace(chance))),
                    _draw_one(metric, _sample_classes(chance, rows, losses), truth), cost=2,
                )  # fmt: skip


def _sample_classes(chance: FloatArray, rows: int, losses: FloatArray) -> Sample:
    def sample(samples: int, generator: np.random.Generator) -> View:
        drawn = generator.multinomial(rows, chance.ravel(), size=samples)
        return view_classes(drawn.reshape(samples, *chance.shape).astype(float), losses)

    return sample


def list_regression() -> Iterator[Case]:
    """Yield every regression metric of one group and the differences of two."""
    for name, (noise, bias) in {"normal errors": ("normal", 0.0), "skewed errors": ("skewed", 0.4),
                                "heavy tails": ("heavy", 0.0)}.items():  # fmt: skip
        whole = _draw_numbers(noise, bias, 400_000, 1, np.random.default_rng(3))
        for metric in METRICS["regression"]:
            truth = float(metric.compute(whole, np.random.default_rng(0)).value[0])
            for rows in (60, 400):
                yield Case(
                    "one group, numbers", metric.name, "", f"{name}, {rows:,} rows", float(rows),
                    _draw_one(metric, _sample_numbers(noise, bias, rows), truth), cost=2,
                )  # fmt: skip
    for metric in METRICS["regression"]:
        sizes = _sample_numbers("skewed", 0.4, 300), _sample_numbers("skewed", 0.4, 300)
        yield Case("two groups, numbers", f"{metric.name}_difference", "",
                   "skewed errors, 300 and 300 rows", 300.0,
                   _draw_two(metric, "difference", sizes, 0.0), cost=4)  # fmt: skip


def _sample_numbers(noise: str, bias: float, rows: int) -> Sample:
    return lambda samples, generator: _draw_numbers(noise, bias, rows, samples, generator)


def _draw_numbers(
    noise: str, bias: float, rows: int, samples: int, generator: np.random.Generator
) -> View:
    true = generator.normal(10, 2, (samples, rows))
    errors = {
        "normal": lambda: generator.standard_normal(true.shape),
        "skewed": lambda: generator.gamma(2, 1, true.shape) - 2,
        "heavy": lambda: generator.standard_t(5, true.shape),
    }[noise]()
    return view_numbers(true, true + bias + errors)
