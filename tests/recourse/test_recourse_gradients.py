"""Gradients against finite differences, and the guided search against brute force."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from audits.models import open_model
from audits.models.formats.torch import load
from audits.models.worker.client import ModelClient
from audits.recourse.columns import build_columns
from audits.recourse.result import RecourseResult
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.candidates import Candidates, build_candidates
from audits.recourse.search.goals import BecomeClass, FallWithin, Goal, ReachScore, straighten
from audits.recourse.search.gradients import compute_gradients, read_margin
from audits.recourse.search.proposals import Proposals
from audits.recourse.search.search import search_counterfactuals
from audits.recourse.worker.remote import WorkerScorer, describe_margin

SERVICES = ("audits.recourse.worker.service",)
CLASSES = {"binary": ["no", "yes"], "multiclass": ["a", "b", "c"], "regression": []}


def save_network(folder: Path, task: str, hidden: list[int], seed: int) -> Path:
    """Write a network of two numbers and two categories with random weights."""
    draw = torch.Generator().manual_seed(seed)
    spec = {
        "schema": "assay.torch/1", "architecture": "tabular", "weights": "w.safetensors",
        "task": task, "classes": CLASSES[task], "features": ["job", "age", "town", "debt"],
        "numeric": [{"name": "age", "mean": 40.0, "std": 12.0, "fill": 37.0},
                    {"name": "debt", "mean": 5.0, "std": 3.0, "fill": 4.0}],
        "categorical": [{"name": "job", "categories": ["clerk", "cook", "nurse"], "dim": 3},
                        {"name": "town", "categories": ["a", "b"], "dim": 2}],
        "hidden": hidden,
    }  # fmt: skip
    widths = [7, *hidden, 3 if task == "multiclass" else 1]
    shapes = {"embeddings.0.weight": (4, 3), "embeddings.1.weight": (3, 2)}
    for place, (left, right) in enumerate(itertools.pairwise(widths)):
        shapes |= {f"layers.{place}.weight": (right, left), f"layers.{place}.bias": (right,)}
    tensors = {name: 0.7 * torch.randn(shape, generator=draw) for name, shape in shapes.items()}
    save_file(tensors, folder / "w.safetensors")
    (folder / "net.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder / "net.json"


def make_rows(seed: int, n: int = 300) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "job": draw.choice(["clerk", "cook", "nurse"], n),
            "age": draw.integers(20, 52, n).astype(np.float64),
            "town": draw.choice(["a", "b"], n),
            "debt": draw.integers(0, 32, n),
        }
    )
    frame.loc[draw.random(n) < 0.1, "age"] = np.nan
    return frame


@pytest.mark.parametrize(
    ("task", "goal"),
    [
        ("binary", ReachScore(0.5, 1)),
        ("binary", ReachScore(0.5, 0)),
        ("binary", BecomeClass(0, "no")),
        ("multiclass", ReachScore(0.5, 2)),
        ("multiclass", BecomeClass(1, "b")),
        ("regression", FallWithin(-1.0, 2.0)),
        ("regression", FallWithin(-np.inf, 0.5)),
    ],
)
def test_gradients_are_finite_differences_of_what_the_model_answers(
    task: str, goal: Goal, tmp_path: Path
) -> None:
    adapter = load(save_network(tmp_path, task, [6, 5], seed=3), "cpu")
    adapter.estimator.double()
    matrix = np.random.default_rng(0).normal(size=(40, 7))
    found = compute_gradients(adapter, matrix, read_margin(describe_margin(goal, task)))

    def margin(rows: np.ndarray) -> np.ndarray:
        answer = adapter.predict_encoded(rows)
        return straighten(goal, goal.compute_gain(answer))

    step = 1e-6
    for column in range(7):
        move = step * (np.arange(7) == column)
        slope = (margin(matrix + move) - margin(matrix - move)) / (2 * step)
        # at a kink of a ReLU both are right and differ; none of these rows lies on one
        np.testing.assert_allclose(found[:, column], slope, rtol=1e-4, atol=1e-6)
    assert np.abs(found).max() > 0.1


def test_what_gradients_promise_is_exact_where_the_model_is_linear(tmp_path: Path) -> None:
    """No hidden layer: the log-odds are linear in what a category or a number is encoded as."""
    frame = make_rows(0)
    rows = frame.iloc[:60]
    columns = build_columns(rows, frame)
    candidates = build_candidates(columns, frame, ActionRules())
    goal = ReachScore(0.5, 1)
    draw = np.random.default_rng(1)
    heads = Proposals(
        np.arange(60),
        draw.choice([-1, 0, 2], (60, 1)),
        draw.integers(0, 2, (60, 1)).astype(np.float64),
    )
    with open_model(save_network(tmp_path, "binary", [], 5), services=SERVICES) as client:
        delta_scorer = WorkerScorer(client)
        assert delta_scorer.keep(rows, columns, ReachScore(0.5))
        assert delta_scorer.keep_moves(candidates, goal)
        found = delta_scorer.follow(heads)
        before = straighten(goal, delta_scorer.score(heads)[:, 1])
        for move in range(0, len(candidates), 5):
            place, code = candidates.column[move], candidates.value[move]
            same = heads.columns[:, 0] == place
            changed = Proposals(
                heads.rows,
                np.column_stack([np.where(same, -1, heads.columns[:, 0]), np.full(60, place)]),
                np.column_stack([heads.values[:, 0], np.full(60, code)]),
            )
            after = straighten(goal, delta_scorer.score(changed)[:, 1])
            np.testing.assert_allclose(found[:, move], after - before, atol=2e-4)
    assert np.abs(found).max() > 1


class Counting(WorkerScorer):
    """Counts rows that the model is asked about; a gradient costs about three predictions."""

    def __init__(self, client: ModelClient, *, guided: bool) -> None:
        super().__init__(client)
        self.asked, self.gradients, self.guided = 0, 0, guided

    def score(self, proposals: Proposals) -> np.ndarray:
        self.asked += len(proposals)
        return super().score(proposals)

    def follow(self, proposals: Proposals) -> np.ndarray:
        self.asked += 3 * len(proposals)
        self.gradients += len(proposals)
        return super().follow(proposals)

    def keep_moves(self, candidates: Candidates, goal: Goal) -> bool:
        return self.guided and super().keep_moves(candidates, goal)


def brute_force(
    client: ModelClient, frame: pd.DataFrame, row: pd.DataFrame, cut: float
) -> int | None:
    """Return the fewest columns, up to 2, with which any values of the reference data do."""
    values = [sorted(frame[name].dropna().unique()) for name in frame.columns]
    for size in (1, 2):
        for places in itertools.combinations(range(len(values)), size):
            chosen = pd.DataFrame(itertools.product(*(values[place] for place in places)))
            asked = row.iloc[np.zeros(len(chosen), dtype=int)].set_axis(chosen.index)
            for slot, place in enumerate(places):
                asked[frame.columns[place]] = chosen[slot]
            if (client.predict(asked)[:, 1] >= cut).any():
                return size
    return None


def test_the_guided_search_finds_what_brute_force_finds_with_fewer_calls(tmp_path: Path) -> None:
    frame = make_rows(4)
    total, costs = {True: 0, False: 0}, {True: [], False: []}
    for seed in (1,):
        with open_model(
            save_network(tmp_path, "binary", [8, 6], seed), services=SERVICES
        ) as client:
            scores = client.predict(frame)[:, 1]
            cut = float(np.quantile(scores, 0.995))
            rows = frame[scores < cut].iloc[:30]
            found: dict[bool, list[RecourseResult]] = {}
            for guided in (True, False):
                delta_scorer = Counting(client, guided=guided)
                found[guided] = search_counterfactuals(
                    client.predict, rows, frame, ActionRules(), threshold=cut, delta_scorer=delta_scorer,
                    max_changes=2,
                    answers=3, generator=np.random.default_rng(0), budget_s=600.0,
                )  # fmt: skip
                total[guided] += delta_scorer.asked
                assert (delta_scorer.gradients > 0) == guided
            fewest = [brute_force(client, frame, rows.iloc[[n]], cut) for n in range(6)]
            assert len({*fewest}) > 1
        for guided, results in found.items():
            costs[guided] += [result.answers[0].cost for result in results if result.answers]
        for one, other in zip(found[True], found[False], strict=True):
            assert len(one.answers) == len(other.answers)
            for mine, theirs in zip(one.answers, other.answers, strict=True):
                assert len(mine.changes) == len(theirs.changes)
        for result, least in zip(found[True], fewest, strict=False):
            assert (len(result.answers[0].changes) if result.answers else None) == least
    assert np.mean(costs[True]) <= 1.01 * np.mean(costs[False])
    assert total[True] < 0.95 * total[False]
