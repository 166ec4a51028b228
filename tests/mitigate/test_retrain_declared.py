"""Retraining a model whose inputs the settings name: as the same model fitted on named columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from audits.mitigate.mixture import open_mixture
from audits.models import open_model
from audits.pipeline.retrain import run_retraining
from audits.pipeline.run import no_progress

AUDIT = """
[audit]
name = "Loans"
[data]
path = "d.csv"
reference = "d.csv"
target = "repaid"
positive = "yes"
protected = ["sex"]
[model]
path = "{model}.skops"
{features}
"""
FEATURES = ["income", "debt"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, draw = tmp_path_factory.mktemp("named"), np.random.default_rng(0)
    rows = pd.DataFrame(draw.normal(size=(600, 2)), columns=FEATURES)
    rows["sex"] = draw.choice(["F", "M"], 600)
    score = rows["income"] - rows["debt"] + (rows["sex"] == "M")
    rows["repaid"] = np.where(draw.random(600) < 1 / (1 + np.exp(-score)), "yes", "no")
    rows.to_csv(folder / "d.csv", index=False)
    rows = pd.read_csv(folder / "d.csv")
    named = LogisticRegression().fit(rows[FEATURES], rows["repaid"])
    bare = LogisticRegression().fit(rows[FEATURES].to_numpy(), rows["repaid"])
    for name, model, features in (
        ("named", named, ""),
        ("bare", bare, 'features = { f0 = "income", f1 = "debt" }'),
    ):
        skops.io.dump(model, folder / f"{name}.skops")
        (folder / f"{name}.toml").write_text(AUDIT.format(model=name, features=features))
    return folder


@pytest.mark.parametrize("method", ["threshold-optimizer", "exponentiated-gradient", "reweighing"])
def test_the_predictor_takes_the_datas_columns(folder: Path, method: str) -> None:
    rows = pd.read_csv(folder / "d.csv")
    groups, answers = rows["sex"].to_numpy(str), []
    for name in ("named", "bare"):
        suffix = "skops" if method == "reweighing" else "json"
        out = folder / f"{name}-{method}.{suffix}"
        done = run_retraining(
            folder / f"{name}.toml", method=method, goal="demographic-parity", attribute="sex",
            out=out, progress=no_progress,
        )  # fmt: skip
        if method == "reweighing":
            named = {"f0": "income", "f1": "debt"} if name == "bare" else {}
            with open_model(out, features=named) as client:
                found = client.predict(rows)[:, 1]
        else:
            with open_mixture(out) as decide:
                found = decide(rows, groups)
        answers.append((found, done.outcome.gap, done.outcome.accuracy, done.outcome.selection))
    np.testing.assert_allclose(answers[0][0], answers[1][0], atol=1e-9)
    assert answers[0][1:] == answers[1][1:]
