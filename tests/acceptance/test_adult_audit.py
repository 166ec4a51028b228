"""The main job on real data: every promise of the audit against an independent oracle."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import fairlearn.metrics as fl
import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shap
import torch
from captum.attr import IntegratedGradients
from sklearn import metrics as sk

from audits.models import open_model
from audits.models.adapters.adapter import ModelInfo
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems
from audits.store.bundle import Bundle, verify_bundle
from sample_models.income.network import TabularNetwork, encode, measure_columns, save_network

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "dashboard"))
from adult import read_adult, train_booster, write_audit
from real_browser import ARGUMENTS, PLACES, Watch, find_chromium, serve, settle

HIDDEN = (32, 16)
EXACT = {"abs": 1e-9}
FEW_LOOKS = """
[explain]
effects_rows = 200
permutation_rows = 500
error_rows = 100
trust_rows = 50
anchors = 0
"""
"""What has tests of its own is looked at on few rows here."""


@pytest.fixture(scope="module")
def booster_run(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[lgb.Booster, Bundle]:
    folder = tmp_path_factory.mktemp("adult")
    booster = train_booster(folder / "adult.txt", 60)
    audit = write_audit(folder, FEW_LOOKS)
    return booster, run_audit(audit, folder / "run", device="cpu")


@pytest.fixture(scope="module")
def network_run(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TabularNetwork, Bundle]:
    folder = tmp_path_factory.mktemp("adult-network")
    train = read_adult("train")
    texts = {n: list(train[n].cat.categories) for n in train.select_dtypes("category").columns}
    numbers = [n for n in train.select_dtypes("number").columns if n != "fnlwgt"]
    columns = measure_columns(train, numbers, texts)
    inputs = encode(train, columns)
    wanted = torch.from_numpy((train["income"] == ">50K").to_numpy(dtype=np.float32))
    torch.manual_seed(0)
    network = TabularNetwork(columns, HIDDEN)
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
    for rows in torch.randperm(len(train)).split(512):
        optimiser.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits
        loss(network(inputs[0][rows], inputs[1][rows]), wanted[rows]).backward()
        optimiser.step()
    save_network(network.eval(), columns, ("<=50K", ">50K"), HIDDEN, folder / "net.json")
    audit = write_audit(folder, FEW_LOOKS + "rows = 1000\n")
    audit.write_text(
        audit.read_text().replace("adult.txt", "net.json").replace("rows = 200", "rows = 20")
    )
    return network, run_audit(audit, folder / "run", device="cpu")


def predictions(bundle: Bundle) -> pd.DataFrame:
    return pq.read_table(bundle.evidence_path("predictions.parquet")).to_pandas()


@pytest.mark.parametrize("kind", ["booster_run", "network_run"])
@pytest.mark.parametrize("groups", [["sex"], ["race"], ["sex", "race"]], ids=" & ".join)
def test_rates_and_disparities_equal_fairlearn(request, kind, groups) -> None:
    bundle = request.getfixturevalue(kind)[1]
    rows = predictions(bundle)
    data = {"y_true": rows.y_true, "y_pred": rows.y_pred, "sensitive_features": rows[groups]}
    metrics = {
        "selection_rate": fl.selection_rate, "true_positive_rate": fl.true_positive_rate,
        "false_positive_rate": fl.false_positive_rate, "true_negative_rate": fl.true_negative_rate,
        "false_negative_rate": fl.false_negative_rate, "accuracy": sk.accuracy_score,
    }  # fmt: skip
    frame = fl.MetricFrame(metrics=metrics, **data).by_group
    attribute = " & ".join(groups)
    for key, expected in frame.iterrows():
        group = key if isinstance(key, str) else " & ".join(key)
        for name in metrics:
            found = bundle.report.by_id[f"{name}[{attribute}={group}]"]
            assert found.estimate is not None, found
            assert found.estimate.value == pytest.approx(expected[name], **EXACT)
            assert found.estimate.low <= expected[name] <= found.estimate.high
    labels = rows[groups].astype(str).agg(" & ".join, axis=1)
    for name, (rates, spread) in SUMMARIES.items():
        found = bundle.report.by_id[f"{name}[{attribute}]"]
        judged = {rate: judge_groups(rows, labels, rate) for rate in rates}
        # Groups that are too small to be judged are no part of a summary.
        assert set(found.left_out) == set(labels) - set().union(*judged.values())
        spreads = []
        for rate, kept in judged.items():
            some = rows[labels.isin(kept)]
            frame = fl.MetricFrame(
                metrics=metrics[rate], y_true=some.y_true, y_pred=some.y_pred,
                sensitive_features=some[groups],
            )  # fmt: skip
            spreads.append(getattr(frame, spread)("between_groups"))
        expected = max(spreads) if spread == "difference" else min(spreads)
        assert found.value == pytest.approx(expected, **EXACT)


SUMMARIES = {
    "demographic_parity_difference": (["selection_rate"], "difference"),
    "demographic_parity_ratio": (["selection_rate"], "ratio"),
    "equal_opportunity_difference": (["true_positive_rate"], "difference"),
    "equalized_odds_difference": (["true_positive_rate", "false_positive_rate"], "difference"),
    "equalized_odds_ratio": (["true_positive_rate", "false_positive_rate"], "ratio"),
}


def judge_groups(rows, labels, rate: str) -> set[str]:
    """Return the groups that have 30 rows in a rate's denominator."""
    counted = {"selection_rate": rows.y_true >= 0, "true_positive_rate": rows.y_true == 1,
               "false_positive_rate": rows.y_true == 0}[rate]  # fmt: skip
    sizes = labels[counted].value_counts()
    return set(sizes[sizes >= 30].index)


