"""The card says where the model does worst, or why nothing is said."""

from __future__ import annotations

from collections.abc import Callable

from audits.core.report.codes import SLICES_CHECK
from audits.core.report.report import AuditReport, CheckStatus
from model_cards.build import build_card
from model_cards.render.markdown import render_markdown

TITLE = "Where the model does worst"


def change(report: AuditReport, status: CheckStatus, reason: str = "") -> AuditReport:
    """Return the report without slices, its check ended as given."""
    checks = tuple(
        check.model_copy(update={"status": status, "reason": reason})
        if check.code == SLICES_CHECK
        else check
        for check in report.checks
    )
    kept = [m for m in report.measurements if m.check != SLICES_CHECK or m.slice is None]
    return report.model_copy(update={"checks": checks, "measurements": tuple(kept)})


def test_slices_stand_in_tables_of_their_own(binary_report: AuditReport) -> None:
    text = render_markdown(build_card(binary_report)).split(TITLE)[1].split("\n## ")[0]
    assert "age under 25 & job = clerk" in text
    assert "−24.3 points" in text
    assert "Parts of the data;" not in text
    assert "<script" not in text


def test_nothing_found_and_not_searched_are_said(binary_report: AuditReport) -> None:
    text = render_markdown(build_card(change(binary_report, CheckStatus.MEASURED)))
    assert "none was shown to be worse than the rest" in text
    skipped = change(binary_report, CheckStatus.SKIPPED, "[slices] rows = 0")
    text = render_markdown(build_card(skipped)).split(TITLE)[1]
    assert "left out" in text.split("\n## ")[0]


def test_reports_without_the_check_stay_as_they_were(
    report_by_name: Callable[[str], AuditReport],
) -> None:
    assert TITLE not in render_markdown(build_card(report_by_name("multiclass")))
