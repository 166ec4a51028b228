"""`make bench`: thresholds solved on a cube, beside fairlearn's ThresholdOptimizer on the rows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.linear_model import LinearRegression

from audits.cube.counts.build import build_cube
from audits.cube.counts.view import compute_view
from audits.mitigate.frontier import compute_frontier
from audits.mitigate.goals import GOALS, Costs
from audits.mitigate.halves import split_cube
from audits.mitigate.plan import Plan
from audits.mitigate.thresholds import Chooser

ROWS, GROUPS, SCORES = 1_000_000, 5, 5_000
PEERS = {
    "demographic_parity": "demographic_parity",
    "equal_opportunity": "true_positive_rate_parity",
    "equalized_odds": "equalized_odds",
}


def draw_rows() -> pd.DataFrame:
    """Draw rows of groups that differ in size, base rate and score."""
    draw = np.random.default_rng(0)
    sizes = np.arange(GROUPS, 0, -1) / np.arange(GROUPS + 1).sum()
    group = draw.choice(GROUPS, ROWS, p=sizes)
    true = (draw.random(ROWS) < 0.2 + 0.08 * group).astype(np.int32)
    score = np.clip(draw.normal(0.35 + 0.2 * true + 0.05 * group, 0.18), 0.0001, 0.9999)
    score = np.floor(score * SCORES) / SCORES
    decided = (score >= 0.5).astype(np.int32)
    frame = pd.DataFrame({"y_true": true, "y_score": score, "y_pred": decided})
    return frame.assign(team=np.array(list("abcde"))[group])


def time_call(call: Callable[[], object], repeats: int = 5) -> float:
    """Return the median seconds of a call."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Print one line a goal."""
    frame = draw_rows()
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "rows.parquet"
        frame.to_parquet(path)
        cube = build_cube(connection, path, task="binary", attributes=("team",), threshold=0.5)
    whole = compute_view(cube, ("team",))
    first, second = split_cube(cube, np.random.default_rng(0))
    halves = [compute_view(half, ("team",)) for half in (first, second)]
    seconds = time_call(lambda: split_cube(cube, np.random.default_rng(0)))
    print(
        f"{ROWS:,} rows, {GROUPS} groups, {len(cube.edges):,} scores; split {seconds * 1e3:.0f} ms"
    )
    for name, goal in GOALS.items():
        made = time_call(lambda goal=goal: Chooser(whole, goal, Costs()))
        chooser = Chooser(whole, goal, Costs())
        chooser.choose(0.02, by_group=True)
        solved = time_call(lambda chooser=chooser: chooser.choose(0.02, by_group=True))
        line = f"{name}: curves {made * 1e3:.0f} ms, one solution {solved * 1e3:.0f} ms"
        if goal.gap is not None:
            walked = time_call(
                lambda goal=goal: compute_frontier(*halves, goal, Costs(), by_group=True), 3
            )
            line += f", frontier {walked * 1e3:.0f} ms"
        plan = chooser.choose(0.02, by_group=True)
        if isinstance(plan, Plan):
            line += f"; accuracy {1 - plan.cost:.4f} at a gap of {plan.gap:.4f}"
        print(line)
        if name in PEERS:
            compare_with_fairlearn(frame, PEERS[name])


def compare_with_fairlearn(frame: pd.DataFrame, constraint: str) -> None:
    """Print what fairlearn's randomised thresholds take and reach, at no gap."""
    given = LinearRegression()
    given.coef_, given.intercept_, given.n_features_in_ = np.ones(1), 0.0, 1
    optimizer = ThresholdOptimizer(
        estimator=given, constraints=constraint, prefit=True, predict_method="predict"
    )
    scores = frame[["y_score"]].to_numpy()
    start = time.perf_counter()
    optimizer.fit(scores, frame["y_true"].to_numpy(), sensitive_features=frame["team"])
    seconds = time.perf_counter() - start
    chance = optimizer._pmf_predict(scores, sensitive_features=frame["team"])[:, 1]
    right = np.where(frame["y_true"] == 1, chance, 1 - chance).mean()
    print(f"  fairlearn, randomised: {seconds:.1f} s; accuracy {right:.4f} at no gap")


if __name__ == "__main__":
    main()
