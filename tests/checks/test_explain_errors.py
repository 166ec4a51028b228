"""What makes a model err, from an audit: what was planted, the evidence, what stands in the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.checks.explain.errors import CODE, ERRORS
from audits.checks.performance.performance import PERFORMANCE_OVERALL
from audits.core.report.report import CheckStatus
from audits.store.bundle import Bundle
from tests.checks.beyond import FEATURES, MODEL, run_checks, write_inputs

EVIDENCE = "loss_attributions.parquet"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("errors")
    write_inputs(path)
    return path


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Bundle:
    return run_checks(folder, PERFORMANCE_OVERALL, ERRORS)


def test_what_was_learned_by_heart_does_harm_and_the_rest_helps(bundle: Bundle) -> None:
    report = bundle.report
    ends = {}
    for feature in FEATURES:
        item = report.by_id[f"mean_loss_attribution@feature={feature}"]
        assert item.estimate is not None
        assert item.estimate.n == 500
        ends[feature] = (item.estimate.low, item.estimate.high, item.p_value)
    assert ends["luck"][0] > 0
    assert ends["luck"][2] < 0.05
    assert ends["pay"][0] < 0
    assert ends["street"][1] < 0
    assert ends["idle"] == (0.0, 0.0, 1.0)


def test_numbers_come_from_the_evidence_and_add_up_to_the_rows_losses(
    folder: Path, bundle: Bundle
) -> None:
    parts = pd.read_parquet(bundle.evidence_path(EVIDENCE))
    rows = parts.merge(
        pd.read_parquet(bundle.evidence_path("predictions.parquet")), on="row",
        validate="one_to_one",
    )  # fmt: skip
    right = np.where(rows["y_true"] == 1, rows["y_score"], 1 - rows["y_score"])
    np.testing.assert_allclose(rows["output"], -np.log(right), rtol=1e-4)
    np.testing.assert_allclose(rows["base"] + rows[FEATURES].sum(axis=1), rows["output"], atol=1e-5)
    report = bundle.report
    wrong = rows["y_true"] != rows["y_pred"]
    for feature in FEATURES:
        whole = report.by_id[f"mean_loss_attribution@feature={feature}"]
        assert whole.value == pytest.approx(rows[feature].mean(), abs=1e-6)
        among = report.by_id[f"mean_loss_attribution_wrong@feature={feature}"]
        assert among.estimate is not None
        assert among.estimate.n == int(wrong.sum())
        assert among.value == pytest.approx(rows.loc[wrong, feature].mean(), abs=1e-6)
        own = rows.loc[rows["team"] == "B", feature]
        group = report.by_id[f"mean_loss_attribution[team=B]@feature={feature}"]
        assert group.value == pytest.approx(own.mean(), abs=1e-6)
    tiny = report.by_id["mean_loss_attribution[team=tiny]@feature=pay"]
    assert tiny.unavailable is not None
    assert "at least 30 are needed" in tiny.unavailable.reason
    said = next(e.description for e in report.evidence if e.path.endswith(EVIDENCE))
    assert "log loss of 500 of 1,200 rows, sampled with the run's seed" in said


def test_the_same_seed_gives_the_same_numbers(folder: Path, bundle: Bundle) -> None:
    again = run_checks(folder, PERFORMANCE_OVERALL, ERRORS, name="again")
    assert again.report.measurements == bundle.report.measurements


def test_a_regression_is_about_its_squared_error(tmp_path: Path) -> None:
    write_inputs(tmp_path, rows=200, task="regression")
    bundle = run_checks(tmp_path, ERRORS)
    rows = pd.read_parquet(bundle.evidence_path(EVIDENCE)).merge(
        pd.read_parquet(bundle.evidence_path("predictions.parquet")), on="row"
    )
    np.testing.assert_allclose(rows["output"], (rows["y_true"] - rows["y_pred"]) ** 2, rtol=1e-3)
    found = bundle.report.by_id["mean_loss_attribution@feature=pay"].estimate
    assert found is not None
    assert found.high < 0
    among = bundle.report.by_id["mean_loss_attribution_wrong@feature=pay"].estimate
    assert among is not None
    assert among.n == 50  # a quarter


def test_where_the_favourable_class_is_the_first(tmp_path: Path) -> None:
    """LightGBM's class 0 is named favourable: the losses are the same, whoever is favoured."""
    write_inputs(tmp_path, rows=200, subject=MODEL + 'classes = ["no", "yes"]\n')
    plain = run_checks(tmp_path, ERRORS)
    text = (tmp_path / "audit.toml").read_text(encoding="utf-8")
    turned = text.replace('positive = "yes"', 'positive = "no"')
    (tmp_path / "audit.toml").write_text(turned, encoding="utf-8")
    other = run_checks(tmp_path, ERRORS, name="other")
    one, two = (pd.read_parquet(b.evidence_path(EVIDENCE)) for b in (plain, other))
    pd.testing.assert_frame_equal(one, two, rtol=1e-4)


@pytest.mark.parametrize(
    ("extra", "subject", "status", "reason"),
    [
        ("[explain]\nerror_rows = 0\n", MODEL, CheckStatus.SKIPPED, "error_rows = 0"),
        ("[explain]\nerror_rows = 20\n", MODEL, CheckStatus.NOT_APPLICABLE, "at least 30"),
        ("", '[predictions]\nlabel = "good"\n', CheckStatus.NOT_APPLICABLE, "without a model"),
    ],
)
def test_what_stands_in_the_way_is_said(
    tmp_path: Path, extra: str, subject: str, status: CheckStatus, reason: str
) -> None:
    write_inputs(tmp_path, rows=100, extra=extra, subject=subject)
    report = run_checks(tmp_path, ERRORS).report
    outcome = next(one for one in report.checks if one.code == CODE)
    assert outcome.status is status
    assert reason in outcome.reason
