"""Proxies from an audit: what was planted, small groups, decisions alone, sentences."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from audits.checks.explain.attributions import EXPLANATIONS
from audits.checks.fairness.proxies import PROXIES
from audits.core.report.report import CheckStatus
from audits.findings.stories.proxies import list_proxies, rank_features, render_proxy
from audits.store.bundle import Bundle
from tests.checks.beyond import run_checks, write_inputs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("proxies")
    write_inputs(path)
    return path


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Bundle:
    return run_checks(folder, EXPLANATIONS, PROXIES)


def test_the_street_gives_the_team_away_and_nothing_else_does(bundle: Bundle) -> None:
    measured = bundle.report.measurements
    found = list_proxies(measured)
    assert [(one.feature, one.item.attribute) for one in found] == [("street", "team")]
    assert found[0].rank == rank_features(measured)["street"][0]
    estimate = found[0].item.estimate
    assert estimate is not None
    assert estimate.n == 600  # measured on the half that was not learned from
    # 0.8 of B and 0.1 of A live there: the AUC is 0.8 + 0.5 * (0.2 * 0.1 ...), by hand 0.85.
    assert estimate.low < 0.85 < estimate.high
    sentence = render_proxy(found[0])
    assert sentence.startswith("street is the model's 2nd most important column and a proxy for ")
    assert "team: it tells " in sentence
    assert "in 8 of 10 pairs (AUC 0.8" in sentence
    together = bundle.report.by_id[f"proxy_auc[team=B]@{'all columns together'}"].estimate
    assert together is not None
    assert together.low > 0.75
    assert not list_proxies(measured, "sex")


def test_the_score_is_measured_on_all_rows(folder: Path, bundle: Bundle) -> None:
    rows = pd.read_parquet(bundle.evidence_path("predictions.parquet"))
    item = bundle.report.by_id["score_proxy_auc[team=B]"]
    assert item.value == pytest.approx(roc_auc_score(rows["team"] == "B", rows["y_score"]))
    assert item.value is not None
    assert item.value < 0.5
    assert item.p_value is not None
    assert item.p_value < 1e-6
    sexes = bundle.report.find("score_proxy_auc", attribute="sex")
    assert len(sexes) == 1  # one of two groups says it all
    assert (sexes[0].p_value or 0) > 0.05


def test_small_groups_have_a_reason_and_two_groups_are_told_once(bundle: Bundle) -> None:
    tiny = bundle.report.by_id[f"proxy_auc[team=tiny]@{'all columns together'}"]
    assert tiny.unavailable is not None
    assert "at least 100 of each are needed" in tiny.unavailable.reason
    sexes = {item.group for item in bundle.report.find("proxy_auc", attribute="sex")}
    assert len(sexes) == 1
    stored = pd.read_parquet(bundle.evidence_path("proxies.parquet"))
    assert len(stored) == sum("proxy_auc" in item.metric for item in bundle.report.measurements)


def test_decisions_alone_and_the_columns_own_group(tmp_path: Path) -> None:
    """Without a model all columns but outcome and groups are looked at; a protected column is no
    proxy for itself, but may be one for another."""
    rows = write_inputs(tmp_path, subject='[predictions]\nlabel = "good"\n')
    report = run_checks(tmp_path, PROXIES).report
    found = list_proxies(report.measurements)
    # The amount depends on the street, so that it is a sign of the team as well, but a weaker one.
    assert [(one.feature, one.item.attribute) for one in found] == [
        ("street", "team"), ("amount", "team"),
    ]  # fmt: skip
    assert found[0].rank is None
    assert render_proxy(found[0]).endswith(": a proxy for team.")
    assert not report.find("score_proxy_auc")
    names = {item.slice for item in report.find("proxy_auc")}
    assert not names & {"feature=sex", "feature=team", "feature=good", "feature=id"}
    assert len(rows) == 1_200


def test_one_group_has_nothing_to_tell(tmp_path: Path) -> None:
    rows = write_inputs(tmp_path)
    rows.assign(sex="f", team="A").to_csv(tmp_path / "rows.csv", index=False)
    report = run_checks(tmp_path, PROXIES).report
    assert report.checks[0].status is CheckStatus.NOT_APPLICABLE
    assert "no protected column has two known groups" in report.checks[0].reason
