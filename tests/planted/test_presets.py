"""The presets for several classes and for numbers: silent where groups are alike, loud where one
is treated worse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.checks.base import CubeContext, build_measurement
from audits.checks.data.profile import count_groups
from audits.checks.fairness.group_gaps import CODE, measure_gaps
from audits.checks.performance.classes import CODE as CLASSES
from audits.checks.performance.performance import GROUPS
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.core.report.verdict import Status
from audits.core.settings.spec import AuditSpec, Task
from audits.cube.counts.build import build_cube, count_classes
from audits.cube.counts.view import View
from audits.cube.metrics import available_metrics
from audits.data.sql import connect
from audits.policy.judging.judge import compute_verdicts
from audits.policy.policy import load_policy
from tests.whole import repeat

TWINS = {"regression": repeat(100, part=40), "multiclass": repeat(20, part=4)}
"""Several classes are several tables, so that each twin takes as long as six of the others."""
PLANTED = {"regression": repeat(20, part=5), "multiclass": repeat(5, part=2)}
SHARES = np.array([0.45, 0.25, 0.15, 0.1, 0.05])
NAMES = ("x", "y", "z")
RATES = ("true_positive_rate", "false_positive_rate", "positive_predictive_value", "accuracy",
         "selection_rate", "standardized_mean_residual", "relative_mean_absolute_error")  # fmt: skip
HARM = {"regression": 0.3, "multiclass": 0.25}
"""By how many standard deviations too low, and in what share of rows wrongly, group b is answered
where that is planted."""


def make_rows(task: Task, seed: int, n: int, harm: float) -> pd.DataFrame:
    """People of two sexes and five races of unequal size; answers do not look at either, but that
    those for race b are worse by `harm`."""
    draw = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "row": [str(number) for number in range(n)],
            "sex": draw.choice(["Female", "Male"], n),
            "race": draw.choice(list("abcde"), n, p=SHARES),
        }
    )
    hit = (rows.race == "b").to_numpy()
    if task == "regression":
        rows["y_true"] = draw.lognormal(3, 0.6, n)
        near = 0.7 * rows.y_true + 0.3 * rows.y_true.mean() + draw.normal(0, 6, n)
        rows["y_pred"] = near - harm * rows.y_true.std() * hit
        return rows
    true = draw.choice(3, n, p=[0.5, 0.3, 0.2])
    right = draw.random(n) < 0.7 - harm * hit
    said = np.where(right, true, (true + draw.integers(1, 3, n)) % 3)
    rows["y_true"], rows["y_pred"] = np.array(NAMES)[true], np.array(NAMES)[said]
    for place, name in enumerate(NAMES):
        rows[f"y_score[{name}]"] = np.where(said == place, 0.8, 0.1)
    return rows


def measure_rates(
    code: str, context: CubeContext, view: View, part: str | None
) -> list[Measurement]:
    """Return the groups' own numbers that verdicts count rows of."""
    return [
        build_measurement(
            code, metric.name, values.result(place, metric.undefined), unit=metric.unit,
            direction=metric.direction, attribute=view.attribute, group=label, part=part,
        )
        for metric in available_metrics(view) if metric.name in RATES
        for values in [context.compute(metric, view)]
        for place, label in enumerate(view.labels)
    ]  # fmt: skip


def measure(
    task: Task,
    rows: pd.DataFrame,
    path: Path,
    protected: tuple[str, ...] = ("sex", "race"),
    names: tuple[str, ...] = NAMES,
) -> list[Measurement]:
    rows.to_parquet(path)
    classes = names if task == "multiclass" else ()
    with connect(threads=1) as connection:
        cube = build_cube(connection, path, task=task, attributes=protected, classes=classes)
        by_class = count_classes(connection, path, cube)
    spec = AuditSpec.model_validate(
        {
            "audit": {"name": "twin", "task": task},
            "data": {"path": "rows", "target": "y", "protected": protected},
            "model": {"path": "m"},
        }
    )
    context = CubeContext(spec, cube)
    parts = [(context, None, CODE, GROUPS)]
    parts += [(CubeContext(spec, one), Part(PartKind.CLASS, name), CLASSES, CLASSES)
              for name, one in by_class.items()]  # fmt: skip
    found = count_groups(context)
    for one, part, gaps, rates in parts:
        for attributes in one.groupings:
            view = one.view(attributes)
            found += measure_gaps(gaps, one, view, part)
            found += measure_rates(rates, one, view, part)
    return found


@pytest.mark.simulation
@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_groups_that_are_alike_fail_in_at_most_five_percent(task: Task, tmp_path: Path) -> None:
    policy, failed, spoken = load_policy(task, None), 0, 0
    for seed in range(TWINS[task]):
        rows = make_rows(task, seed, 800 if seed % 2 else 3000, 0.0)
        verdicts = compute_verdicts(policy, measure(task, rows, tmp_path / "rows.parquet"))
        assert any(verdict.status is Status.PASS for verdict in verdicts)
        failed += any(verdict.status is Status.FAIL for verdict in verdicts)
        spoken += any(verdict.status in (Status.FAIL, Status.WARN) for verdict in verdicts)
    print(task, "failed", failed, "failed or warned", spoken, "of", TWINS[task])
    assert failed <= policy.alpha * TWINS[task]


@pytest.mark.simulation
@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_a_group_that_is_treated_worse_is_the_one_that_fails(task: Task, tmp_path: Path) -> None:
    policy, found = load_policy(task, None), 0
    for seed in range(PLANTED[task]):
        rows = make_rows(task, 500 + seed, 4000, HARM[task])
        measurements = measure(task, rows, tmp_path / "rows.parquet")
        by_id = {item.id: item for item in measurements}
        failing = [v for v in compute_verdicts(policy, measurements) if v.status is Status.FAIL]
        groups = {by_id[verdict.measurement].group for verdict in failing}
        found += "b" in groups
        assert {str(group).split(" & ")[-1] for group in groups} <= {"b"}
    print(task, "found", found, "of", PLANTED[task])
    assert found >= 0.95 * PLANTED[task]
