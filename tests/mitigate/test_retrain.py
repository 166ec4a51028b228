"""Retraining on real pipelines: what is saved predicts the same, and does what is reported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest
import skops.io
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.reductions import DemographicParity, ExponentiatedGradient
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from audits.core.errors import InputError
from audits.mitigate.mixture import load_mixture, open_mixture
from audits.mitigate.service import compute_reweighing
from audits.models import open_model
from audits.models.files.skops_file import load_estimator
from audits.pipeline.retrain import Retraining, run_retraining
from audits.pipeline.run import no_progress, run_audit

FEATURES = ["income", "job", "debt"]
AUDIT = """
[audit]
name = "Loans"
[data]
path = "audited.csv"
{reference}
target = "repaid"
positive = "yes"
protected = ["sex", "town"]
[model]
path = "{model}"
[recourse]
rows = 0
[explain]
rows = 50
"""


def make_rows(n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    sex = draw.choice(["Female", "Male"], n, p=[0.4, 0.6])
    job = draw.choice(["clerk", "nurse", "Müller"], n)
    income = draw.normal(50 + 6 * (sex == "Male"), 12, n).round(1)
    debt = draw.normal(20, 8, n).round(1)
    score = (
        0.09 * (income - 52) - 0.1 * (debt - 20) + 0.3 * (job == "nurse") + 0.5 * (sex == "Male")
    )
    repaid = np.where(draw.random(n) < 1 / (1 + np.exp(-score)), "yes", "no")
    frame = pd.DataFrame({"income": income, "job": job, "debt": debt, "sex": sex, "repaid": repaid})
    frame["town"] = "here"
    frame.loc[::9, "debt"] = np.nan
    return frame


def make_pipeline_of(estimator: object) -> Pipeline:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    before = make_column_transformer(
        (numbers, ["income", "debt"]), (OneHotEncoder(handle_unknown="ignore"), ["job"])
    )
    return Pipeline([("before", before), ("decide", estimator)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loans")
    make_rows(3000, 0).to_csv(folder / "reference.csv", index=False)
    make_rows(2000, 1).to_csv(folder / "audited.csv", index=False)
    rows = pd.read_csv(folder / "reference.csv")
    for name, estimator in (
        ("model", LogisticRegression(C=0.3)),
        ("neighbours", KNeighborsClassifier()),
    ):
        fitted = make_pipeline_of(estimator).fit(rows[FEATURES], rows["repaid"])
        skops.io.dump(fitted, folder / f"{name}.skops")
        text = AUDIT.format(reference='reference = "reference.csv"', model=f"{name}.skops")
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    text = AUDIT.format(reference="", model="model.skops")
    (folder / "alone.toml").write_text(text, encoding="utf-8")
    return folder


def retrain(folder: Path, method: str, out: str, **options: object) -> Retraining:
    usual = {"goal": "demographic-parity", "attribute": "sex", "progress": no_progress}
    spec = folder / str(options.pop("spec", "model.toml"))
    return run_retraining(spec, method=method, out=folder / out, **(usual | options))


@pytest.fixture(scope="module")
def reweighed(folder: Path) -> Retraining:
    return retrain(folder, "reweighing", "reweighed.skops")


@pytest.fixture(scope="module")
def mixed(folder: Path) -> Retraining:
    return retrain(folder, "exponentiated-gradient", "mixed.json")


@pytest.fixture(scope="module")
def randomised(folder: Path) -> Retraining:
    return retrain(folder, "threshold-optimizer", "randomised.json")


def read(folder: Path, name: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rows = pd.read_csv(folder / f"{name}.csv")
    return rows[FEATURES], (rows["repaid"] == "yes").to_numpy(int), rows["sex"].to_numpy(str)


def test_weights_make_group_and_outcome_independent() -> None:
    """The worked example of Kamiran and Calders (2012), table 3: ten rows, four weights."""
    groups = np.array(["M"] * 5 + ["F"] * 5)
    true = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])
    weights = compute_reweighing(true, groups)
    assert weights[0] == pytest.approx(0.75)
    assert weights[4] == pytest.approx(2.0)
    assert weights[5] == pytest.approx(1.5)
    assert weights[9] == pytest.approx(0.6667, abs=1e-4)
    for group in "MF":
        own = groups == group
        assert np.average(true[own], weights=weights[own]) == pytest.approx(0.6)


def test_reweighing_is_the_pipeline_fitted_with_weights(
    folder: Path, reweighed: Retraining
) -> None:
    features, true, sex = read(folder, "reference")
    base = load_estimator(folder / "model.skops")
    labels = np.where(true == 1, "yes", "no")
    wanted = clone(base).fit(features, labels, decide__sample_weight=compute_reweighing(true, sex))
    audited, _, _ = read(folder, "audited")
    with open_model(folder / "reweighed.skops") as client:
        assert client.info.classes == ("no", "yes")
        assert np.allclose(client.predict(audited), wanted.predict_proba(audited))
    assert reweighed.files == (folder / "reweighed.skops",)
    assert not reweighed.method.uses_attribute


def test_exponentiated_gradient_is_fairlearns(folder: Path, mixed: Retraining) -> None:
    features, true, sex = read(folder, "reference")
    base = load_estimator(folder / "model.skops")
    gradient = ExponentiatedGradient(
        clone(base), DemographicParity(difference_bound=0.02),
        sample_weight_name="decide__sample_weight",
    )  # fmt: skip
    gradient.fit(features, true, sensitive_features=sex)
    audited, _, groups = read(folder, "audited")
    wanted = gradient._pmf_predict(audited)[:, 1]
    with open_mixture(folder / "mixed.json") as decide:
        assert np.allclose(decide(audited, groups), wanted)
    assert not mixed.method.uses_attribute


@pytest.mark.parametrize(
    ("goal", "constraint"),
    [
        ("demographic-parity", "demographic_parity"),
        ("equal-opportunity", "true_positive_rate_parity"),
        ("equalized-odds", "equalized_odds"),
    ],
)
def test_threshold_optimizer_is_fairlearns(
    folder: Path, goal: str, constraint: str, request: pytest.FixtureRequest
) -> None:
    out = f"thresholds-{goal}.json"
    if goal == "demographic-parity":  # done once for several tests
        request.getfixturevalue("randomised")
        out = "randomised.json"
    else:
        retrain(folder, "threshold-optimizer", out, goal=goal)
    features, true, sex = read(folder, "reference")
    base = load_estimator(folder / "model.skops")
    optimizer = ThresholdOptimizer(
        estimator=base, constraints=constraint, prefit=True, predict_method="predict_proba"
    )
    optimizer.fit(features, true, sensitive_features=sex)
    audited, _, groups = read(folder, "audited")
    wanted = optimizer._pmf_predict(audited, sensitive_features=groups)[:, 1]
    with open_mixture(folder / out) as decide:
        assert np.allclose(decide(audited, groups), wanted)


@pytest.mark.parametrize("name", ["reweighed", "mixed", "randomised"])
def test_the_gap_shrinks_and_the_numbers_are_those_of_the_rows(
    folder: Path, name: str, request: pytest.FixtureRequest
) -> None:
    found: Retraining = request.getfixturevalue(name)
    outcome = found.outcome
    assert outcome.gap is not None
    assert outcome.gap.after.value < outcome.gap.before.value
    audited, true, sex = read(folder, "audited")
    with open_model(folder / "model.skops") as client:
        before = client.predict(audited)[:, 1] >= 0.5
    rates = [before[sex == group].mean() for group in ("Female", "Male")]
    assert outcome.gap.before.value == pytest.approx(abs(rates[1] - rates[0]))
    assert outcome.accuracy.before.value == pytest.approx((before == true).mean())
    assert outcome.before.rows.sum() == len(audited)
    change = outcome.accuracy.after.value - outcome.accuracy.before.value
    assert outcome.accuracy_change.value == pytest.approx(change)


def test_drawn_decisions_follow_the_probabilities(folder: Path, randomised: Retraining) -> None:
    audited, _, groups = read(folder, "audited")
    with open_mixture(folder / "randomised.json") as decide:
        chance = decide(audited, groups)
    expected = chance.mean()
    deviation = np.sqrt((chance * (1 - chance)).sum()) / len(chance)
    assert abs(randomised.outcome.selection.after.value - expected) <= 4 * deviation + 1e-9


def test_reweighed_model_is_audited_like_any_other(folder: Path, reweighed: Retraining) -> None:
    text = (folder / "model.toml").read_text().replace("model.skops", "reweighed.skops")
    (folder / "again.toml").write_text(text)
    bundle = run_audit(folder / "again.toml", folder / "again", device="cpu")
    assert reweighed.outcome.gap is not None
    item = bundle.report.by_id["demographic_parity_difference[sex]"]
    assert item.value == pytest.approx(reweighed.outcome.gap.after.value)


def test_a_changed_part_is_refused(folder: Path, mixed: Retraining, tmp_path: Path) -> None:
    for path in mixed.files:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    load_mixture(tmp_path / "mixed.json")
    part = tmp_path / mixed.files[1].name
    part.write_bytes(part.read_bytes() + b"x")
    with pytest.raises(InputError, match="has changed since"):
        load_mixture(tmp_path / "mixed.json")
    part.unlink()
    with pytest.raises(InputError, match="not beside it"):
        load_mixture(tmp_path / "mixed.json")
    (tmp_path / "mixed.json").write_text('{"schema": "other"}')
    with pytest.raises(InputError, match="no predictor of assay mitigate"):
        load_mixture(tmp_path / "mixed.json")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"spec": "alone.toml"}, "needs rows to train on"),
        ({"attribute": "sexx"}, "did you mean 'sex'"),
        ({"attribute": "town"}, "one group only"),
        ({"spec": "neighbours.toml"}, "KNeighborsClassifier cannot be fitted on weighted rows"),
        ({"goal": "equalized-odds"}, "cannot aim for equalized-odds"),
        ({"out": "x.json"}, "writes a .skops file"),
        ({"out": "model.skops"}, "exists already"),
        ({"method": "reweighting"}, "did you mean 'reweighing'"),
    ],
)
def test_what_cannot_be_done_is_one_line(folder: Path, options: dict[str, str], words: str) -> None:
    before = sorted(path.name for path in folder.iterdir())
    usual = {"method": "reweighing", "out": "never.skops"} | options
    with pytest.raises(InputError, match=words) as raised:
        retrain(folder, **usual)
    assert "\n" not in str(raised.value)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_messy_data_weights_and_another_library(tmp_path: Path) -> None:
    """Missing groups and outcomes, weights, one group of one outcome, a LightGBM model."""
    for name, seed in (("reference", 0), ("audited", 1)):
        rows = make_rows(1500, seed)
        rows["weight"] = np.random.default_rng(seed).integers(1, 4, len(rows))
        rows.loc[::11, "sex"] = None
        rows.loc[::13, "repaid"] = None
        rows.loc[::50, "sex"] = "Autre é"
        rows.loc[rows["sex"] == "Autre é", "repaid"] = "no"
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    rows = pd.read_csv(tmp_path / "reference.csv").dropna(subset=["repaid"])
    data = lightgbm.Dataset(rows[["income", "debt"]], rows["repaid"] == "yes")
    settings = {"objective": "binary", "verbose": -1, "num_leaves": 7}
    lightgbm.train(settings, data, 20).save_model(tmp_path / "model.txt")
    text = AUDIT.format(reference='reference = "reference.csv"', model="model.txt")
    text = text.replace('protected = ["sex", "town"]', 'protected = ["sex"]\nweight = "weight"')
    (tmp_path / "model.toml").write_text(text, encoding="utf-8")
    found = retrain(tmp_path, "threshold-optimizer", "out.json")
    assert found.left_out == ("Autre é",)
    outcome = found.outcome
    assert set(outcome.before.labels) == {"(missing)", "Autre é", "Female", "Male"}
    audited = pd.read_csv(tmp_path / "audited.csv")
    assert outcome.before.rows.sum() == len(audited)
    with open_model(tmp_path / "model.txt") as client:
        before = client.predict(audited)[:, 1] >= 0.5
    share = np.average(before, weights=audited["weight"])
    assert outcome.selection.before.value == pytest.approx(share)
    place = outcome.before.labels.index("Autre é")  # decided as before
    assert np.array_equal(outcome.before.weight[place], outcome.after.weight[place])
    with pytest.raises(InputError, match=r"takes a scikit-learn model .* is lightgbm"):
        retrain(tmp_path, "reweighing", "out.skops")


def test_command(folder: Path) -> None:
    command = [sys.executable, "-m", "audits.cli.main", "mitigate", str(folder / "model.toml"),
               "--method", "threshold-optimizer", "--attribute", "sex",
               "--constraint", "equal-opportunity"]  # fmt: skip
    done = subprocess.run(
        [*command, "-o", str(folder / "told.json")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for words in ("Before", "After", "Equal opportunity", "95% interval", "1002.4"):
        assert words in " ".join(done.stderr.split())
    done = subprocess.run(
        [*command, "-o", str(folder / "json.json"), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert answer["uses_attribute"] is True
    assert set(answer["measured"]) >= {"equal_opportunity_difference", "accuracy"}
    done = subprocess.run(
        [*command, "-o", str(folder / "told.json")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.strip().startswith("assay: ")
    assert len(done.stderr.strip().splitlines()) == 1
