"""What `assay init` writes of a model's outputs: what rows with known outcomes said, or a question."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from skops import io as skops_io

Assay = Callable[..., tuple[int, str, str]]
FEATURES = ["age", "debt"]


@pytest.fixture
def rows(tmp_path: Path) -> pd.DataFrame:
    draw = np.random.default_rng(4)
    frame = pd.DataFrame(draw.normal(size=(400, 2)).round(4), columns=FEATURES)
    bad = draw.random(400) < 1 / (1 + np.exp(-2 * frame["debt"]))
    frame = frame.assign(sex=draw.choice(["F", "M"], 400), default=np.where(bad, "yes", "no"))
    frame.to_csv(tmp_path / "d.csv", index=False)
    return frame


def start(assay: Assay, folder: Path, model: str) -> tuple[str, dict, str]:
    code, _, said = assay("init", folder / model, folder / "d.csv", "--out", folder / "a.toml")
    assert code == 0, said
    text = (folder / "a.toml").read_text()
    return text, tomllib.loads(text)["model"], said


def test_the_commonest_model_is_not_turned_round(
    assay: Assay, tmp_path: Path, rows: pd.DataFrame
) -> None:
    """XGBoost on (default == "yes"); the favourable value is "no", output 1 is not."""
    model = xgboost.XGBClassifier(n_estimators=10, n_jobs=1)
    model.fit(rows[FEATURES], rows["default"] == "yes").save_model(tmp_path / "m.ubj")
    text, section, _ = start(assay, tmp_path, "m.ubj")
    assert tomllib.loads(text)["data"]["positive"] == "no"
    assert section["classes"] == ["no", "yes"]
    assert 'output 0 ranks rows with "no" higher: AUC 0.' in text
    assert "on 400 rows" in text


def test_where_both_readings_fit_a_person_is_asked(
    assay: Assay, tmp_path: Path, rows: pd.DataFrame
) -> None:
    noise = np.random.default_rng(1).random(400) < 0.5
    model = xgboost.XGBClassifier(n_estimators=1, max_depth=1, n_jobs=1)
    model.fit(rows[["age"]], noise).save_model(tmp_path / "m.ubj")
    text, section, said = start(assay, tmp_path, "m.ubj")
    assert section["classes"] == ["CHANGE ME 0", "CHANGE ME 1"]
    assert 'classes = ["yes", "no"] or ["no", "yes"]' in said
    code, _, refused = assay("run", tmp_path / "a.toml", "--out", tmp_path / "run")
    assert code == 2
    assert "does not name positive = 'no'; name the model's outputs in their order" in refused
    settled = text.replace('["CHANGE ME 0", "CHANGE ME 1"]', '["no", "yes"]')
    (tmp_path / "b.toml").write_text(settled)
    assert tomllib.loads(settled)["model"]["classes"] == ["no", "yes"]


@pytest.mark.parametrize(
    ("model", "array", "key", "expected"),
    [
        (FixedThresholdClassifier(LogisticRegression(), threshold=0.7, pos_label="no"), False,
         "threshold", "model"),
        (LogisticRegression(), False, "threshold", 0.5),
        (LogisticRegression(), True, "features", ["CHANGE ME"]),
        (LinearRegression(), False, "output", "CHANGE ME"),
    ],
    ids=["own rule", "plain", "arrays", "one number"],
)  # fmt: skip
def test_what_is_known_is_written_and_the_rest_asked(
    assay: Assay, tmp_path: Path, rows: pd.DataFrame, model, array: bool, key: str, expected: object
) -> None:
    target = rows["default"] if key != "output" else (rows["default"] == "no").astype(float)
    features = rows[FEATURES].to_numpy() if array else rows[FEATURES]
    skops_io.dump(model.fit(features, target), tmp_path / "m.skops")
    text, section, said = start(assay, tmp_path, "m.skops")
    assert section[key] == expected
    assert ("CHANGE ME" in said) == (key in ("features", "output"))
    assert ("selected from 0.7 on" in text) == (expected == "model")
    assert 'task = "binary"' in text
