"""The card on equal recourse and on flips, of real runs: the sentence, the tables, the reasons."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from audits.checks.recourse.counterfactuals import RECOURSE
from audits.checks.recourse.fairness import RECOURSE_FAIRNESS
from audits.core.report.report import AuditReport
from audits.findings.stories.recourse import FLIP_NOTE
from audits.pipeline.run import run_audit
from model_cards.build import build_card
from model_cards.render.html import render_html
from model_cards.render.markdown import render_markdown
from sample_models.catalogue import SAMPLES
from sample_models.rental.train import run_training
from tests.checks import test_flips

TITLE = "Is recourse equally hard for everyone?"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> AuditReport:
    folder = tmp_path_factory.mktemp("rental")
    run_training(folder, 4_000, 3_000)
    audit = next(sample.audit for sample in SAMPLES if sample.name == "rental")
    text = audit.read_text(encoding="utf-8").replace("rows = 400", "rows = 160")
    (folder / "audit.toml").write_text(text, encoding="utf-8")
    checks = (RECOURSE, RECOURSE_FAIRNESS)
    return run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=checks).report


def test_the_gap_stands_there_with_group_column_and_certainty(report: AuditReport) -> None:
    text = render_markdown(build_card(report)).split(TITLE)[1].split("\n## ")[0]
    plain = unescape(text.replace("\\", ""))
    assert "Recourse is costlier for Newcomer than for Settled" in plain
    assert "it is costlier through record_years" in plain
    assert "Through which columns Newcomer pays more than Settled" in plain
    costlier = report.by_id["recourse_dearer[origin=Newcomer|Settled]"].estimate
    assert f"{costlier.value:.1%}" in plain
    assert "p < 0.001" in plain


def test_every_number_is_in_the_register(report: AuditReport) -> None:
    html = render_html(build_card(report))
    assert "recourse_dearer[origin=Newcomer|Settled]" in html
    assert not re.search(r"\b(nan|inf)\b", html)


def test_a_card_without_the_check_has_no_such_section(report: AuditReport) -> None:
    checks = tuple(check for check in report.checks if check.code != "recourse.fairness")
    kept = tuple(m for m in report.measurements if m.check != "recourse.fairness")
    old = report.model_copy(update={"checks": checks, "measurements": kept, "verdicts": ()})
    assert TITLE not in render_markdown(build_card(old))


def test_flips_stand_under_fairness_and_claim_no_cause(tmp_path: Path) -> None:
    rows = test_flips.make_rows()
    rows.to_csv(tmp_path / "rows.csv", index=False)
    test_flips.train(rows, ["sex", "title"], tmp_path / "model.skops")
    flipped, _ = test_flips.audit(tmp_path)
    text = render_markdown(build_card(flipped)).replace("\\", "")
    section = text.split("The same row in another group")[1].split("\n## ")[0]
    assert FLIP_NOTE in section
    assert "sex flipped: the decision would turn on" in section
    assert "Not asked: the model is not given town" in section
    assert "f as m" in section
