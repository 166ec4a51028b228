"""The runs whose offline reports are tested, made once."""

from __future__ import annotations

import sys
from pathlib import Path

import lightgbm
import pandas as pd
import pytest

from audits.pipeline.run import run_audit
from audits.store.bundle import Bundle

sys.path.insert(0, str(Path(__file__).parent))  # for offline.py, offline_runs.py
sys.path.insert(0, str(Path(__file__).parent.parent / "dashboard"))  # for real_browser.py

from offline_runs import CLASS_CHECKS, audit, make_rows


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Scores with a threshold that is no hundredth."""
    rows = make_rows(2500)
    return audit(
        tmp_path_factory.mktemp("scored"), rows, predictions='score = "score"\nthreshold = 0.437'
    )


@pytest.fixture(scope="session")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Scores and decisions that do not follow them, with weights."""
    return audit(
        tmp_path_factory.mktemp("weighted"),
        make_rows(2000, seed=1),
        predictions='score = "score"\nlabel = "label"',
        more='weight = "weight"',
    )


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A model of three classes."""
    folder = tmp_path_factory.mktemp("classes")
    rows = make_rows(700, seed=2)
    rows["grade"] = pd.cut(rows["score"], [-1, 0.35, 0.5, 2], labels=["low", "mid", "high"])
    data = lightgbm.Dataset(rows[["score", "weight"]].to_numpy(), rows["grade"].cat.codes,
                            feature_name=["score", "weight"])  # fmt: skip
    settings = {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}
    lightgbm.train(settings, data, 3).save_model(folder / "model.txt")
    rows["grade"] = rows["grade"].cat.codes
    rows.to_csv(folder / "rows.csv", index=False)
    (folder / "audit.toml").write_text(
        '[audit]\nname = "Grades"\ntask = "multiclass"\n[data]\npath = "rows.csv"\n'
        'target = "grade"\nprotected = ["sex"]\n[model]\npath = "model.txt"\n'
    )
    return run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=CLASS_CHECKS)
