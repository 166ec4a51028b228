"""Check `rules.adverse_action` on a logistic regression, whose reasons are known in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from audits.checks.rules.adverse_action import ADVERSE_ACTION
from audits.core.report.report import CheckStatus
from audits.pipeline.run import run_audit

AUDIT = """
[audit]
name = "Loans"
[data]
path = "rows.csv"
target = "repaid"
positive = "yes"
protected = ["sex"]
id = "id"
[model]
path = "model.skops"
"""
WEIGHTS = {"income": 1.5, "late": -2.0, "debt": -0.7, "sex_code": 0.9}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reasons")
    draw = np.random.default_rng(0)
    rows = pd.DataFrame({name: draw.normal(size=600) for name in WEIGHTS})
    score = rows @ np.array(list(WEIGHTS.values()))
    target = np.where(score + draw.logistic(size=600) > 0, "yes", "no")
    model = LogisticRegression().fit(rows, target)
    skops.io.dump(model, folder / "model.skops")
    rows.assign(id=[f"r{k}" for k in range(600)], repaid=target, sex="x").to_csv(
        folder / "rows.csv", index=False
    )
    return folder


def audit(folder, extra):
    (folder / "audit.toml").write_text(AUDIT + extra)
    out = folder / f"run{len(list(folder.iterdir()))}"
    return run_audit(folder / "audit.toml", out, device="cpu", checks=(ADVERSE_ACTION,))


def test_reasons_of_a_linear_model_are_its_largest_terms(folder):
    bundle = audit(folder, '[rules.adverse_action]\nprohibited = ["sex_code"]\nnear = 0.3\n')
    report = bundle.report
    assert report.checks[0].status is CheckStatus.MEASURED
    table = pq.read_table(bundle.evidence_path("reasons.parquet")).to_pandas()
    model = skops.io.load(folder / "model.skops", trusted=[])
    rows = pd.read_csv(folder / "rows.csv").set_index("id")
    scores = pd.Series(model.predict_proba(rows[list(WEIGHTS)])[:, 1], index=rows.index)
    approved = scores[scores >= 0.5].sort_values()
    # 0.3 of the approved are fewer than 256, so that all of them are compared with.
    near = rows.loc[approved.index[: round(0.3 * len(approved))], list(WEIGHTS)]
    terms = (rows[list(WEIGHTS)] - near.mean()) * model.coef_[0]
    assert set(table["row"]) <= set(scores[scores < 0.5].index)
    for row, told in table.groupby("row"):
        costly = -terms.loc[row]
        expected = costly[(costly > 0) & (costly.index != "sex_code")].sort_values(ascending=False)
        assert told.sort_values("rank")["reason"].tolist() == expected.index.tolist()[:4]
        np.testing.assert_allclose(told["shortfall"], expected.to_numpy()[:4], rtol=1e-4)
    barred = (-terms.loc[scores < 0.5, "sex_code"] > 0).mean()
    found = next(m for m in report.measurements if m.metric == "prohibited_reason_share")
    assert found.value == pytest.approx(barred)
    assert "linear_shap" in report.evidence[-1].description


def test_it_runs_only_where_asked_for_and_names_wrong_columns(folder):
    silent = audit(folder, "").report.checks[0]
    assert silent.status is CheckStatus.NOT_APPLICABLE
    assert "no [rules.adverse_action]" in silent.reason
    wrong = audit(folder, '[rules.adverse_action.codes]\nincom = "Income"\n').report.checks[0]
    assert wrong.status is CheckStatus.ERROR
    assert wrong.reason.endswith("the model has no column 'incom'; did you mean 'income'?")
