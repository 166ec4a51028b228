"""Classes, numbers and scores that only rank, without a model: the whole way from a table to the
numbers, the report, the card and every page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score
from streamlit.testing.v1 import AppTest

from audits.cli.after.card import write_cards
from audits.core.report.report import AuditReport, CheckStatus
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems
from audits.store.bundle import load_bundle
from dashboard.nav import PAGES
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.fairness import thresholds
from dashboard.viewmodels.run import RunData

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ["blue", "green", "red"]
SUBJECTS = {
    "classes": ("multiclass", 'target = "colour"', 'label = "seen"'),
    "shares": ("multiclass", 'target = "colour"',
               'scores = { blue = "p_blue", green = "p_green", red = "p_red" }'),
    "numbers": ("regression", 'target = "rent"', 'value = "rent_hat"'),
    "points": ("binary", 'target = "repaid"\npositive = "yes"\nmissing = ["?"]',
               'score = "points"\nthreshold = 620'),
}  # fmt: skip


def make_rows() -> pd.DataFrame:
    draw, n = np.random.default_rng(5), 400
    true = draw.integers(0, 3, n)
    weights = np.exp(draw.normal(0, 1, (n, 3)) + 1.5 * np.eye(3)[true])
    shares = weights / weights.sum(axis=1, keepdims=True)
    rent, skill = draw.normal(900, 150, n), draw.normal(0, 1, n)
    rows = pd.DataFrame(
        {
            "colour": np.array(CLASSES)[true],
            "seen": np.array(CLASSES)[shares.argmax(axis=1)],
            "sex": draw.choice(["F", "M", "m"], n, p=[0.5, 0.3, 0.2]),
            "rent": rent.round(2),
            "rent_hat": (rent + draw.normal(0, 60, n)).round(2),
            "points": np.clip(600 + 80 * skill, 300, 850).round(),
            "repaid": np.where(draw.random(n) < 1 / (1 + np.exp(-2 * skill)), "yes", "no"),
        }
    )
    return rows.join(pd.DataFrame(shares, columns=[f"p_{name}" for name in CLASSES]))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return make_rows()


@pytest.fixture(scope="module")
def root(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    inputs, root = tmp_path_factory.mktemp("inputs"), tmp_path_factory.mktemp("given")
    rows.to_csv(inputs / "rows.csv", index=False)
    for name, (task, data, given) in SUBJECTS.items():
        (inputs / f"{name}.toml").write_text(
            f'[audit]\nname = "{name}"\ntask = "{task}"\n[data]\npath = "rows.csv"\n{data}\n'
            f'protected = ["sex"]\n[predictions]\n{given}\n'
        )
        run_audit(inputs / f"{name}.toml", root / name, device="cpu", finish=write_cards)
    return root


def read_report(root: Path, name: str) -> AuditReport:
    return load_bundle(root / name).report


def value(report: AuditReport, metric: str) -> float:
    item = report.find(metric, attribute=None, group=None, slice=None)[0]
    assert item.estimate is not None
    return item.estimate.value


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_audit_is_whole_and_verifies(root: Path, name: str) -> None:
    report = read_report(root, name)
    wrong = [check for check in report.checks if check.status is CheckStatus.ERROR]
    assert not wrong
    assert recompute_problems(load_bundle(root / name)) == []


def test_numbers_are_those_of_an_independent_count(root: Path, rows: pd.DataFrame) -> None:
    classes, shares = read_report(root, "classes"), read_report(root, "shares")
    right = (rows["colour"] == rows["seen"]).mean()
    assert value(classes, "accuracy") == pytest.approx(right)
    assert value(shares, "accuracy") == pytest.approx(right)
    assert not classes.find("log_loss")
    probabilities = rows[[f"p_{name}" for name in CLASSES]]
    assert value(shares, "log_loss") == pytest.approx(log_loss(rows["colour"], probabilities))
    numbers = read_report(root, "numbers")
    error = (rows["rent_hat"] - rows["rent"]).abs().mean()
    assert value(numbers, "mean_absolute_error") == pytest.approx(error)
    points = read_report(root, "points")
    repaid = rows["repaid"] == "yes"
    assert value(points, "roc_auc") == pytest.approx(roc_auc_score(repaid, rows["points"]))
    assert value(points, "selection_rate") == pytest.approx((rows["points"] >= 620).mean())
    for metric in ("brier_score", "log_loss", "expected_calibration_error", "mean_score"):
        assert not points.find(metric)


def test_a_threshold_is_told_on_the_scale_of_the_scores(root: Path) -> None:
    run = RunData(load_bundle(root / "points"))
    audited = thresholds.audited_threshold(run)
    assert "(a score of 620)" in thresholds.render_threshold(run, audited)
    moved = thresholds.compute_moved(run, "sex", "selection_rate", audited)
    assert "(a score of 620)" in moved.sentence


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_it(
    root: Path, name: str, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(root))
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.query_params["run"] = name
    app.run()
    if page != "overview":
        app.switch_page(f"views/{page}.py").run()
    assert not app.exception
    assert not app.error
    if page == "overview":
        shown = [item.value for item in app.text]
        for notice in read_report(root, name).notices:
            assert notice.text in shown


def test_notices_stand_in_the_report_and_in_the_cards(root: Path) -> None:
    report = read_report(root, "points")
    assert [notice.code for notice in report.notices] == [
        "data.unused_missing",
        "predictions.scale",
        "data.similar_groups",
    ]
    files = {path.name: path.read_text() for path in (root / "points").glob("*.html")}
    assert set(files) == {"report.html", "card.html"}
    markdown = (root / "points" / "card.md").read_text()
    words = ("so that it had no effect", "on a straight line from 0", "are audited as 2 groups")
    for notice, part in zip(report.notices, words, strict=True):
        assert part in notice.text
        for name, text in (*files.items(), ("card.md", markdown)):
            assert part in text, name


def test_reports_from_before_notices_have_none(root: Path) -> None:
    stored = json.loads((root / "points" / "report.json").read_text())
    del stored["notices"]
    assert AuditReport.from_json(json.dumps(stored)).notices == ()
