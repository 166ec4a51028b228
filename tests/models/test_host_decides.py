"""A hosted model's own decisions are those that are audited."""

import joblib
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier

from audits.pipeline.run import run_audit
from tests.models.host_process import run_host, write_host

AUDIT = """
[audit]
name = "Hosted, with a threshold of its own"
[data]
path = "data.csv"
target = "outcome"
positive = "yes"
protected = ["sex"]
[model]
path = "host.endpoint.json"
[explain]
rows = 5
sampled_rows = 5
trust_rows = 0
error_rows = 5
effects_rows = 10
permutation_rows = 20
anchors = 0
[recourse]
rows = 2
"""


def test_a_threshold_of_its_own_is_the_audits(tmp_path):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(200, 2)), columns=["a", "b"])
    frame["sex"] = draw.choice(["f", "m"], 200)
    frame["outcome"] = np.where(frame["a"] + draw.normal(size=200) > 0, "yes", "no")
    frame.to_csv(tmp_path / "data.csv", index=False)
    model = FixedThresholdClassifier(LogisticRegression(), threshold=0.7)
    model.fit(frame[["a", "b"]], frame["outcome"])
    decisions = model.predict(frame[["a", "b"]])
    halves = model.predict_proba(frame[["a", "b"]])[:, 1] >= 0.5
    assert (halves != (decisions == "yes")).sum() > 10, "the rule matters"
    joblib.dump(model, tmp_path / "model.joblib")
    (tmp_path / "audit.toml").write_text(AUDIT, encoding="utf-8")
    with run_host(write_host(tmp_path / "model.joblib", data=tmp_path / "data.csv")):
        bundle = run_audit(tmp_path / "audit.toml", tmp_path / "run")
    found = pd.read_parquet(bundle.evidence_path("predictions.parquet"))["y_pred"]
    np.testing.assert_array_equal(np.where(found == 1, "yes", "no"), decisions)
    assert not [check for check in bundle.report.checks if str(check.status) == "error"]
