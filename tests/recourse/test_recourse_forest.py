"""A forest that is walked in the audit answers what the model answers, and is read with care."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from audits.recourse.columns import build_columns
from audits.recourse.forests import forest_scorer
from audits.recourse.forests.forest_walk import Forest, Walk, build_forest
from audits.recourse.proof.trees import Nodes
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.goals import FallWithin, ReachScore
from audits.recourse.search.proposals import Editor, Proposals
from audits.recourse.search.search import search_counterfactuals
from audits.recourse.worker.remote import WorkerScorer
from tests.near import open_near

SERVICES = ("audits.recourse.worker.service",)
N_ROWS = 40


@pytest.fixture
def always_walked(monkeypatch):
    monkeypatch.setattr(forest_scorer, "WORTH_ROWS", 0)


def make_frame(draw: np.random.Generator, n: int = 900) -> pd.DataFrame:
    jobs = [f"job {i}" for i in range(12)]
    return pd.DataFrame(
        {
            "age": draw.integers(18, 80, n),
            "rate": np.where(draw.random(n) < 0.1, np.nan, np.round(draw.random(n), 2)),
            "job": pd.Categorical(draw.choice(jobs, n)),
            "income": np.round(draw.lognormal(7, 1, n), 2),
            "owner": draw.random(n) < 0.5,
        }
    )


def save_booster(kind: str, folder: Path, frame: pd.DataFrame, draw: np.random.Generator) -> Path:
    worth = frame["age"] / 20 + np.log(frame["income"]) + (frame["job"].cat.codes % 3 == 0)
    worth = worth + frame["rate"].fillna(0.2) * frame["owner"] + draw.normal(0, 0.3, len(frame))
    label = (worth > worth.median()).astype(int)
    if kind.startswith("lightgbm"):
        aims = {"regression": worth, "poisson": worth.clip(0)}
        aim = aims.get(kind.rpartition(" ")[2], label)
        objective = kind.rpartition(" ")[2] if " " in kind else "binary"
        settings = {"objective": objective, "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5}
        booster = lgb.train(settings, lgb.Dataset(frame, aim), 40)
        booster.save_model(str(folder / "model.txt"))
        return folder / "model.txt"
    model = xgb.XGBClassifier(n_estimators=30, enable_categorical=True, n_jobs=1)
    model.fit(frame, label).get_booster().save_model(folder / "model.json")
    return folder / "model.json"


def draw_changes(
    frame: pd.DataFrame,
    changes: int,
    alike: int,
    draw: np.random.Generator,
    *,
    one_column: bool = False,
) -> Proposals:
    """Return changes of the first rows to values of other rows, `alike` of which differ in their
    last change only (one_column: in its value only)."""
    columns = build_columns(frame, frame)
    codes = Editor(frame, columns).codes
    heads = 150
    rows = np.repeat(np.sort(draw.integers(0, N_ROWS, heads)), alike)
    picked = np.array([draw.permutation(len(columns))[:changes] for _ in range(heads)])
    picked = np.repeat(picked, alike, axis=0)
    if alike > 1 and not one_column:
        fresh = [np.setdiff1d(np.arange(len(columns)), row[:-1]) for row in picked]
        picked[:, -1] = [draw.choice(some) for some in fresh]
    whole = np.flatnonzero(~np.isnan(codes).any(axis=1))
    sources = np.repeat(draw.choice(whole, (heads, changes)), alike, axis=0)
    sources[:, -1] = draw.choice(whole[:30], len(sources))
    return Proposals(rows, picked, codes[sources, picked])


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", "lightgbm regression"])
def test_changed_rows_are_answered_as_the_model_answers_them(kind, tmp_path, always_walked):
    draw = np.random.default_rng(0)
    frame = make_frame(draw)
    rows = frame.iloc[:N_ROWS]
    columns = build_columns(frame, frame)
    goal = FallWithin(8.0, np.inf) if kind.endswith("regression") else ReachScore(0.5)
    with open_near(save_booster(kind, tmp_path, frame, draw), services=SERVICES) as client:
        delta_scorer = WorkerScorer(client)
        delta_scorer.expect(N_ROWS)
        assert delta_scorer.keep(rows, columns, goal)
        assert delta_scorer._walks
        shapes = ((1, 1), (2, 1), (3, 1), (1, 12), (2, 12), (3, 12), (1, 3), (2, 3), (3, 3))
        for changes, alike in shapes:
            proposals = draw_changes(frame, changes, alike, draw, one_column=alike == 3)
            if changes == 2:
                proposals.columns[:40, 0] = -1  # no change at all
            found = delta_scorer.score(proposals)
            asked = client.predict(Editor(rows, columns).apply(proposals))
            assert found.shape == asked.shape
            np.testing.assert_allclose(
                found, asked, rtol=0, atol=2e-6 if kind == "xgboost" else 1e-12
            )
            assert len(np.unique(np.round(found, 9))) > 30


def test_many_values_at_once_are_answered_as_one_by_one(tmp_path, always_walked):
    draw = np.random.default_rng(1)
    frame = make_frame(draw)
    with open_near(save_booster("lightgbm", tmp_path, frame, draw), services=SERVICES) as client:
        delta_scorer = WorkerScorer(client)
        delta_scorer.expect(N_ROWS)
        delta_scorer.keep(frame.iloc[:N_ROWS], build_columns(frame, frame), ReachScore(0.5))
        walk = delta_scorer._forest._walk
    proposals = draw_changes(frame, 3, 12, draw)
    proposals.values[:, 2] = np.round(proposals.values[:, 2])  # few enough for one word
    together = walk.compute_sums(proposals)
    alone = [walk.compute_sums(proposals.take(slice(i, i + 1)))[0] for i in range(len(together))]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost"])
def test_a_search_finds_the_same_with_and_without_the_walk(kind, tmp_path, monkeypatch):
    draw = np.random.default_rng(2)
    frame = make_frame(draw)
    with open_near(save_booster(kind, tmp_path, frame, draw), services=SERVICES) as client:
        rejected = frame[client.predict(frame)[:, 1] < 0.5].iloc[:60]

        def search():
            delta_scorer = WorkerScorer(client)
            found = search_counterfactuals(
                client.predict, rejected, frame, ActionRules(immutable=frozenset({"owner"})),
                delta_scorer=delta_scorer, answers=4, generator=np.random.default_rng(0), budget_s=600.0,
            )  # fmt: skip
            return delta_scorer._walks, found

        monkeypatch.setattr(forest_scorer, "WORTH_ROWS", 0)
        walked, found = search()
        assert walked
        monkeypatch.setattr(forest_scorer, "WORTH_ROWS", 10**9)
        walked, asked = search()
        assert not walked
        assert found == asked
        assert sum(len(one.answers) for one in found) > 100


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost"])
def test_a_number_is_sought_beside_the_thresholds(kind, tmp_path, always_walked, monkeypatch):
    """Knowing them saves predictions, and finds what is found without."""
    draw = np.random.default_rng(5)
    frame = make_frame(draw).astype({"income": np.float32} if kind == "xgboost" else {})
    with open_near(save_booster(kind, tmp_path, frame, draw), services=SERVICES) as client:
        rejected = frame[client.predict(frame)[:, 1] < 0.5].iloc[:60]
        asked: list[int] = []
        score = WorkerScorer.score

        def count(self: WorkerScorer, proposals: Proposals) -> np.ndarray:
            asked.append(len(proposals))
            return score(self, proposals)

        monkeypatch.setattr(WorkerScorer, "score", count)

        def search() -> tuple[int, list]:
            asked.clear()
            found = search_counterfactuals(
                client.predict, rejected, frame, ActionRules(), delta_scorer=WorkerScorer(client),
                generator=np.random.default_rng(0), budget_s=600.0,
            )  # fmt: skip
            return len(asked), found

        calls, found = search()
        monkeypatch.setattr(WorkerScorer, "find_borders", lambda self, place: None)
        more, without = search()
    assert found == without
    assert calls < more


def test_where_rounding_could_decide_the_model_is_asked(tmp_path, always_walked):
    draw = np.random.default_rng(3)
    frame = make_frame(draw)
    columns = build_columns(frame, frame)
    proposals = draw_changes(frame, 2, 1, draw)
    with open_near(save_booster("xgboost", tmp_path, frame, draw), services=SERVICES) as client:
        asked = client.predict(Editor(frame.iloc[:N_ROWS], columns).apply(proposals))
        for place in range(0, 40, 4):
            delta_scorer = WorkerScorer(client)
            delta_scorer.expect(N_ROWS)
            delta_scorer.keep(frame.iloc[:N_ROWS], columns, ReachScore(float(asked[place, 1])))
            assert delta_scorer.score(proposals)[place, 1] == asked[place, 1]


def test_what_is_not_a_sum_of_leaves_is_left_to_the_model(tmp_path, always_walked):
    draw = np.random.default_rng(4)
    frame = make_frame(draw)
    path = save_booster("lightgbm poisson", tmp_path, frame, draw)
    with open_near(path, services=SERVICES) as client:
        delta_scorer = WorkerScorer(client)
        delta_scorer.expect(N_ROWS)
        assert delta_scorer.keep(
            frame.iloc[:N_ROWS], build_columns(frame, frame), FallWithin(8, np.inf)
        )
        assert not delta_scorer._walks


STUMP = Nodes(
    tree=np.zeros(3, dtype=np.int64),
    feature=np.array([0, 0, 0]),
    threshold=np.array([1.5, 0.0, 0.0]),
    left=np.array([1, -1, -1]),
    right=np.array([2, -1, -1]),
    missing_left=np.array([True, False, False]),
    value=np.array([0.0, -1.0, 1.0]),
    categories={},
    roots=np.array([0]),
    strict=False,
    dtype=np.float64,
)


def test_a_stump_by_hand():
    forest = build_forest(STUMP, 1)
    assert isinstance(forest, Forest)
    walk = Walk(forest, np.array([[1.0], [2.0], [np.nan]]))
    assert walk.compute_own().tolist() == [-1.0, 1.0, -1.0]
    rows = np.array([0, 1, 2, 2])
    changed = Proposals(rows, np.zeros((4, 1), dtype=np.int64), np.array([[1.5], [1.6], [3], [0]]))
    assert walk.compute_sums(changed).tolist() == [-1.0, 1.0, 1.0, -1.0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"left": np.array([0, -1, -1])},  # a node that is its own child
        {"right": np.array([3, -1, -1])},  # a child that is not there
        {"right": np.array([1, -1, -1])},  # one child twice
        {"right": np.array([-1, -1, -1])},  # half a split
        {"feature": np.array([1, 0, 0])},  # a column that is not there
        {"roots": np.array([3])},
        {"roots": np.array([0, 1])},  # a root inside another tree
        {"roots": np.array([], dtype=np.int64)},
        {"categories": {0: np.array([True])}},  # no answers for unknown and missing ones
    ],
)  # fmt: skip
def test_nodes_that_are_no_trees_are_refused(wrong):
    with pytest.raises(ValueError, match=r"make up trees|without answers"):
        build_forest(replace(STUMP, **wrong), 1)
