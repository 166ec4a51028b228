"""Scoring beside the model answers what whole rows answer, and tells which models cannot."""

from __future__ import annotations

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skops.io import dump

from audits.models import open_model
from audits.recourse.columns import build_columns
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.goals import ReachScore
from audits.recourse.search.proposals import Editor, Proposals
from audits.recourse.search.search import search_counterfactuals
from audits.recourse.worker.remote import WorkerScorer

SERVICES = ("audits.recourse.worker.service",)


def make_frame(draw: np.random.Generator, n: int = 800) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "age": draw.integers(18, 80, n),
            "rate": np.where(draw.random(n) < 0.1, np.nan, np.round(draw.random(n), 2)),
            "job": draw.choice(["clerk", "nurse", "cook"], n),
            "owner": draw.random(n) < 0.5,
        }
    )
    frame["job"] = frame["job"].astype("category")
    return frame


def save_model(kind: str, folder: Path, frame: pd.DataFrame, label: np.ndarray) -> Path:
    if kind == "lightgbm":
        data = lgb.Dataset(frame, label)
        booster = lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1}, data, 20)
        booster.save_model(str(folder / "model.txt"))
        return folder / "model.txt"
    if kind == "pipeline":
        words = OneHotEncoder(handle_unknown="ignore")
        numbers = make_pipeline(SimpleImputer(), StandardScaler())
        parts = make_column_transformer((words, ["job"]), (numbers, ["age", "rate", "owner"]))
        grown = RandomForestClassifier(30, max_depth=5, random_state=0)
        plain = frame.astype({"job": object})
        dump(make_pipeline(parts, grown).fit(plain, label), folder / "model.skops")
        return folder / "model.skops"
    if kind == "histogram":  # it encodes categories inside itself
        inside = HistGradientBoostingClassifier(max_iter=20, categorical_features=["job"])
        dump(inside.fit(frame, label), folder / "model.skops")
        return folder / "model.skops"
    model = xgb.XGBClassifier(n_estimators=20, enable_categorical=True, n_jobs=1)
    model.fit(frame, label.astype(int)).get_booster().save_model(folder / "model.json")
    return folder / "model.json"


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", "pipeline", "histogram"])
def test_changes_alone_are_scored_as_whole_rows_are(kind: str, tmp_path: Path):
    draw = np.random.default_rng(0)
    frame = make_frame(draw)
    label = (frame["age"] > 50).to_numpy() ^ (frame["job"] == "nurse").to_numpy()
    path = save_model(kind, tmp_path, frame, label)
    rows = frame.iloc[:50]
    columns = build_columns(rows, frame)
    n = 500
    places = np.column_stack([draw.integers(0, 2, n), draw.choice([-1, 2, 3], n)])
    codes = np.column_stack(
        [np.where(places[:, 0] == 0, draw.integers(18, 80, n), draw.random(n)),
         np.where(places[:, 1] == 2, draw.integers(0, 3, n), draw.integers(0, 2, n))]
    )  # fmt: skip
    proposals = Proposals(draw.integers(0, 50, n), places, codes)
    proposals = proposals.take(np.argsort(proposals.rows, kind="stable"))
    with open_model(path, services=SERVICES) as client:
        delta_scorer = WorkerScorer(client)
        assert delta_scorer.keep(rows, columns, ReachScore(0.5))
        found = delta_scorer.score(proposals)
        assert np.array_equal(found, client.predict(Editor(rows, columns).apply(proposals)))
        assert len(np.unique(found[:, 1])) > 5

        rejected = rows[client.predict(rows)[:, 1] < 0.5]
        settings = {"threshold": 0.5, "budget_s": 600.0}
        both = [
            search_counterfactuals(
                client.predict,
                rejected,
                frame,
                ActionRules(),
                delta_scorer=scorer,
                generator=np.random.default_rng(0),
                **settings,
            )
            for scorer in (delta_scorer, None)
        ]
        assert both[0] == both[1]
        assert all(result.answers for result in both[0])


def test_a_model_whose_encoding_mixes_columns_is_asked_with_whole_rows(tmp_path: Path):
    frame = make_frame(np.random.default_rng(0)).drop(columns="job")
    mixing = make_pipeline(SimpleImputer(), PCA(2), RandomForestClassifier(5, random_state=0))
    dump(mixing.fit(frame, frame["age"] > 50), tmp_path / "model.skops")
    with open_model(tmp_path / "model.skops", services=SERVICES) as client:
        assert not WorkerScorer(client).keep(frame, build_columns(frame, frame), ReachScore(0.5))
