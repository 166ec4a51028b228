"""Real data through the whole audit, with no special case; every answer is predicted again from
the values as they stand on disk, by a model opened anew."""

from __future__ import annotations

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from audits.checks.recourse.counterfactuals import RECOURSE
from audits.core.report.report import CheckStatus
from audits.pipeline.run import run_audit
from audits.recourse.tables import name_column, read_counterfactuals
from tests.near import open_near

AUDIT = """
[audit]
name = "{name}"
task = "{task}"
[data]
path = "rows.csv"
target = "{target}"
{data}
[model]
path = "model.txt"
{model}
[recourse]
{recourse}
"""


def audit(
    folder: Path, rows: pd.DataFrame, target: str, objective: dict, label: pd.Series, **texts: str
):
    """Train LightGBM on native categories, audit with the recourse check alone."""
    features = rows.drop(columns=target)
    words = features.select_dtypes(exclude="number").columns
    data = lgb.Dataset(features.astype(dict.fromkeys(words, "category")), label)
    common = {"verbose": -1, "num_threads": 2, "seed": 0, "deterministic": True}
    lgb.train({**objective, **common}, data, 40).save_model(str(folder / "model.txt"))
    rows.to_csv(folder / "rows.csv", index=False)
    given = {"data": "", "model": "", "task": "binary", "name": target, **texts}
    text = AUDIT.format(target=target, **given)
    (folder / "audit.toml").write_text(text, encoding="utf-8")
    bundle = run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=(RECOURSE,))
    (outcome,) = bundle.report.checks
    assert outcome.status is CheckStatus.MEASURED, outcome.reason
    path = bundle.path / "evidence" / "counterfactuals.parquet"
    return bundle, read_counterfactuals(pq.read_table(path)), predict_again(folder, path)


def predict_again(folder: Path, path: Path) -> np.ndarray:
    """Return what the model, opened anew, says to the values on disk."""
    table = pq.read_table(path).to_pandas()
    with open_near(folder / "model.txt") as client:
        names = list(client.info.features)
        frame = table[[name_column(name) for name in names]].set_axis(names, axis=1)
        return client.predict(frame)


def changes_of(answers, rows: pd.DataFrame):
    """Return (the row as read, the answer) for each, having checked what is said to change."""
    for answer in answers:
        before = rows.iloc[int(answer.row)]
        for name, value in answer.values.items():
            named = name in {change.column for change in answer.changes}
            same = (pd.isna(before[name]) and value is None) or before[name] == value
            assert same != named, (answer.row, name)
        yield before, answer


def test_german_credit(shared_data, tmp_path):
    rows = pd.read_csv(shared_data / "german_credit.csv", keep_default_na=False)
    (tmp_path / "overrides.csv").write_text(
        "row,column,immutable,low,high\n1,duration,,12,24\n1,savings,true,,\n", encoding="utf-8"
    )
    bundle, answers, scores = audit(
        tmp_path, rows, "credit_risk", {"objective": "binary"}, rows["credit_risk"] == 1,
        data="positive = 1\nprotected = ['foreign_worker']",
        recourse="""
        rows = 200
        group_rows = 0
        immutable = ["personal_status_sex", "foreign_worker", "age"]
        decrease_only = ["credit_amount"]
        rules = ["if duration falls then credit_amount < 8000", "residence_since <= age - 16"]
        overrides = "overrides.csv"
        [recourse.steps]
        duration = 6
        [recourse.transitions]
        employment = ["A71 -> A72 -> A73 -> A74 -> A75"]
        [recourse.allowed]
        savings = ["A63", "A64", "A65"]
        [recourse.costs]
        duration = 0.1
        [recourse.links]
        job = "telephone"
        """,
    )  # fmt: skip
    assert (scores[:, 1] >= 0.5).all()
    assert np.array_equal(scores[:, 1], [answer.y_score for answer in answers])
    assert len(answers) > 200
    rejected = set(pq.read_table(bundle.path / "evidence/no_recourse.parquet")["row"].to_pylist())
    rejected |= {answer.row for answer in answers}
    assert {len(rejected)} == {
        m.estimate.n for m in bundle.report.find("recourse_share") if m.attribute is None
    }
    for before, answer in changes_of(answers, rows):
        new = answer.values
        for name in ("personal_status_sex", "foreign_worker", "age"):
            assert new[name] == before[name]
        assert new["credit_amount"] <= before["credit_amount"]
        assert new["duration"] == before["duration"] or new["duration"] % 6 == 0
        assert new["employment"] >= before["employment"]
        assert new["savings"] in (before["savings"], "A63", "A64", "A65")
        if new["duration"] < before["duration"]:
            assert new["credit_amount"] < 8000 or new["credit_amount"] == before["credit_amount"]
        if answer.row == "1":
            assert new["savings"] == before["savings"]
            assert new["duration"] in (before["duration"], *range(12, 25, 6))


def test_diabetes_with_missing_values_to_one_of_three_classes(shared_data, tmp_path):
    rows = pd.read_csv(shared_data / "diabetes130.csv.gz", keep_default_na=False, na_values=["?"])
    rows = rows.drop(columns=["encounter_id", "patient_nbr", "diag_1", "diag_2", "diag_3"])[:8_000]
    classes = ["<30", ">30", "NO"]
    settings = {"objective": "multiclass", "num_class": 3}
    label = rows["readmitted"].map({name: code for code, name in enumerate(classes)})
    _, answers, scores = audit(
        tmp_path, rows, "readmitted", settings, label, task="multiclass",
        model=f"classes = {classes}", data="protected = ['gender']",
        recourse="rows = 100\ntarget = 'NO'\nimmutable = ['race', 'gender', 'age']",
    )  # fmt: skip
    assert (scores.argmax(axis=1) == 2).all()
    assert np.array_equal(scores[:, 2], [answer.y_score for answer in answers])
    assert len({answer.row for answer in answers}) > 90
    filled = 0
    for before, answer in changes_of(answers, rows):
        filled += sum(change.old is None for change in answer.changes)
        assert all(change.new is not None for change in answer.changes)
        for name in ("race", "gender", "age"):
            assert answer.values[name] == (None if pd.isna(before[name]) else before[name])
    assert filled > 0  # a missing value may be filled in, never made


@pytest.mark.parametrize("target", ["{ at_most = 0.1 }", "[0.15, 0.2]"])
def test_communities_into_a_range_of_the_predicted_value(shared_data, tmp_path, target):
    rows = pd.read_csv(shared_data / "communities_crime.csv", na_values=["?"])
    name = "ViolentCrimesPerPop"
    rows = rows.drop(columns=["Black", "class"]).iloc[:, -25:]
    bundle, answers, scores = audit(
        tmp_path, rows, name, {"objective": "regression"}, rows[name], task="regression",
        recourse=f"rows = 40\ntarget = {target}",
    )  # fmt: skip
    low, high = (-np.inf, 0.1) if "at_most" in target else (0.15, 0.2)
    assert ((scores >= low) & (scores <= high)).all()
    assert np.array_equal(scores, [answer.y_score for answer in answers])
    assert len({answer.row for answer in answers}) > 25
    assert list(changes_of(answers, rows))
    again = type(bundle.report).from_json((bundle.path / "report.json").read_text())
    assert again == bundle.report  # an open end survives JSON
