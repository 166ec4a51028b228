"""The audit finds what DATA.md says was planted, and stays silent on twins without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audits.checks.builtin import BUILTIN
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Status
from audits.findings.stories.drivers import list_tested
from audits.findings.stories.findings import render_gap
from audits.findings.stories.proxies import list_proxies, render_proxy
from audits.pipeline.run import run_audit
from sample_models.catalogue import SAMPLES
from sample_models.credit.train import run_training as train_credit
from sample_models.hiring.train import run_training as train_hiring
from sample_models.income.train import run_training as train_income
from tests.whole import repeat

FEW_LOOKS = "effects_rows = 0\npermutation_rows = 0\nerror_rows = 0\ntrust_rows = 0\nanchors = 0\n"
ELSEWHERE = {"performance.slices", "rules.adverse_action", "recourse.counterfactuals",
             "recourse.fairness", "fairness.interventions"}  # fmt: skip
"""What has tests of its own is left out here."""
CHECKS = tuple(check for check in BUILTIN if check.code not in ELSEWHERE)
TWINS = repeat(20, part=5)
AUDITS = {sample.name: sample.audit for sample in SAMPLES}


def audit(name: str, folder: Path) -> AuditReport:
    text = AUDITS[name].read_text(encoding="utf-8").replace("rows = 200", "rows = 20")
    text = text.replace("[explain]\n", f"[explain]\n{FEW_LOOKS}")
    (folder / "audit.toml").write_text(text, encoding="utf-8")
    report = run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=CHECKS).report
    shutil.rmtree(folder / "run")
    return report


def failed(report: AuditReport) -> set[str]:
    found = [report.by_id[v.measurement] for v in report.verdicts if v.status is Status.FAIL]
    return {str(item.group) for item in found}


def test_credit_its_proxy_and_its_small_group(tmp_path: Path) -> None:
    train_credit(tmp_path, 8000, 4000)
    report = audit("credit", tmp_path)
    assert "Group B" in failed(report)
    assert not any("Group D" in group for group in failed(report))
    pushes = {item.slice: item.value or 0.0 for item in report.find("mean_absolute_attribution")}
    assert max(pushes, key=pushes.__getitem__) == "feature=district"
    first = list_proxies(report.measurements, "ethnicity")[0]
    assert (first.feature, first.item.group, first.rank) == ("district", "Group B", 1)
    assert render_proxy(first).startswith(
        "district is the model's most important column and a proxy for ethnicity: it tells Group B"
    )
    assert list_proxies(report.measurements, "sex") == []
    push = list_tested(report.find("mean_attribution_difference", attribute="ethnicity"))[0]
    assert (push.slice, push.group) == ("feature=district", "Group B")
    assert (push.value or 0.0) < 0
    shares = gap_shares(report, "Group B", "Group A")
    gap = report.by_id["selection_rate_difference[ethnicity=Group B|Group A]"]
    assert sum(item.value or 0.0 for item in shares) == pytest.approx(gap.value, abs=1e-9)
    said = render_gap(gap, shares)
    assert said is not None
    assert "Group B is selected" in said
    assert ". district widens it by " in said


def gap_shares(report: AuditReport, group: str, reference: str) -> list[Measurement]:
    return list(report.find("gap_share", group=group, reference_group=reference))


def test_hiring_and_its_intersection(tmp_path: Path) -> None:
    train_hiring(tmp_path)
    report = audit("hiring", tmp_path)
    assert {"Female", "Female & Black"} <= failed(report)
    worst = min(report.find("impact_ratio", attribute="sex & race"), key=lambda m: m.value or 9)
    assert worst.group == "Female & Black"


def test_income_and_its_noisy_labels(tmp_path: Path) -> None:
    train_income(tmp_path, 8000, 8000)
    report = audit("income", tmp_path)
    assert "Female" in failed(report)
    auc = {item.group: item for item in report.find("roc_auc", attribute="race")}
    hispanic, white = auc["Hispanic"].estimate, auc["White"].estimate
    assert hispanic is not None
    assert white is not None
    assert hispanic.high < white.low


@pytest.mark.parametrize(("name", "train"), [("credit", train_credit), ("income", train_income)])
def test_the_twin_of_a_model_does_not_fail(tmp_path: Path, name, train) -> None:
    train(tmp_path, 6000, 4000, biased=False)
    report = audit(name, tmp_path)
    assert failed(report) == set()
    assert list_proxies(report.measurements) == []
    if name == "credit":
        # The model is given the age, which of course moves the old another way than the young.
        pushes = list_tested(report.find("mean_attribution_difference"))
        assert {(item.attribute, item.slice) for item in pushes} <= {("age", "feature=age")}
        shares = gap_shares(report, "Group B", "Group A")
        district = next(item for item in shares if item.slice == "feature=district")
        assert district.estimate is not None
        assert district.estimate.low < 0 < district.estimate.high
        gap = report.by_id["selection_rate_difference[ethnicity=Group B|Group A]"]
        assert "district" not in (render_gap(gap, shares) or "")


@pytest.mark.simulation
def test_twins_of_decisions_fail_no_more_than_chance_allows(tmp_path: Path) -> None:
    """A failure needs a ratio under 0.8 and a p-value under 0.05 after Holm in one of three
    families, so a twin fails with a chance of at most 0.15 or so; more than one in five would be
    rare even at that ceiling, and the seeds are fixed."""
    failures = 0
    for seed in range(TWINS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        train_hiring(folder, 2000, seed=seed, biased=False)
        failures += bool(failed(audit("hiring", folder)))
    assert failures <= TWINS / 5
