"""Numbers between many groups: gaps to better-off ones, summaries, impact ratios, distances,
differences within strata, and what other thresholds do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from audits.core.arrays import FloatArray
from audits.cube.conditional import (
    Strata,
    compute_conditional_difference,
    compute_conditional_disparity,
)
from audits.cube.disparities import DISPARITIES, Disparity, compute_disparities
from audits.cube.distances import DISTANCES, Distance, compute_distance
from audits.cube.intervals.chosen import compute_gaps, list_rivals
from audits.cube.rates import RATES
from audits.mitigate.goals import GOALS, Costs
from audits.mitigate.outcome import compute_plan_outcome
from audits.mitigate.plan import Plan
from audits.mitigate.thresholds import Chooser
from tests.simulated.case import Case, Drawn
from tests.simulated.populations import (
    Scored,
    make_scored,
    view_decisions,
    view_scored,
)

MIN_ROWS = 30


def _settings() -> Iterator[tuple[str, FloatArray, FloatArray, bool]]:
    """Yield names, `[groups, true, decision]` chances, rows, and whether groups are alike."""
    equal = _confusions(0.4, 0.7, 0.2)
    for groups in (2, 5, 10):
        rows = np.full(groups, 400)
        yield f"{groups} groups alike", np.repeat(equal, groups, 0), rows, True
        yield f"{groups} groups, one worse", _one_worse(groups), rows, True
        rates = np.linspace(0.55, 0.75, groups)
        spread = np.concatenate([_confusions(0.4, own, 0.2) for own in rates])
        yield f"{groups} groups, spread", spread, rows, True
    sizes = np.array([2000, 600, 200, 100, 80])
    yield "5 unequal groups alike", np.repeat(equal, 5, 0), sizes, False
    yield "5 unequal groups, one worse", _one_worse(5), sizes, False


def _confusions(base: float, hits: float, alarms: float) -> FloatArray:
    no, yes = (1 - base) * np.array([1 - alarms, alarms]), base * np.array([1 - hits, hits])
    return np.array([[no, yes]])


def _one_worse(groups: int) -> FloatArray:
    rest = np.repeat(_confusions(0.4, 0.7, 0.2), groups - 1, 0)
    return np.concatenate([_confusions(0.4, 0.5, 0.12), rest])


def list_summaries() -> Iterator[Case]:
    """Yield the summaries, the gaps to better-off groups and the impact ratios."""
    for name, chance, rows, alike in _settings():
        events = float((chance[:, 1] * rows[:, None]).min())
        setting = f"{name}, {rows.min():,} to {rows.max():,} rows"
        for summary in DISPARITIES:
            yield Case("all groups", summary.name, "tukey_mover", setting, events,
                       _draw_summary(summary, chance, rows), alike, cost=5)  # fmt: skip
        for rate in ("selection_rate", "true_positive_rate"):
            for kind in ("gap", "gap_ratio"):
                yield Case("group and better-off one", f"{rate}_{kind}", "dunnett_mover", setting, events,
                           _draw_gap(rate, kind, chance, rows), alike, cost=5)  # fmt: skip
        yield Case("group and most selected", "impact_ratio", "dunnett_mover", setting, events,
                   _draw_impact(chance, rows), alike, cost=5)  # fmt: skip


def _draw_rows(chance: FloatArray, rows: FloatArray, generator: np.random.Generator) -> FloatArray:
    flat = [generator.multinomial(int(n), own.ravel()) for own, n in zip(chance, rows, strict=True)]
    return np.array(flat, dtype=np.float64).reshape(chance.shape)


def _true_rate(rate: str, chance: FloatArray) -> FloatArray:
    padded = np.concatenate([chance, np.zeros_like(chance[:, :1])], axis=1)
    return RATES[rate].share(padded)


def _draw_summary(summary: Disparity, chance: FloatArray, rows: FloatArray) -> Callable[..., Drawn]:
    rates = [_true_rate(name, chance) for name in summary.rates]
    if summary.kind == "difference":
        truth = max(float(np.ptp(rate)) for rate in rates)
    else:
        truth = min(float(rate.min() / rate.max()) for rate in rates)

    def draw(samples: int, generator: np.random.Generator) -> Drawn:
        ends = np.empty((samples, 2))
        for place in range(samples):
            view = view_decisions(_draw_rows(chance, rows, generator))
            ((_, found),) = compute_disparities(view, MIN_ROWS, [summary])
            ends[place] = found.low, found.high
        return Drawn(ends[:, 0], ends[:, 1], truth)

    return draw


def _draw_gap(rate: str, kind: str, chance: FloatArray, rows: FloatArray) -> Callable[..., Drawn]:
    """The first group against the better-off one that is shown first; none where it is the best."""
    true = _true_rate(rate, chance)

    def draw(samples: int, generator: np.random.Generator) -> Drawn:
        ends, truth = np.full((samples, 2), np.nan), np.zeros(samples)
        everyone = np.ones(len(rows), dtype=bool)
        for place in range(samples):
            values = RATES[rate].compute(view_decisions(_draw_rows(chance, rows, generator)))
            rivals = list_rivals(values, 0, everyone, lower_is_worse=True)
            if not rivals:
                continue
            found = compute_gaps(values, [(0, rivals[0])], everyone, lower_is_worse=True)
            if kind == "gap":
                ends[place] = found.low[0], found.high[0]
                truth[place] = true[rivals[0]] - true[0]
            else:
                ends[place] = found.ratio_low[0], found.ratio_high[0]
                truth[place] = true[0] / true[rivals[0]]
        return Drawn(ends[:, 0], ends[:, 1], truth)

    return draw


def _draw_impact(chance: FloatArray, rows: FloatArray) -> Callable[..., Drawn]:
    """The first group over the one that is truly selected most, which the sample may not show."""
    true = _true_rate("selection_rate", chance)

    def draw(samples: int, generator: np.random.Generator) -> Drawn:
        ends = np.full((samples, 2), np.nan)
        everyone = np.ones(len(rows), dtype=bool)
        for place in range(samples):
            view = view_decisions(_draw_rows(chance, rows, generator))
            values = RATES["selection_rate"].compute(view)
            best = int(np.argmax(values.value))
            if best:
                found = compute_gaps(values, [(0, best)], everyone, lower_is_worse=True)
                ends[place] = found.ratio_low[0], found.ratio_high[0]
        return Drawn(ends[:, 0], ends[:, 1], float(true[0] / true.max()))

    return draw


def list_distances() -> Iterator[Case]:
    """Yield the distances of two groups' scores."""
    one = make_scored(shape=(2, 3))
    others = {"alike": one, "near": make_scored(shape=(2.3, 3)), "far": make_scored(shape=(3, 2))}
    for name, other in others.items():
        for rows in ((200, 200), (2000, 2000), (100, 2000)):
            for distance in DISTANCES:
                yield Case(
                    "two groups' scores", distance.name,
                    "kolmogorov" if distance.tested else "hybrid_resampling",
                    f"{name}, {rows[0]:,} and {rows[1]:,} rows", float(rows[0]),
                    _draw_distance(distance, (one, other), rows), rows[0] == rows[1], cost=5,
                )  # fmt: skip


