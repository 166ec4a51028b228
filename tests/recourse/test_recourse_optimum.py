"""The search against exhaustive search over the split points of small tree models."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from audits.recourse.result import RecourseResult
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.search import search_counterfactuals

COST_FACTOR = 1.1
STEPS = {"months": 1.0, "children": 1.0, "rate": 0.1, "points": 1.0}


def make_frame(generator: np.random.Generator, n: int = 400) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "months": generator.integers(6, 31, n),
            "children": generator.integers(0, 6, n),
            "rate": np.round(generator.integers(10, 40, n) / 10, 1),
            "points": generator.integers(0, 20, n),
        }
    )


def cells(
    forest: RandomForestClassifier, frame: pd.DataFrame, place: int
) -> list[tuple[float, float]]:
    """Return the intervals (from, to] between a column's split points, over its range."""
    splits = {
        split
        for tree in forest.estimators_
        for feature, split in zip(tree.tree_.feature, tree.tree_.threshold, strict=True)
        if feature == place
    }
    values = frame.iloc[:, place]
    edges = [-np.inf, *sorted(splits), np.inf]
    return [
        (max(low, values.min() - 1e-9), min(high, values.max() + 1e-9))
        for low, high in pairwise(edges)
    ]


def nearest_in_cell(old: float, low: float, high: float, step: float) -> float | None:
    """Return the cell's legal value (a whole number of steps) that is nearest to `old`."""
    legal = np.arange(np.floor(low / step) - 1, np.ceil(high / step) + 2) * step
    legal = np.round(legal, 6)
    legal = legal[(legal > low) & (legal <= high)]
    return float(legal[np.abs(legal - old).argmin()]) if len(legal) else None


def brute_force(forest, frame: pd.DataFrame, row: pd.Series, most: int) -> tuple[int, float] | None:
    """Return the fewest columns that flip the row and the lowest cost with that many."""
    options = []
    for place, (name, step) in enumerate(STEPS.items()):
        values = frame[name]
        spread = 1.4826 * (values - values.median()).abs().median()
        found = {nearest_in_cell(row[name], *cell, step) for cell in cells(forest, frame, place)}
        options.append([(v, abs(v - row[name]) / spread) for v in found - {None, row[name]}])
    for size in range(1, most + 1):
        tried, costs = [], []
        for places in combinations(range(len(STEPS)), size):
            for chosen in product(*(options[place] for place in places)):
                changed = row.to_numpy(dtype=float).copy()
                changed[list(places)] = [value for value, _ in chosen]
                tried.append(changed)
                costs.append(sum(cost for _, cost in chosen))
        scores = forest.predict_proba(pd.DataFrame(tried, columns=frame.columns))[:, 1]
        if (scores >= 0.5).any():
            return size, float(np.array(costs)[scores >= 0.5].min())
    return None


@pytest.mark.parametrize("seed", range(6))
def test_count_is_the_optimum_and_cost_close_to_it(seed: int):
    generator = np.random.default_rng(seed)
    frame = make_frame(generator)
    worth = (
        (frame["months"] > 20).astype(int)
        + (frame["rate"] < 2.5)
        + (frame["points"] > 12)
        + ((frame["children"] > 2) ^ (frame["points"] > 6))
    )
    label = (worth + generator.normal(0, 0.3, len(frame))) > 2.6
    forest = RandomForestClassifier(4, max_depth=4, random_state=seed, n_jobs=1).fit(frame, label)
    scores = forest.predict_proba(frame)[:, 1]
    rows = frame[scores < 0.5].iloc[:25]
    results: list[RecourseResult] = search_counterfactuals(
        forest.predict_proba,
        rows,
        frame,
        ActionRules(),
        threshold=0.5,
        answers=1,
        max_changes=2,
        generator=generator,
        budget_s=600,
    )
    ratios = []
    for result, (_, row) in zip(results, rows.iterrows(), strict=True):
        best = brute_force(forest, frame, row, 2)
        if best is None:
            assert result.no_recourse is not None
            continue
        answer = result.answers[0]
        assert len(answer.changes) == best[0]
        ratios.append(answer.cost / best[1])
    assert min(ratios) >= 1 - 1e-9
    assert max(ratios) <= COST_FACTOR