def test_performance_equals_scikit_learn(booster_run) -> None:
    rows, report = predictions(booster_run[1]), booster_run[1].report
    for name, expected in {
        "roc_auc": sk.roc_auc_score(rows.y_true, rows.y_score),
        "average_precision": sk.average_precision_score(rows.y_true, rows.y_score),
        "log_loss": sk.log_loss(rows.y_true, rows.y_score),
        "brier_score": sk.brier_score_loss(rows.y_true, rows.y_score),
        "f1": sk.f1_score(rows.y_true, rows.y_pred),
        "balanced_accuracy": sk.balanced_accuracy_score(rows.y_true, rows.y_pred),
    }.items():
        assert report.by_id[name].value == pytest.approx(expected, **EXACT), name


def test_scores_are_the_models_own(booster_run) -> None:
    booster, bundle = booster_run
    expected = booster.predict(read_adult("test").drop(columns="income"))
    np.testing.assert_allclose(predictions(bundle).y_score, expected, atol=1e-12)


def test_shap_equals_shap_and_adds_up_to_the_margin(booster_run) -> None:
    booster, bundle = booster_run
    rows = read_adult("test").drop(columns="income")
    table = pq.read_table(bundle.evidence_path("attributions.tree_shap.parquet")).to_pandas()
    assert len(table) == 16_281
    np.testing.assert_allclose(table["output"], booster.predict(rows, raw_score=True), atol=1e-5)
    total = table["base"] + table[list(rows.columns)].sum(axis=1)
    np.testing.assert_allclose(total, table["output"], atol=1e-4)
    values = shap.TreeExplainer(booster).shap_values(rows.head(200))
    expected = values[1] if isinstance(values, list) else values
    np.testing.assert_allclose(table[list(rows.columns)].head(200), expected, atol=1e-4)


def test_integrated_gradients_equal_captum_and_are_complete(network_run) -> None:
    _, bundle = network_run
    error = bundle.report.by_id["additivity_error"].value
    file = next(e for e in bundle.report.evidence if "attributions." in e.path)
    table = pq.read_table(bundle.path / file.path).to_pandas()
    assert error <= 1e-3 * np.ptp(np.append(table["output"], table["base"][0]))
    steps = int(file.description.rsplit(", ", 1)[1].split()[0])
    model = bundle.path.parent / "net.json"
    with open_model(model) as client:
        info: ModelInfo = client.info
        scores = client.predict(read_adult("test").iloc[table["row"].astype(int)])[:, 1]
    np.testing.assert_allclose(1 / (1 + np.exp(-table["output"])), scores, atol=1e-6)
    expected = call_captum(model, bundle, table, steps)
    np.testing.assert_allclose(table[list(info.features)].head(50), expected, atol=1e-4)


