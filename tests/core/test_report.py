"""The report's contract: one shape, one schema, no NaN, ids that resolve."""

from __future__ import annotations

import json
import math

import jsonschema
import pytest
from pydantic import ValidationError

from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.parts import Part, PartKind
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Status, Verdict
from audits.core.schema import SCHEMA_FILE, render_schema


def measure(metric: str = "accuracy", **more: object) -> Measurement:
    result = {
        "estimate": Estimate(value=0.5, low=0.4, high=0.6, n=10, method="wilson", confidence=0.95)
    }
    if "unavailable" in more:
        result = {}
    return Measurement(
        id=measurement_id(metric), check="performance.overall", metric=metric, unit="share",
        direction="higher_is_better", **result, **more,
    )  # fmt: skip


def report_with(
    measurements: tuple[Measurement, ...], verdicts: tuple[Verdict, ...] = ()
) -> AuditReport:
    subject = {"source": "d.csv", "sha256": "0" * 64, "rows": 1, "columns": 1, "target": None,
               "positive": None, "protected": []}  # fmt: skip
    return AuditReport.model_validate(
        {
            "schema": "assay.report/1",
            "run": {"id": "x", "created": "2026-01-01T00:00:00+00:00", "seed": 0, "device": "cpu",
                    "tool": {"name": "assay", "version": "0", "revision": ""}, "duration_s": 1.0,
                    "environment": {"python": "3.11", "packages": {}}},
            "subject": {"name": "n", "task": "binary", "model": None, "data": subject,
                        "reference": None},
            "spec": {"effective": {}, "explicit": {}},
            "checks": [],
            "measurements": measurements,
            "verdicts": verdicts,
            "evidence": [],
        }
    )  # fmt: skip


def test_committed_schema_is_the_types() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == render_schema()


def test_report_is_valid_by_the_schema_and_comes_back_equal() -> None:
    unavailable = measure("f1", unavailable=Unavailable(reason="no rows"))
    report = report_with((measure(), unavailable))
    stored = json.loads(report.to_json())
    jsonschema.validate(stored, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    assert "unavailable" not in stored["measurements"][0]
    assert "estimate" not in stored["measurements"][1]
    assert AuditReport.from_json(report.to_json()) == report


def test_a_measurement_has_a_number_or_a_reason() -> None:
    with pytest.raises(ValidationError, match="either an estimate or a reason"):
        Measurement(id="a", check="c", metric="m", unit="share", direction="none")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_number_is_nan_or_infinite(bad: float) -> None:
    with pytest.raises(ValidationError):
        Estimate(value=bad, low=0, high=1, n=1, method="m", confidence=0.95)


def test_ids_are_unique_and_verdicts_point_to_them() -> None:
    with pytest.raises(ValidationError, match="not unique"):
        report_with((measure(), measure()))
    verdict = Verdict(
        rule="r", status=Status.PASS, measurement="nowhere", threshold=None, reason="x"
    )
    with pytest.raises(ValidationError, match="unknown measurement"):
        report_with((measure(),), (verdict,))


def test_ids_say_what_is_measured() -> None:
    assert measurement_id("accuracy") == "accuracy"
    assert (
        measurement_id("selection_rate_ratio", "sex & race", "Female & Black", "Male & White")
        == "selection_rate_ratio[sex & race=Female & Black|Male & White]"
    )
    assert (
        measurement_id("missing_share", part=Part(PartKind.COLUMN, "age"))
        == "missing_share@column=age"
    )
