"""An audit of a classifier without probabilities, from `assay convert` to the report."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from audits.checks.explain.attributions import EXPLANATIONS
from audits.checks.performance.performance import PERFORMANCE_GROUPS, PERFORMANCE_OVERALL
from audits.cli.main import app
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems

CHECKS = (PERFORMANCE_OVERALL, PERFORMANCE_GROUPS, EXPLANATIONS)

SETTINGS = """
[audit]
name = "margins"
task = "{task}"
[data]
path = "data.csv"
target = "y"
{positive}
protected = ["sex"]
[model]
path = "model.skops"
"""


@pytest.mark.parametrize("classes", [2, 3])
def test_decisions_and_order_are_audited_and_no_probabilities(tmp_path, classes):
    generator = np.random.default_rng(0)
    rows = pd.DataFrame(generator.normal(size=(300, 3)), columns=["a", "b", "c"])
    level = rows["a"] + generator.normal(size=300)
    target = np.array(["x", "y", "z"])[np.digitize(level, [0.0, 0.8][: classes - 1])]
    model = RidgeClassifier().fit(rows, target)
    joblib.dump(model, tmp_path / "model.joblib")
    sex = generator.choice(["f", "m"], 300)
    rows.assign(y=target, sex=sex).to_csv(tmp_path / "data.csv", index=False)
    is_binary = classes == 2
    (tmp_path / "audit.toml").write_text(SETTINGS.format(
        task="binary" if is_binary else "multiclass",
        positive='positive = "y"' if is_binary else "",
    ))  # fmt: skip
    data = str(tmp_path / "data.csv")
    converted = CliRunner().invoke(
        app, ["convert", str(tmp_path / "model.joblib"), "--yes", "--data", data]
    )
    assert converted.exit_code == 0, converted.output
    bundle = run_audit(tmp_path / "audit.toml", tmp_path / "out", checks=CHECKS)
    report = bundle.report
    assert recompute_problems(bundle) == []
    found = {m.metric: m.estimate for m in report.measurements if m.group is None}
    assert not {"brier_score", "log_loss", "expected_calibration_error"} & set(found)
    assert [notice.code for notice in report.notices if notice.code == "model.ranks"]
    accuracy = float((model.predict(rows) == target).mean())
    assert found["accuracy"].value == pytest.approx(accuracy)
    if is_binary:
        margins = model.decision_function(rows)
        assert found["roc_auc"].value == pytest.approx(roc_auc_score(target, margins), abs=1e-6)
