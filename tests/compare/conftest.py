"""Runs of made-up decisions, measured by the audit's own checks, small enough to make hundreds."""

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


def make_settings(protected: tuple[str, ...], *, scores: bool, weight: bool) -> dict[str, object]:
    data = {"path": "rows", "target": "y", "positive": 1, "protected": list(protected), "id": "row"}
    return {
        "audit": {"name": "twin", "task": "binary"},
        "data": data | ({"weight": "w"} if weight else {}),
        "predictions": {"label": "p"} | ({"score": "s"} if scores else {}),
    }


def measure(rows: pd.DataFrame, folder: Path, protected: tuple[str, ...], sha: str) -> Bundle:
    """Measure rows (row, y_true, y_pred, maybe y_score and weight, protected) as an audit does."""
    (folder / "evidence").mkdir(parents=True)
    path = folder / "evidence" / "predictions.parquet"
    rows.to_parquet(path)
    settings = make_settings(protected, scores="y_score" in rows, weight="weight" in rows)
    spec = AuditSpec.model_validate(settings)
    with connect(threads=1) as connection:
        cube = build_cube(connection, path, task="binary", attributes=protected)
    context = CubeContext(spec, cube)
    checks = (
        compute_overall,
        *((compute_groups, compare_groups, compute_impact) if protected else ()),
    )
    measurements = tuple(item for check in checks for item in check(context).measurements)
    report = AuditReport(
        schema="assay.report/1",
        run=Run(id=folder.name, created="2026-11-24T12:00:00+00:00",
                tool=Tool(name="assay", version="0", revision=""), seed=0, device="cpu", duration_s=0.0,
                environment=Environment(python="3.11", packages={})),
        subject=Subject(name="twin", task="binary", model=None, reference=None,
                        data=DataSubject(source="rows", sha256=sha, rows=len(rows), columns=4, target="y",
                                         positive="1", protected=protected)),
        spec=SpecRecord(effective=json.loads(spec.model_dump_json()), explicit=settings),
        checks=(),
        measurements=measurements,
        verdicts=tuple(compute_verdicts(load_policy("four-fifths", None), measurements)),
        evidence=(),
    )  # fmt: skip
    return Bundle(
        folder, report, {"evidence/predictions.parquet": "", "report.json": folder.name}, folder
    )


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Return what measures rows; each run has a folder of its own."""
    made = 0

    def make(
        rows: pd.DataFrame, protected: tuple[str, ...] = ("sex", "race"), sha: str = "a"
    ) -> Bundle:
        nonlocal made
        made += 1
        return measure(rows, tmp_path / f"run{made}", protected, sha)

    return make


def make_people(draw: np.random.Generator, n: int) -> pd.DataFrame:
    """People of two sexes and four races of unequal size, half of whom deserve it."""
    return pd.DataFrame(
        {
            "row": [str(i) for i in range(n)],
            "y_true": draw.integers(0, 2, n).astype(np.int32),
            "sex": draw.choice(["Female", "Male"], n),
            "race": draw.choice(list("abcd"), n, p=[0.55, 0.25, 0.15, 0.05]),
        }
    )


def decide(
    people: pd.DataFrame, draw: np.random.Generator, *, against: float = 0.0
) -> pd.DataFrame:
    """Decide by a noisy look at the truth; a gap in score against race b."""
    score = people["y_true"] * 0.8 + draw.normal(0, 1, len(people))
    score = score - against * (people["race"] == "b") - 0.5 * (people["race"] == "c")
    shown = 1 / (1 + np.exp(-score))
    return people.assign(y_score=shown, y_pred=(score > 0.4).astype(np.int32))
