"""Runs of made-up decisions, measured by the audit's own checks and by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.checks.adverse_impact import compute_groupings as compute_impact
from audits.checks.base import CubeContext
from audits.checks.disparities import compare_groups
from audits.checks.performance import compute_groups, compute_overall
from audits.core.measurement import Measurement
from audits.core.report import (
    AuditReport,
    DataSubject,
    Environment,
    Run,
    SpecRecord,
    Subject,
    Tool,
)
from audits.core.spec import AuditSpec
from audits.cube.build import build_cube
from audits.data.source import connect
from audits.policy.judge import compute_verdicts
from audits.policy.policy import load_policy
from audits.store.bundle import Bundle

MakeRun = Callable[..., Bundle]
MakeReport = Callable[..., AuditReport]
POLICY = load_policy("four-fifths", None)
CHECKS = (compute_overall, compute_groups, compare_groups, compute_impact)


def _settings(rows: pd.DataFrame, protected: tuple[str, ...]) -> dict[str, object]:
    data = {"path": "rows", "target": "y", "positive": 1, "protected": list(protected), "id": "row"}
    return {
        "audit": {"name": "twin", "task": "binary"},
        "data": data | ({"weight": "w"} if "weight" in rows else {}),
        "predictions": {"label": "p"} | ({"score": "s"} if "y_score" in rows else {}),
    }


def _report(
    measurements: tuple[Measurement, ...],
    settings: dict[str, object],
    rows: int,
    name: str,
    sha: str,
) -> AuditReport:
    spec = AuditSpec.model_validate(settings)
    return AuditReport(
        schema="assay.report/1",
        run=Run(id=name, created="2026-11-24T12:00:00+00:00", seed=0, device="cpu", duration_s=0.0,
                tool=Tool(name="assay", version="0", revision=""),
                environment=Environment(python="3.11", packages={})),
        subject=Subject(name="twin", task="binary", model=None, reference=None,
                        data=DataSubject(source="rows", sha256=sha, rows=rows, columns=4, target="y",
                                         positive="1", protected=spec.data.protected)),
        spec=SpecRecord(effective=json.loads(spec.model_dump_json()), explicit=settings),
        checks=(),
        measurements=measurements,
        verdicts=tuple(compute_verdicts(POLICY, measurements)),
        evidence=(),
    )  # fmt: skip


def _measure(rows: pd.DataFrame, folder: Path, protected: tuple[str, ...], sha: str) -> Bundle:
    (folder / "evidence").mkdir(parents=True)
    path = folder / "evidence" / "predictions.parquet"
    rows.to_parquet(path)
    settings = _settings(rows, protected)
    with connect(threads=1) as connection:
        cube = build_cube(connection, path, task="binary", attributes=protected)
    context = CubeContext(AuditSpec.model_validate(settings), cube)
    measurements = tuple(item for check in CHECKS for item in check(context).measurements)
    report = _report(measurements, settings, len(rows), folder.name, sha)
    manifest = {"evidence/predictions.parquet": "", "report.json": folder.name}
    return Bundle(folder, report, manifest, folder)


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Measures rows (row, y_true, y_pred, maybe y_score and weight, protected) as an audit does;
    each run has a folder of its own."""
    made = 0

    def make(rows: pd.DataFrame, protected: tuple[str, ...] = ("sex",), sha: str = "a") -> Bundle:
        nonlocal made
        made += 1
        return _measure(rows, tmp_path / f"run{made}", protected, sha)

    return make


@pytest.fixture(scope="session")
def make_report() -> MakeReport:
    """Makes a report of given measurements on rows of one protected column."""

    def make(measurements: tuple[Measurement, ...], rows: int, sha: str = "a") -> AuditReport:
        settings = _settings(pd.DataFrame({"row": []}), ("sex",))
        return _report(measurements, settings, rows, "twin", sha)

    return make


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """A thousand people of two sexes, half of whom deserve it, decided by a noisy look at that."""
    draw = np.random.default_rng(3)
    n = 1000
    true = draw.integers(0, 2, n).astype(np.int32)
    sex = draw.choice(["Female", "Male"], n, p=[0.4, 0.6])
    score = true * 0.8 + draw.normal(0, 1, n) - 0.2 * (sex == "Female")
    return pd.DataFrame(
        {
            "row": [str(i) for i in range(n)],
            "y_true": true,
            "sex": sex,
            "latent": score,
            "y_pred": (score > 0.4).astype(np.int32),
        }
    )
