"""Proxies, groups and errors of a real run in the card: sentences, tables, numbers that resolve."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.checks.explain.attributions import EXPLANATIONS
from audits.checks.explain.errors import ERRORS
from audits.checks.explain.groups import EXPLAIN_GROUPS
from audits.checks.fairness.proxies import PROXIES
from audits.cli.after.card import write_cards
from audits.core.report.report import AuditReport
from audits.pipeline.run import run_audit
from model_cards.build import build_card
from model_cards.render.markdown import render_markdown
from model_cards.verify import verify_card, verify_text
from tests.checks.beyond import write_inputs

CHECKS = (PROXIES, EXPLANATIONS, EXPLAIN_GROUPS, ERRORS)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> AuditReport:
    folder: Path = tmp_path_factory.mktemp("card")
    write_inputs(folder)
    return run_audit(
        folder / "audit.toml", folder / "run", device="cpu", finish=write_cards, checks=CHECKS
    ).report


def test_what_was_planted_stands_in_the_card(report: AuditReport) -> None:
    card = build_card(report)
    assert verify_card(card, report) == []
    text = render_markdown(card)
    assert verify_text(text, report) == []
    fairness, rest = text.split("\n## Explanations")
    explanations = rest.split("\n## ")[0]
    assert "street is the model's 2nd most important column and a proxy for team" in fairness
    assert "No column is a proxy for sex" in fairness
    assert "street pushes the scores of B" in explanations
    assert "luck makes predictions worse: knowing it adds" in explanations
    assert "No column surely moves one group more than another" in explanations  # of sex
    assert "log loss of 500 of 1,200 rows" in explanations
    # Each table has the numbers of one thing.
    assert explanations.count("| Column | Mean attribution |") == 1
    assert explanations.count("| Column | Effect on the error |") == 1
    assert "Proxy AUC" not in explanations


def test_a_report_without_these_checks_says_nothing_of_them(report: AuditReport) -> None:
    kept = [m for m in report.measurements if m.check == "explain.attributions"]
    plain = report.model_copy(update={"measurements": tuple(kept), "verdicts": ()})
    text = render_markdown(build_card(plain))
    for title in ("Columns that give groups away", "What makes the model err", "By team"):
        assert f"# {title}" not in text
