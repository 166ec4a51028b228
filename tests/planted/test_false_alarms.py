"""Audits of decisions in which no group differs: how often a policy cries wolf."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.checks.base import CubeContext, build_measurement
from audits.checks.fairness.adverse_impact import compute_groupings
from audits.checks.fairness.disparities import CODE, measure_summaries
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.core.report.verdict import Status
from audits.core.settings.spec import AuditSpec
from audits.cube.counts.build import build_cube
from audits.data.sql import connect
from audits.policy.judging.judge import compute_verdicts
from audits.policy.policy import load_policy
from tests.whole import repeat

TWINS = repeat(200, part=40)
SPEC = AuditSpec.model_validate(
    {
        "audit": {"name": "twin"},
        "data": {"path": "rows", "target": "y", "positive": 1, "protected": ["sex", "race"]},
        "predictions": {"label": "p", "score": "s"},
    }
)
SHARES = np.array([0.45, 0.25, 0.15, 0.1, 0.05])


def make_twin(seed: int, n: int) -> pd.DataFrame:
    """People of two sexes and five races of unequal size, treated alike: one in four selected."""
    draw = np.random.default_rng(seed)
    score = draw.beta(2, 3, n).round(3)
    return pd.DataFrame(
        {
            "y_true": (draw.random(n) < score).astype(np.int32),
            "y_pred": (score >= 0.55).astype(np.int32),
            "y_score": score,
            "sex": draw.choice(["Female", "Male"], n),
            "race": draw.choice(list("abcde"), n, p=SHARES),
        }
    )


def measure(seed: int, n: int, path: Path) -> list[Measurement]:
    make_twin(seed, n).to_parquet(path)
    with connect(threads=1) as connection:
        cube = build_cube(connection, path, task="binary", attributes=("sex", "race"))
    context = CubeContext(SPEC, cube)
    found = list(compute_groupings(context).measurements)
    for attributes in context.groupings:
        view = context.view(attributes)
        found += measure_summaries(CODE, context, view)
        found += [
            build_measurement(
                CODE, "count", Estimate.exact(int(rows), int(rows)), unit="count",
                direction="none", attribute=view.attribute, group=label,
            )
            for label, rows in zip(view.labels, view.rows, strict=True)
        ]  # fmt: skip
    return found


@pytest.mark.simulation
def test_audits_without_a_difference_fail_no_more_often_than_stated(tmp_path: Path) -> None:
    policies = [load_policy(name, None) for name in ("four-fifths", "equalized-odds")]
    failed = dict.fromkeys((policy.name for policy in policies), 0)
    for seed in range(TWINS):
        measurements = measure(seed, 800 if seed % 2 else 3000, tmp_path / "twin.parquet")
        for policy in policies:
            verdicts = compute_verdicts(policy, measurements)
            failed[policy.name] += any(v.status is Status.FAIL for v in verdicts)
    for policy in policies:
        assert failed[policy.name] <= policy.alpha * TWINS, failed
