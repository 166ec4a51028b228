"""Numbers of rows, columns and searches: permutation importance, shares of a gap, mean
attributions, slices, proxies, what recourse costs, changes of paired rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from audits.core.arrays import FloatArray
from audits.core.report.estimate import Estimate, Result
from audits.cube.counts.values import estimate_mean, estimate_share
from audits.cube.intervals.paired import Pairs, compute_paired_change
from audits.diagnostics.proxies import compute_separation
from audits.explain.effects.permutation import compute_permutation_importance
from audits.explain.groups.gap import compute_gap_shares
from audits.explain.groups.importance import PartSums, compute_part_differences
from audits.explain.groups.losses import Loss
from audits.recourse.burden.burden import compare_mean_cost, compare_shares
from audits.recourse.burden.costs import compute_costlier, compute_median, compute_shift
from audits.slices.find import estimate_difference
from audits.slices.targets import Target
from tests.simulated.case import Case, Drawn

Once = Callable[[np.random.Generator], tuple[float, float]]


def _repeat(once: Once, truth: float) -> Callable[..., Drawn]:
    def draw(samples: int, generator: np.random.Generator) -> Drawn:
        ends = np.array([once(generator) for _ in range(samples)])
        return Drawn(ends[:, 0], ends[:, 1], truth)

    return draw


def _ends(result: Result) -> tuple[float, float]:
    return (result.low, result.high) if isinstance(result, Estimate) else (np.nan, np.nan)


def list_explained() -> Iterator[Case]:
    """Yield all of them."""
    yield from _list_plain()
    yield from _list_permutation()
    yield from _list_gap_shares()
    yield from _list_attributions()
    yield from _list_slices()
    yield from _list_proxies()
    yield from _list_recourse()
    yield from _list_paired()


def _list_plain() -> Iterator[Case]:
    for share, rows in ((0.05, 400), (0.3, 60), (0.5, 1000)):
        yield Case(
            "share of rows", "recourse_share, flip_turned_share, ...", "wilson_midp", f"{share}, {rows} rows",
            share * rows,
            _repeat(lambda g, p=share, n=rows: _ends(estimate_share(int(g.binomial(n, p)), n)),
                    share), cost=2,
        )  # fmt: skip
    yield Case("mean of rows", "flip_score_change, consistency, ...", "student_t", "skewed, 200 rows", 200.0,
               _repeat(lambda g: _ends(estimate_mean(g.exponential(1, 200), "few")), 1.0),
               cost=2)  # fmt: skip


def _list_permutation() -> Iterator[Case]:
    for effect, rows in ((0.1, 200), (0.5, 200), (0.5, 1000)):
        yield Case("permutation importance", "permutation_squared_error", "student_t over rows and repeats",
                   f"effect {effect}, {rows} rows", float(rows),
                   _repeat(_draw_permutation(effect, rows), 2 * effect**2), cost=4)  # fmt: skip


def _draw_permutation(effect: float, rows: int) -> Once:
    """The model is y = effect · a + b, and right; dealing a out anew adds 2 · effect² · var(a)."""

    def once(generator: np.random.Generator) -> tuple[float, float]:
        frame = pd.DataFrame(generator.standard_normal((rows, 2)), columns=["a", "b"])
        answers = effect * frame.a + frame.b
        truth = (answers + generator.standard_normal(rows)).to_numpy()
        loss = Loss("squared_error", lambda found: (found - truth) ** 2)
        (item,) = compute_permutation_importance(
            lambda own: (effect * own.a + own.b).to_numpy(), frame, [loss], generator,
            features=["a"],
        )  # fmt: skip
        return item.low, item.high

    return once


def _list_gap_shares() -> Iterator[Case]:
    for rows, others in ((100, 100), (60, 400)):
        yield Case("share of a gap", "gap_share", "two_way_clusters", f"{rows} and {others} people", float(rows),
                   _repeat(_draw_gap_share(rows, others), 0.4), rows == others, cost=4)  # fmt: skip


def _draw_gap_share(rows: int, others: int) -> Once:
    """A linear score: a column's step is its weight times the difference of the pair's values."""

    def once(generator: np.random.Generator) -> tuple[float, float]:
        mine = generator.normal([0.4, 0.0, 0.2], 1.0, (rows, 3))
        theirs = generator.exponential(1.0, (others, 3)) - 1
        count = max(rows, others)
        one = generator.permutation(np.resize(np.arange(rows), count))
        other = generator.permutation(np.resize(np.arange(others), count))
        gap = float((mine.mean(axis=0) - theirs.mean(axis=0)).sum())
        found = compute_gap_shares(mine[one] - theirs[other], one, other, gap)
        return float(found.low[0]), float(found.high[0])

    return once


def _list_attributions() -> Iterator[Case]:
    for signed in (True, False):
        size = "mean_attribution" if signed else "mean_absolute_attribution"
        yield Case("attributions by group", f"{size}_difference", "mover_student_t", "100 and 100 rows", 100.0,
                   _repeat(_draw_attributions(signed=signed), 0.0), cost=2)  # fmt: skip


def _draw_attributions(*, signed: bool) -> Once:
    def once(generator: np.random.Generator) -> tuple[float, float]:
        sums = PartSums(2, 1, signed=signed)
        sums.add(generator.gamma(2, 1, (200, 1)) - 2, np.repeat([0, 1], 100))
        found = compute_part_differences(sums.compute_means(), 1)
        return float(found.low[0, 0]), float(found.high[0, 0])

    return once


def _list_slices() -> Iterator[Case]:
    for shares in (True, False):
        metric = "accuracy_difference" if shares else "mean_absolute_error_difference"
        yield Case("slice and rest", metric, "mover", "60 and 600 rows", 60 * 0.3,
                   _repeat(_draw_slice(shares=shares), -0.1 if shares else 0.5), alike=False,
                   cost=2)  # fmt: skip


def _draw_slice(*, shares: bool) -> Once:
    def once(generator: np.random.Generator) -> tuple[float, float]:
        inside = np.arange(660) < 60
        if shares:
            values = (generator.random(660) < np.where(inside, 0.7, 0.8)).astype(np.float64)
        else:
            values = generator.exponential(np.where(inside, 1.5, 1.0))
        target = Target("slice", "points" if shares else "target", values, -1 if shares else 1)
        found = estimate_difference(target, None, inside, (1, 1))
        assert found is not None
        return found.estimate.low, found.estimate.high

    return once


def _list_proxies() -> Iterator[Case]:
    for shift, rows in ((0.0, 100), (0.5, 100), (0.5, 600)):
        truth = float(stats.norm.cdf(shift / np.sqrt(2)))
        yield Case("proxy", "proxy_auc", "delong_logit", f"AUC {truth:.2f}, {rows} and {rows} rows",
                   float(rows), _repeat(_draw_proxy(shift, rows), truth), cost=2)  # fmt: skip


def _draw_proxy(shift: float, rows: int) -> Once:
    def once(generator: np.random.Generator) -> tuple[float, float]:
        scores = generator.standard_normal(2 * rows) + np.repeat([shift, 0.0], rows)
        found = compute_separation(scores, np.arange(2 * rows) < rows, two_sided=True)
        return found.low, found.high

    return once


def _draw_costs(rows: int, scale: float, generator: np.random.Generator) -> FloatArray:
    """Return costs of recourse, a tenth of them without any."""
    costs = generator.exponential(scale, rows)
    costs[generator.random(rows) < 0.1] = np.inf
    return costs


def _list_recourse() -> Iterator[Case]:
    median = float(-np.log(1 - 0.5 / 0.9))
    yield Case("recourse", "median_recourse_cost", "order_statistics", "80 rows", 40.0,
               _repeat(lambda g: _ends(compute_median(_draw_costs(80, 1.0, g))), median),
               cost=2)  # fmt: skip
    costlier = 0.9 * 0.9 * (1.5 / 2.5) + 0.1 * 0.9 + 0.5 * 0.01
    yield Case("recourse, two groups", "recourse_dearer", "delong_logit", "80 and 80 rows", 80.0,
               _repeat(lambda g: _ends(compute_costlier(_draw_costs(80, 1.5, g),
                                                      _draw_costs(80, 1.0, g))[0]), costlier),
               cost=4)  # fmt: skip

    def shift(generator: np.random.Generator) -> tuple[float, float]:
        moved = _draw_costs(80, 1.0, generator) + 0.3
        return _ends(compute_shift(moved, _draw_costs(80, 1.0, generator)))

    yield Case("recourse, two groups", "recourse_cost_shift", "hodges_lehmann", "80 and 80 rows", 80.0,
               _repeat(shift, 0.3), cost=8)  # fmt: skip
    yield Case("recourse, two groups", "recourse_mean_cost_difference", "mover_student_t", "80 and 80 rows", 80.0,
               _repeat(lambda g: _ends(compare_mean_cost(_draw_costs(80, 1.5, g),
                                                         _draw_costs(80, 1.0, g))), 0.5),
               cost=4)  # fmt: skip
    for kind, truth in (("difference", 0.2), ("ratio", 1.5)):
        yield Case("recourse, two groups", f"recourse_within_effort_{kind}", "mover_wilson_midp", "80 and 80 rows",
                   32.0, _repeat(_draw_within(kind), truth), cost=2)  # fmt: skip


def _draw_within(kind: str) -> Once:
    def once(generator: np.random.Generator) -> tuple[float, float]:
        gap = compare_shares(int(generator.binomial(80, 0.6)), 80,
                             int(generator.binomial(80, 0.4)), 80)  # fmt: skip
        return _ends(gap.difference if kind == "difference" else gap.ratio)

    return once


def _list_paired() -> Iterator[Case]:
    for name, chance in (
        ("many right", (0.7, 0.08, 0.04, 0.18)),
        ("few differ", (0.8, 0.02, 0.02, 0.16)),
    ):

        def once(generator: np.random.Generator, chance: tuple[float, ...] = chance) -> tuple:  # type: ignore[type-arg]
            found = compute_paired_change(Pairs(*map(float, generator.multinomial(500, chance))))
            return found[1], found[2]

        yield Case("change of the same rows", "accuracy_change", "newcombe_paired", f"{name}, 500 rows",
                   500 * min(chance[1:3]), _repeat(once, chance[1] - chance[2]), cost=1)  # fmt: skip