def _draw_distance(
    distance: Distance, scored: tuple[Scored, Scored], rows: tuple[int, int]
) -> Callable[..., Drawn]:
    levels = scored[0].levels
    reached = [np.cumsum(own.chance.sum(axis=1)) for own in scored]
    steps = np.append(np.diff(levels), 0.0)
    truth = float(distance.measure(np.abs(reached[0] - reached[1])[None], steps)[0])

    def draw(samples: int, generator: np.random.Generator) -> Drawn:
        ends = np.empty((samples, 2))
        for place in range(samples):
            counts = [
                generator.multinomial(n, own.chance.ravel()).reshape(own.chance.shape)
                for own, n in zip(scored, rows, strict=True)
            ]
            view = view_scored(np.array(counts, dtype=float), scored[0])
            found, _ = compute_distance(distance, view, 1, generator)
            ends[place] = found.low[0], found.high[0]
        return Drawn(ends[:, 0], ends[:, 1], truth)

    return draw


def list_strata() -> Iterator[Case]:
    """Yield differences in selection within strata."""
    plans = {
        "few large strata": (np.full((2, 4), 200), 0.1),
        "many small strata": (np.full((2, 60), 12), 0.1),
        "no difference": (np.full((2, 6), 80), 0.0),
        "rare": (np.full((2, 5), 150), 0.0),
    }
    for name, (rows, gap) in plans.items():
        base = np.linspace(0.3, 0.6, rows.shape[1]) if name != "rare" else np.full(5, 0.03)
        shares = np.array([base - gap, base])
        events = float((shares * rows).sum(axis=1).min())
        yield Case("two groups within strata", "conditional_selection_rate_difference", "klingenberg", name,
                   events, _draw_conditional(shares, rows), cost=2)  # fmt: skip
        yield Case("group within strata", "conditional_demographic_disparity", "bootstrap", name, events,
                   _draw_disparity(shares, rows), cost=8)  # fmt: skip


