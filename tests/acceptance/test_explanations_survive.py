"""A model that fails while it is explained, and a person who stops: named, and nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audits.checks.explain.attributions import EXPLANATIONS
from audits.checks.explain.gap import GAP
from audits.checks.performance.performance import PERFORMANCE_OVERALL
from audits.core.errors import CancelledError
from audits.core.report.report import CheckStatus
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems
from tests.models.endpoint_server import Server

AUDIT = """
[audit]
name = "Served"
[data]
path = "rows.csv"
target = "paid"
positive = "yes"
protected = ["sex"]
[model]
path = "model.json"
[explain]
sampled_rows = 20
"""
CHECKS = (PERFORMANCE_OVERALL, EXPLANATIONS, GAP)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    folder = tmp_path_factory.mktemp("served")
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"age": draw.integers(18, 80, 300).astype(float), "job": draw.choice(["a", "b"], 300)}
    )
    paid = np.where(
        rows["age"] / 20 + (rows["job"] == "a") + draw.normal(size=300) > 3, "yes", "no"
    )
    encode = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression(max_iter=1_000)).fit(rows, paid)
    sex = draw.choice(["F", "M"], 300)
    rows.assign(paid=paid, sex=sex).to_csv(folder / "rows.csv", index=False)
    (folder / "audit.toml").write_text(AUDIT)
    with Server() as server:
        server.model = model
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        document = {
            "schema": "assay.endpoint/1", "url": server.url, "task": "binary",
            "classes": ["no", "yes"], "batch_rows": 5_000, "timeout_s": 20,
            "features": [{"name": "age", "kind": "number"}, {"name": "job", "kind": "text"}],
        }  # fmt: skip
        (folder / "model.json").write_text(json.dumps(document))
        yield server, folder
        server.shutdown()


def refuse(handler, scores):
    handler.answer(b"overloaded", status=500)


def forget(handler, scores):
    scores[len(scores) // 2] = [float("nan")] * 2
    handler.answer(json.dumps({"scores": scores}).encode())


@pytest.mark.parametrize(("failure", "said"), [(refuse, "500"), (forget, "finite")])
def test_a_model_that_fails_in_the_middle(served, tmp_path, failure, said):
    server, folder = served
    server.behave = None

    def break_down(stage: str, fraction: float | None) -> None:
        if stage == "explain.attributions":  # all rows were scored by now
            server.behave = failure
        if stage == "explain.gap":
            server.behave = None  # it comes back, and the audit goes on

    bundle = run_audit(
        folder / "audit.toml", tmp_path / "run", device="cpu", progress=break_down, checks=CHECKS
    )
    performance, explanations, gap = bundle.report.checks
    assert performance.status is CheckStatus.MEASURED
    assert explanations.status is CheckStatus.ERROR
    assert said in explanations.reason
    assert gap.status is CheckStatus.MEASURED
    files = {path.name for path in (bundle.path / "evidence").iterdir()}
    assert files == {"predictions.parquet", "cube.parquet", "gap.parquet"}
    assert recompute_problems(bundle) == []


def test_a_run_that_is_stopped_leaves_no_half_folder(served, tmp_path):
    server, folder = served
    server.behave = None

    def stop(stage: str, fraction: float | None) -> None:
        if stage == "explain" and fraction:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        run_audit(
            folder / "audit.toml", tmp_path / "run", device="cpu", progress=stop, checks=CHECKS
        )
    assert list(tmp_path.iterdir()) == []
    bundle = run_audit(folder / "audit.toml", tmp_path / "run", device="cpu", checks=CHECKS)
    assert all(check.status is CheckStatus.MEASURED for check in bundle.report.checks)
    assert bundle.has_evidence("attributions.permutation_shap.parquet")
    assert bundle.has_evidence("attribution_errors.permutation_shap.parquet")
