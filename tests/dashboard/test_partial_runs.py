"""Runs that were made with a part of the checks: every page shows what there is and says the rest."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from audits.checks.builtin import BUILTIN
from audits.pipeline.run import run_audit
from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE

pages = import_module("tests.dashboard.test_pages")
PAGES = ("fairness", "performance", "interventions", "explanations")
ALONE = ("", "data.profile", "performance.overall", "performance.groups",
         "fairness.disparities", "fairness.adverse_impact")  # fmt: skip
"""Checks that have numbers about decisions, each alone; "" is a run without any."""


@pytest.fixture(scope="module")
def partial(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("partial")
    known = {check.code: check for check in BUILTIN}
    for code in ALONE:
        checks = (known[code],) if code else ()
        run_audit(inputs / "decisions.toml", root / f"only-{code}", device="cpu", checks=checks)
    return root


@pytest.mark.parametrize("code", ALONE)
def test_no_page_breaks(partial: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(partial))
    for page in PAGES:
        app = pages.open_page(page, f"only-{code}")
        assert not app.exception, page
        assert not app.error, page


def test_fairness_says_what_to_do_where_nothing_was_measured(
    partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(partial))
    shown = pages.texts(pages.open_page("fairness", "only-data.profile"))
    assert say("fairness.unmeasured_title") in shown
    assert say("fairness.unmeasured") in shown


def test_a_run_with_outcomes_is_not_said_to_have_none(
    partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(partial))
    shown = pages.texts(pages.open_page("performance", "only-data.profile"))
    assert say("performance.no_truth") not in shown
    assert say("performance.no_overall") in shown