def _strata(shares: FloatArray, rows: FloatArray, generator: np.random.Generator) -> Strata:
    hits = generator.binomial(rows, shares).astype(np.float64)
    return Strata(hits, rows.astype(np.float64), rows.astype(np.float64))


def _draw_conditional(shares: FloatArray, rows: FloatArray) -> Callable[..., Drawn]:
    weight = rows[0] * rows[1] / rows.sum(axis=0)
    truth = float(((shares[0] - shares[1]) * weight).sum() / weight.sum())

    def draw(samples: int, generator: np.random.Generator) -> Drawn:
        ends = np.empty((samples, 2))
        for place in range(samples):
            found, _ = compute_conditional_difference(_strata(shares, rows, generator), 1)
            ends[place] = found.low[0], found.high[0]
        return Drawn(ends[:, 0], ends[:, 1], truth)

    return draw


def _draw_disparity(shares: FloatArray, rows: FloatArray) -> Callable[..., Drawn]:
    taken, left = shares * rows, (1 - shares) * rows
    gap = left[0] / left.sum(axis=0) - taken[0] / taken.sum(axis=0)
    truth = float((gap * rows.sum(axis=0)).sum() / rows.sum())

    def draw(samples: int, generator: np.random.Generator) -> Drawn:
        ends = np.empty((samples, 2))
        for place in range(samples):
            found = compute_conditional_disparity(_strata(shares, rows, generator), generator)
            ends[place] = found.low[0], found.high[0]
        return Drawn(ends[:, 0], ends[:, 1], truth)

    return draw


def list_interventions() -> Iterator[Case]:
    """Yield gaps before and after thresholds that were chosen on another half of the rows."""
    plain = make_scored(shape=(2, 3))
    lower = make_scored(shape=(2, 3.8), shift=0.4)
    for groups in (2, 5):
        scored = [lower, *([plain] * (groups - 1))]
        for goal in ("demographic_parity", "equal_opportunity", "equalized_odds"):
            for by_group in (False, True):
                how = "by group" if by_group else "one for all"
                yield Case(
                    "gap after thresholds", "gap_after", "tukey_mover",
                    f"{goal}, {how}, {groups} groups of 400 rows", 400 * 0.35,
                    _draw_after(goal, scored, 400, by_group=by_group), cost=8,
                )  # fmt: skip
                if not by_group:
                    continue
                yield Case(
                    "change after thresholds", "accuracy_change", "newcombe_paired",
                    f"{goal}, {how}, {groups} groups of 400 rows", 400 * 0.35,
                    _draw_after(goal, scored, 400, by_group=by_group, gap=False), cost=8,
                )  # fmt: skip


def _draw_after(
    goal: str, scored: list[Scored], rows: int, *, by_group: bool, gap: bool = True
) -> Callable[..., Drawn]:
    chance = np.array([own.chance for own in scored])
    whole = view_scored(chance * 1e12, scored[0])

    def draw(samples: int, generator: np.random.Generator) -> Drawn:
        ends, truth = np.full((samples, 2), np.nan), np.zeros(samples)
        for place in range(samples):
            halves = [
                view_scored(
                    np.array([generator.multinomial(rows, own.ravel()).reshape(own.shape)
                              for own in chance], dtype=float), scored[0],
                )
                for _ in range(2)
            ]  # fmt: skip
            plan = Chooser(halves[0], GOALS[goal], Costs()).choose(0.05, by_group=by_group)
            if not isinstance(plan, Plan):
                continue
            outcome, true = (compute_plan_outcome(plan, view) for view in (halves[1], whole))
            assert outcome.gap is not None
            assert true.gap is not None
            found = outcome.gap.after if gap else outcome.accuracy_change
            expected = true.gap.after if gap else true.accuracy_change
            ends[place] = found.low, found.high
            truth[place] = expected.value
        return Drawn(ends[:, 0], ends[:, 1], truth)

    return draw
