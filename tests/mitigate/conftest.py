"""Cubes made of counts, and every combination of thresholds on them, tried one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from audits.cube.counts.cube import Cube
from audits.cube.counts.view import View, compute_view
from audits.mitigate.goals import Costs, Goal


def make_cube(rows: list[tuple[int, int, int]], scores: int = 6) -> Cube:
    """Count rows of (group, true outcome or -1, score bin)."""
    cells, count = np.unique(np.array(rows).reshape(-1, 3), axis=0, return_counts=True)
    edges = (np.arange(scores) + 0.5) / scores
    weight = count.astype(np.float64)
    score = edges[cells[:, 2]]
    return Cube(
        task="binary",
        attributes=("team",),
        groups={"team": ("a", "b", "c")},
        group_codes=cells[:, :1],
        codes={
            "y_true": cells[:, 1],
            "y_pred": (score >= 0.5).astype(np.int64),
            "score_bin": cells[:, 2],
        },
        sums={
            "count": weight,
            "weight": weight,
            "weight_squared": weight,
            "score_sum": weight * score,
            "score_square_sum": weight * score**2,
            "log_loss_sum": np.zeros(len(weight)),
        },
        classes=("0", "1"),
        edges=edges,
        score_bits=None,
        threshold=0.5,
    )


def draw_cube(seed: int, rows: int = 3000, scores: int = 40) -> Cube:
    """Count drawn rows whose groups differ in base rate and in score."""
    draw = np.random.default_rng(seed)
    group = draw.choice(3, rows, p=[0.5, 0.3, 0.2])
    true = (draw.random(rows) < 0.25 + 0.15 * group).astype(int)
    score = np.clip(draw.normal(0.35 + 0.2 * true + 0.06 * group, 0.15), 0, 0.999)
    return make_cube(
        list(
            zip(group.tolist(), true.tolist(), (score * scores).astype(int).tolist(), strict=True)
        ),
        scores,
    )


def list_decisions(view: View, costs: Costs) -> list[list[tuple[dict[str, float], float]]]:
    """Return, for each group, the rates and the cost of every threshold, counted row by row."""
    cube, found = view.cube, []
    for position in range(len(view.labels)):
        cells = view.cell_group == position
        true, count = cube.codes["y_true"][cells], cube.sums["count"][cells]
        score = cube.edges[cube.codes["score_bin"][cells]]
        options = []
        for threshold in (np.inf, *np.unique(score)):
            chosen = score >= threshold
            positive, negative = count[true == 1].sum(), count[true == 0].sum()
            hits, alarms = count[chosen & (true == 1)].sum(), count[chosen & (true == 0)].sum()
            rates = {"selection_rate": count[chosen].sum() / count.sum()}
            if positive:
                rates["true_positive_rate"] = hits / positive
            if negative:
                rates["false_positive_rate"] = alarms / negative
            if positive + negative:
                rates["accuracy"] = (hits + negative - alarms) / (positive + negative)
            cost = costs.false_positive * alarms + costs.false_negative * (positive - hits)
            options.append((rates, float(cost)))
        found.append(options)
    return found


def try_everything(view: View, goal: Goal, costs: Costs) -> Iterator[tuple[float, float]]:
    """Yield the (gap, cost) of every combination of thresholds of the groups that are bound."""
    groups = [
        options
        for options in list_decisions(view, costs)
        if all(rate in options[0][0] for rate in goal.rates)
    ]
    for combination in product(*groups):
        gaps = [
            max(rates[r] for rates, _ in combination) - min(rates[r] for rates, _ in combination)
            for r in goal.rates
        ]
        yield max(gaps, default=0.0), sum(cost for _, cost in combination)


@pytest.fixture(scope="session")
def drawn() -> Cube:
    return draw_cube(0)


@pytest.fixture(scope="session")
def view(drawn: Cube) -> View:
    return compute_view(drawn, ("team",))
