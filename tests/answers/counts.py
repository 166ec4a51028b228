"""Audits of a frame of decisions, from the cube on: fast enough for thousands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from audits.checks.base import CubeCheck, CubeContext
from audits.checks.fairness.adverse_impact import ADVERSE_IMPACT
from audits.checks.fairness.disparities import DISPARITIES_CHECK
from audits.checks.fairness.group_gaps import GROUP_GAPS
from audits.checks.performance.performance import PERFORMANCE_GROUPS, PERFORMANCE_OVERALL
from audits.core.report.measurement import Measurement
from audits.core.report.report import (
    AuditReport,
    DataSubject,
    Environment,
    Run,
    SpecRecord,
    Subject,
    Tool,
)
from audits.core.settings.spec import AuditSpec
from audits.cube.counts.build import build_cube
from audits.data.sql import connect
from audits.policy.judging.judge import compute_verdicts
from audits.policy.rule import IN_FORCE, Policy

CHECKS = (PERFORMANCE_OVERALL, PERFORMANCE_GROUPS, DISPARITIES_CHECK, GROUP_GAPS, ADVERSE_IMPACT)


def measure(
    frame: pd.DataFrame,
    protected: tuple[str, ...],
    folder: Path,
    min_rows: int = 30,
    checks: Sequence[CubeCheck] = CHECKS,
) -> list[Measurement]:
    """Return what the cube's checks measure. frame: `y_true`, `y_pred` (0 or 1), maybe `y_score`,
    and the protected columns."""
    spec = AuditSpec.model_validate(
        {
            "audit": {"name": "counts"},
            "data": {"path": "rows", "target": "y", "positive": 1, "protected": protected},
            "predictions": {"label": "p"},
        }
    )
    path = folder / "counts.parquet"
    typed = {name: frame[name].astype(np.int32) for name in ("y_true", "y_pred")}
    frame.assign(**typed).to_parquet(path)
    with connect(threads=1) as connection:
        cube = build_cube(connection, path, task="binary", attributes=protected)
    context = CubeContext(spec, cube, min_rows=min_rows)
    return [item for check in checks for item in check.compute(context).measurements]


def build_report(
    measurements: list[Measurement], policy: Policy, protected: tuple[str, ...], rows: int
) -> AuditReport:
    """Return a report with these measurements, judged."""
    data = DataSubject(source="rows", sha256="0", rows=rows, columns=4, target="y", positive="1",
                       protected=protected)  # fmt: skip
    return AuditReport(
        schema="assay.report/1",
        run=Run(
            id="0", created="2026-11-30T00:00:00+00:00",
            tool=Tool(name="assay", version="0", revision=""), seed=0, device="cpu",
            duration_s=0.0, environment=Environment(python="3", packages={}),
        ),
        subject=Subject(name="counts", task="binary", model=None, data=data, reference=None),
        spec=SpecRecord(effective={IN_FORCE: policy.model_dump(mode="json")}, explicit={}),
        checks=(),
        measurements=tuple(measurements),
        verdicts=compute_verdicts(policy, measurements),
        evidence=(),
    )  # fmt: skip
