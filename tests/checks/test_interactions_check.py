"""Check `explain.interactions` on trees with a planted pair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from audits.checks.explain.interactions import INTERACTIONS, TOP_PAIRS
from audits.core.report.report import CheckStatus
from audits.explain.engine import SERVICE
from audits.explain.trees.by_rows import compute_interactions
from audits.pipeline.run import run_audit
from tests.near import open_near

AUDIT = """
[audit]
name = "Pairs"
[data]
path = "rows.csv"
target = "good"
positive = "yes"
protected = ["sex"]
[model]
path = "model.skops"
"""
FEATURES = ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(draw.normal(size=(800, 4)), columns=FEATURES)
    target = np.where(rows["a"] * rows["b"] + 0.5 * rows["c"] > 0, "yes", "no")
    model = HistGradientBoostingClassifier(max_iter=30, random_state=0).fit(rows, target)
    skops.io.dump(model, folder / "model.skops")
    skops.io.dump(LogisticRegression().fit(rows, target), folder / "linear.skops")
    rows.assign(good=target, sex="x").to_csv(folder / "rows.csv", index=False)
    return folder


def audit(folder, text):
    (folder / "audit.toml").write_text(text)
    out = folder / f"run{len(list(folder.iterdir()))}"
    return run_audit(folder / "audit.toml", out, device="cpu", checks=(INTERACTIONS,))


def test_the_planted_pair_comes_first_and_all_rows_add_up(folder):
    bundle = audit(folder, AUDIT + "[explain]\ninteractions = 800\n")
    check = bundle.report.checks[0]
    assert check.status is CheckStatus.MEASURED, check.reason
    table = pq.read_table(bundle.evidence_path("interactions.parquet")).to_pandas()
    pairs = table[table["feature"] != table["other"]]
    assert pairs[["feature", "other"]].iloc[0].tolist() == ["a", "b"]
    assert len(table) == 10
    assert (table["n"] == 800).all()
    rows = pd.read_csv(folder / "rows.csv")
    with open_near(folder / "model.skops", services=[SERVICE]) as client:
        found = compute_interactions(client, rows)
    whole = 2 * found.values[:, 0, 1]
    assert pairs["mean_absolute"].iloc[0] == pytest.approx(np.abs(whole).mean())
    # The whole of the pairs and of the columns alone is the mean output less the base.
    assert table["mean"].sum() == pytest.approx((found.output - found.base).mean(), abs=1e-9)
    measured = [m for m in bundle.report.measurements if m.metric == "mean_absolute_interaction"]
    assert measured[0].slice == "features=a & b"
    assert len(measured) == min(TOP_PAIRS, 6)
    estimate = measured[0].estimate
    half = 1.963 * np.abs(whole).std(ddof=1) / np.sqrt(800)
    assert estimate.value == pytest.approx(np.abs(whole).mean())
    assert estimate.high - estimate.value == pytest.approx(half, rel=1e-3)
    assert estimate.n == 800


def test_fewer_rows_are_drawn_by_the_seed_and_said(folder):
    runs = [audit(folder, AUDIT + "[explain]\ninteractions = 50\n") for _ in range(2)]
    tables = [pq.read_table(run.evidence_path("interactions.parquet")) for run in runs]
    assert tables[0].equals(tables[1])
    assert "50 of 800 rows, sampled with the run's seed" in runs[0].report.evidence[-1].description


def test_it_runs_on_request_and_for_trees_only(folder):
    silent = audit(folder, AUDIT).report.checks[0]
    assert silent.status is CheckStatus.NOT_APPLICABLE
    assert "set interactions under [explain]" in silent.reason
    text = AUDIT.replace("model.skops", "linear.skops") + "[explain]\ninteractions = 5\n"
    linear = audit(folder, text).report.checks[0]
    assert linear.status is CheckStatus.NOT_APPLICABLE
    assert "LogisticRegression" in linear.reason
