"""The card says how far each explanation can be relied on, and rests on measurements alone."""

from __future__ import annotations

from collections.abc import Callable

from audits.core.report.codes import TRUST_CHECK
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.parts import Part
from audits.core.report.report import AuditReport, CheckOutcome, CheckStatus
from model_cards.build import build_card
from model_cards.render.markdown import render_markdown

TITLE = "How far the explanation can be relied on"


def measure(metric: str, value: float, other: str = "") -> Measurement:
    name = "method=tree_shap" + (f"|{other}" if other else "")
    return Measurement(
        id=measurement_id(metric, part=Part.parse(name)), check=TRUST_CHECK, metric=metric, slice=name,
        unit="ratio", direction="higher_is_better",
        estimate=Estimate(value=value, low=value - 0.1, high=value + 0.1, n=200, method="t",
                          confidence=0.95),
    )  # fmt: skip


def add(report: AuditReport, *items: Measurement, status: CheckStatus = CheckStatus.MEASURED,
        reason: str = "") -> AuditReport:  # fmt: skip
    outcome = CheckOutcome(
        code=TRUST_CHECK, title="Trust in the explanations", status=status, reason=reason, seconds=1
    )
    document = {name: getattr(report, name) for name in AuditReport.model_fields}
    document["checks"] = (*report.checks, outcome)
    document["measurements"] = (*report.measurements, *items)
    return AuditReport.model_validate(document, by_name=True)


def render(report: AuditReport) -> str:
    return render_markdown(build_card(report)).split(TITLE)[1].split("\n## ")[0]


def test_the_label_and_what_it_rests_on(binary_report: AuditReport) -> None:
    good = (measure("trust_deletion", 4.1), measure("trust_claim", 0.9))
    text = render(add(binary_report, *good, measure("trust_other_agreement", 0.9, "deeplift")))
    assert "SHAP for trees: can be relied on" in text
    assert "4.100 (95% interval 4.000 to 4.200, n = 200)" in text
    assert "(DeepLIFT)" in text


def test_a_failed_explanation_is_named_as_failed(binary_report: AuditReport) -> None:
    text = render(add(binary_report, measure("trust_deletion", 0.8), measure("trust_claim", 0.0)))
    assert "SHAP for trees: not reliable" in text
    assert text.count("| not reliable |") == 2


def test_its_numbers_stand_nowhere_else(binary_report: AuditReport) -> None:
    report = add(binary_report, measure("trust_deletion", 4.1))
    whole = render_markdown(build_card(report))
    before = whole.split(TITLE)[0]
    assert "Move by the top columns" not in before


def test_not_tested_is_said_and_old_reports_stay_as_they_were(
    binary_report: AuditReport, report_by_name: Callable[[str], AuditReport]
) -> None:
    skipped = add(binary_report, status=CheckStatus.SKIPPED, reason="[explain] trust_rows = 0")
    assert "left out" in render(skipped)
    assert TITLE not in render_markdown(build_card(report_by_name("multiclass")))
