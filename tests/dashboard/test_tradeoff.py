"""The lab's frontier: equal to deciding every row anew, without counting rows at each step."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.cube.counts.cube import Cube
from audits.figures.theme import MAX_POINTS
from audits.figures.tradeoff import Path as Thresholds, Place, draw_tradeoff
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.fairness import thresholds, tradeoff
from dashboard.viewmodels.run import RunData
from tests.figures.marks import count_points

pages = import_module("tests.dashboard.test_pages")


def test_the_path_equals_a_count_of_the_rows(run: RunData) -> None:
    frame = pd.read_parquet(run.bundle.evidence_path("predictions.parquet"))
    path = tradeoff.compute_path(run, "sex", "true_positive_rate", "accuracy")
    assert {0.0, 0.5, 1.0, 0.29} <= set(path.thresholds.tolist())
    good = frame[frame["y_true"] == 1]
    for place in range(0, len(path.thresholds), 37):
        cut = path.thresholds[place]
        rates = (good["y_score"] >= cut).groupby(good["sex"]).mean()
        assert path.gap[place] == pytest.approx(float(rates.max() - rates.min()))
        right = ((frame["y_score"] >= cut) == (frame["y_true"] == 1)).mean()
        assert path.paid[place] == pytest.approx(float(right))


def test_what_no_other_beats_by_brute_force() -> None:
    draw = np.random.default_rng(1)
    gap, cost = draw.integers(0, 12, 80) / 12, draw.integers(0, 12, 80) / 12
    gap[3] = cost[7] = np.nan
    best = tradeoff.find_best(gap, cost)
    kept = [
        (g, c)
        for g, c in zip(gap, cost, strict=True)
        if not any((a <= g and b < c) or (a < g and b <= c) for a, b in zip(gap, cost, strict=True))
        and not np.isnan([g, c]).any()
    ]
    assert sorted(set(kept)) == sorted(zip(gap[best], cost[best], strict=True))
    assert list(gap[best]) == sorted(gap[best])
    assert list(tradeoff.find_best(np.array([np.nan]), np.array([0.1]))) == []


def test_a_step_between_the_steps_is_counted_too(run: RunData) -> None:
    frame = pd.read_parquet(run.bundle.evidence_path("predictions.parquet"))
    decided = run.sweep("sex").decide(0.12345)
    for place, sex in enumerate(run.view("sex").labels):
        expected = (frame.loc[frame["sex"] == sex, "y_score"] >= 0.12345).sum()
        assert decided.count[place, :, 1].sum() == expected
    assert run.sweep("sex") is run.sweep("sex")


def test_the_finding_names_a_narrower_gap_only_where_there_is_one(run: RunData) -> None:
    for grouping in run.groupings:
        path = tradeoff.compute_path(run, grouping, "selection_rate", "accuracy")
        found = tradeoff.make_tradeoff(run, grouping, "selection_rate", 0.5)
        assert found is not None
        here = int(np.searchsorted(path.thresholds, 0.5))
        better = (path.gap < path.gap[here] - 0.0005) & (path.paid >= path.paid[here] - 0.01)
        assert ("it would be" in found.sentence) == bool(better.any())
        assert count_points(found.chart.figure) < MAX_POINTS


def test_marks_are_where_their_thresholds_are() -> None:
    path = Thresholds(
        np.array([0.2, 0.5]), np.array([0.1, 0.3]), np.array([0.6, 0.7]), np.array([0, 1])
    )
    places = [Place("<b>audited</b>", 0.3, 0.7, False), Place("at 0.20", 0.1, 0.6, True)]
    chart = draw_tradeoff(
        path, places, title="t", axes=("Gap", "Accuracy"), words=("all", "best"), share=True
    )
    ring, mark = chart.figure.data[-2:]
    assert (ring.x[0], ring.y[0], mark.x[0], mark.y[0]) == (0.3, 0.7, 0.1, 0.6)
    assert "<b>" not in ring.text[0]
    low, high = chart.figure.layout.yaxis.range
    assert low < 0.6 and high > 0.7


def make_big_cube(groups: int, rows: int = 300_000) -> Cube:
    """Return a cube with 65,536 score bins, as of a run of many rows."""
    draw = np.random.default_rng(0)
    edges = np.arange(65_536) / 65_536
    place = draw.integers(0, 65_536, rows)
    one = np.ones(rows)
    sums = dict.fromkeys(("count", "weight", "weight_squared"), one)
    sums |= dict.fromkeys(("score_sum", "score_square_sum", "log_loss_sum"), edges[place])
    true = (draw.random(rows) < edges[place]).astype(np.int64)
    codes = {"y_true": true, "y_pred": (edges[place] >= 0.5).astype(np.int64), "score_bin": place}
    return Cube(
        "binary", ("sex",), {"sex": tuple(f"g{n:03}" for n in range(groups))},
        draw.integers(0, groups, (rows, 1)), codes, sums, ("0", "1"), edges, 16, 0.5,
    )  # fmt: skip


@pytest.mark.parametrize("groups", [2, 500])
def test_a_slider_step_of_a_large_cube_counts_no_row_again(run: RunData, groups: int) -> None:
    """What a step takes is measured by `tests/benchmarks/dashboard_speed.py`."""
    big = RunData(run.bundle)
    big.__dict__["cube"] = make_big_cube(groups)

    def step(threshold: float) -> None:
        moved = thresholds.compute_moved(big, "sex", "true_positive_rate", threshold)
        found = tradeoff.make_tradeoff(big, "sex", "true_positive_rate", threshold)
        curves = thresholds.make_threshold_chart(big, "sex", "true_positive_rate", threshold)
        assert found is not None
        for chart in (moved.chart, found.chart, curves):
            assert count_points(chart.figure) < MAX_POINTS
            chart.figure.to_json()

    step(0.5)
    nobody = np.empty((0, 1), dtype=np.int64)
    big.__dict__["cube"] = replace(big.cube, group_codes=nobody, codes={}, sums={})
    for threshold in (0.2, 0.36, 0.52, 0.68):
        step(threshold)


def test_weights_count_where_there_are_any(run: RunData) -> None:
    cube = make_big_cube(3, 900)
    weight = np.tile([1.0, 2.0, 3.0], 300)
    sums = {**cube.sums, "weight": weight, "weight_squared": weight**2}
    weighted = RunData(run.bundle)
    weighted.__dict__["cube"] = replace(cube, sums=sums)
    decided = weighted.sweep("sex").decide(0.25)
    chosen = cube.edges[cube.codes["score_bin"]] >= 0.25
    assert decided.weight[..., 1].sum() == pytest.approx(weight[chosen].sum())
    assert decided.weight_squared[..., 1].sum() == pytest.approx((weight[chosen] ** 2).sum())
    assert decided.everybody.count[0, :, 1].sum() == chosen.sum()
    off = weighted.sweep("sex").decide(0.2501)
    assert off.count[..., 1].sum() == (cube.edges[cube.codes["score_bin"]] >= 0.2501).sum()


def test_the_slider_moves_the_mark(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    app = pages.open_page("fairness")
    app.slider(key="threshold").set_value(0.8).run()
    assert not app.exception
    marks = [t for spec in pages.specs(app) for t in spec["data"] if t.get("text") == ["at 0.80"]]
    assert len(marks) == 1