def call_captum(model: Path, bundle: Bundle, table: pd.DataFrame, steps: int) -> np.ndarray:
    """Captum itself on the same network, baseline and steps; sums embeddings by raw column."""
    from audits.checks.base import CubeContext
    from audits.checks.explain.attributions import CODE
    from audits.core.settings.read import load_spec
    from audits.data.opening import open_table
    from audits.data.sql import connect
    from audits.explain.methods import INTEGRATED_GRADIENTS, METHODS
    from audits.models.formats.torch import FORMAT

    adapter = FORMAT.load(model, "cpu")
    spec = load_spec(bundle.path / "audit.toml")
    with connect() as connection:
        opened = open_table(connection, spec, bundle.origin)
        generator = CubeContext(spec, bundle.load_cube()).generator(f"{CODE}:base")
        background = opened.sample_reference(
            METHODS[INTEGRATED_GRADIENTS].reference_rows, generator
        )
        rows = opened.read_rows(table["row"].astype(int).to_numpy()[:50])
    encoded, base = adapter.encode(rows), adapter.encode(background).matrix.mean(axis=0)
    values = IntegratedGradients(adapter.estimator.forward_embedded).attribute(
        torch.as_tensor(encoded.matrix, dtype=torch.float32),
        baselines=torch.as_tensor(base, dtype=torch.float32)[None, :],
        target=0, n_steps=steps,
    ).detach().numpy()  # fmt: skip
    summed = np.zeros((len(values), len(adapter.info.features)))
    np.add.at(summed.T, encoded.owner, values.T)
    return summed


@pytest.mark.parametrize("kind", ["booster_run", "network_run"])
def test_counterfactuals_hold_and_keep_the_rules(request, kind) -> None:
    bundle = request.getfixturevalue(kind)[1]
    found = pq.read_table(bundle.evidence_path("counterfactuals.parquet")).to_pandas()
    none = pq.read_table(bundle.evidence_path("no_recourse.parquet")).to_pandas()
    wanted = 200 if kind == "booster_run" else 20
    drawn = bundle.report.by_id["recourse_share"].estimate
    assert drawn is not None
    assert drawn.n == wanted
    # Small groups get rows of their own on top.
    assert found["row"].nunique() + none["row"].nunique() >= wanted
    assert not set(found["row"]) & set(none["row"])
    assert (none["reason"].str.len() > 0).all()
    with open_model(bundle.path.parent / bundle.report.subject.model.path) as client:
        scores = client.predict(found)[:, 1]
        features = list(client.info.features)
    assert (scores >= 0.5).all()
    np.testing.assert_allclose(scores, found["y_score"], atol=1e-9)
    before = read_adult("test").iloc[found["row"].astype(int)].reset_index(drop=True)
    for name in ("sex", "race"):
        assert (found[name].astype(str) == before[name].astype(str)).all()
    assert (found["age"] >= before["age"]).all()
    for position, changed in enumerate(found["changed"]):
        for name in features:
            old, new = before.loc[position, name], found.loc[position, name]
            same = (pd.isna(old) and pd.isna(new)) or old == new
            assert same == (name not in changed), (position, name)


def test_same_seed_same_report(network_run, tmp_path) -> None:
    _, bundle = network_run
    again = run_audit(bundle.path.parent / "audit.toml", tmp_path / "again", device="cpu")
    reports = []
    for one in (bundle, again):
        report = json.loads((one.path / "report.json").read_text())
        report["run"] |= {"created": "", "duration_s": 0}
        for check in report["checks"]:
            check["seconds"] = 0
        reports.append(report)
    assert reports[0] == reports[1]


@pytest.mark.parametrize("kind", ["booster_run", "network_run"])
def test_the_run_is_proved_again(request, kind) -> None:
    bundle = request.getfixturevalue(kind)[1]
    assert verify_bundle(bundle.path) == []
    assert recompute_problems(bundle) == []


@pytest.mark.browser
def test_the_run_is_walked_in_a_browser(booster_run) -> None:
    """From the worst verdict to what would help, then every page: no complaint, nothing fetched."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    bundle = booster_run[1]
    with serve(bundle.path.parent) as address, playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        page, watch = browser.new_page(viewport={"width": 1440, "height": 900}), Watch(address)
        watch.attach(page)
        page.goto(f"{address}/?run={bundle.path.name}")
        settle(page, 60_000)
        page.locator(".st-key-go-step-fairness button").click()
        walked = ("", "fairness", "explanations", "counterfactuals", "interventions", "card")
        for following in walked[2:]:
            page.wait_for_timeout(500)
            settle(page, 60_000)
            page.locator(".st-key-go-next button").click()
            page.wait_for_url(f"**/{following}**")
            settle(page, 60_000)
            assert page.locator('[data-testid="stException"]').count() == 0, following
        for place in PLACES:
            if place in walked:
                continue
            page.goto(f"{address}/{place}?run={bundle.path.name}")
            settle(page, 60_000)
            assert page.locator('[data-testid="stException"]').count() == 0, place
        browser.close()
    assert watch.problems == []
