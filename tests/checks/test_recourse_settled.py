"""A whole audit of a model on dummies: what was left open is settled, told, and kept."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from audits.checks.recourse.counterfactuals import RECOURSE
from audits.checks.recourse.fairness import RECOURSE_FAIRNESS
from audits.core.report.report import AuditReport
from audits.pipeline.run import run_audit

JOBS = ("job_clerk", "job_none", "job_nurse", "job_teacher")
HOMES = ("home_own", "home_rent")
SPEC = """
[audit]
name = "Loans"
[data]
path = "rows.csv"
target = "repaid"
positive = "yes"
protected = ["sex", "age"]
[data.edges]
age = [40]
[model]
path = "model.txt"
classes = ["no", "yes"]
[recourse]
rows = 120
{more}
"""


@pytest.fixture(scope="module", params=[int, bool], ids=["numbers", "booleans"])
def files(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dummies")
    draw = np.random.default_rng(0)
    n = 700
    people = pd.DataFrame(
        {
            "age": draw.integers(18, 75, n),
            "income": draw.normal(50, 12, n).round(1),
            "job": draw.choice(["clerk", "nurse", "none", "teacher"], n),
            "home": draw.choice(["own", "rent"], n),
            "sex": draw.integers(0, 2, n),
        }
    )
    worth = (
        0.08 * (people["income"] - 50) + 1.5 * (people["job"] == "nurse")
        + 1.0 * (people["home"] == "own") + 0.8 * people["sex"] - 0.02 * (people["age"] - 45)
    )  # fmt: skip
    repaid = np.where(worth + draw.normal(0, 0.5, n) > 1.2, "yes", "no")
    features = pd.get_dummies(people, columns=["job", "home"], dtype=request.param)
    settings = {"objective": "binary", "num_leaves": 7, "verbose": -1, "num_threads": 1, "seed": 0}
    data = lightgbm.Dataset(features, (repaid == "yes").astype(int))
    lightgbm.train(settings, data, 40).save_model(folder / "model.txt")
    features.assign(repaid=repaid).to_csv(folder / "rows.csv", index=False)
    return folder


def audit(files: Path, out: Path, more: str) -> tuple[AuditReport, pd.DataFrame]:
    spec = files / f"{out.name}.toml"
    spec.write_text(SPEC.format(more=more), encoding="utf-8")
    bundle = run_audit(spec, out, device="cpu", checks=(RECOURSE, RECOURSE_FAIRNESS))
    found = pq.read_table(out / "evidence" / "counterfactuals.parquet").to_pandas()
    return bundle.report, found


@pytest.mark.parametrize("engine", ["search", "nearest"])
def test_nobody_is_given_two_jobs_or_another_sex_or_made_younger(files, tmp_path, engine) -> None:
    report, found = audit(files, tmp_path / engine, f'engine = "{engine}"')
    rows = pd.read_csv(files / "rows.csv").iloc[found["row"].astype(int)].reset_index(drop=True)
    assert len(found) > 50
    for names in (JOBS, HOMES):
        assert (found[list(names)].astype(int).sum(axis=1) == 1).all()
    assert (found["sex"] == rows["sex"]).all()
    assert (found["age"] >= rows["age"]).all()
    jobs = found["changed"].map(lambda changed: bool(set(changed) & set(JOBS)))
    assert jobs.any(), "a job may change, as one"
    in_force = report.spec.effective["recourse"]
    assert in_force["immutable"] == ["sex"]
    assert in_force["increase_only"] == ["age"]
    assert in_force["one_hot"] == [list(JOBS), list(HOMES)]
    assert set(report.spec.explicit["recourse"]) == {"rows", "engine"}
    told = {notice.code: notice.text for notice in report.notices}
    assert "'sex' stays as it is and 'age' only rises" in told["recourse.defaults"]
    assert "job ('job_clerk'" in told["recourse.one_hot"]
    burden = pq.read_table(tmp_path / engine / "evidence" / "burden.parquet").to_pandas()
    parts = burden[[name for name in burden if name.startswith("cost[")]].sum(axis=1)
    known = burden["cost"].notna()
    np.testing.assert_allclose(parts[known], burden["cost"][known])


def test_what_is_declared_wins(files, tmp_path) -> None:
    more = 'mutable = ["sex", "age"]\none_hot = []'
    report, found = audit(files, tmp_path / "declared", more)
    rows = pd.read_csv(files / "rows.csv").iloc[found["row"].astype(int)].reset_index(drop=True)
    assert (found["sex"] != rows["sex"]).any()
    assert (found["age"] < rows["age"]).any()
    assert report.spec.effective["recourse"]["immutable"] == []
    assert not [notice for notice in report.notices if notice.code.startswith("recourse")]
