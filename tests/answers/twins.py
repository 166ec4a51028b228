"""Twins: audits in which no group differs in anything, measured from the cube on, for every preset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from audits.core.report.measurement import Measurement
from audits.core.report.verdict import Status
from audits.policy.judging.judge import compute_verdicts
from audits.policy.policy import load_policy
from tests.answers.counts import measure
from tests.answers.generate import Family, Scenario, draw_rows, make_scenario
from tests.answers.population import CLASSES
from tests.planted.test_presets import measure as measure_task

PRESETS: Mapping[Family, tuple[str, ...]] = {
    "decisions": ("four-fifths", "equalized-odds"),
    "multiclass": ("multiclass",),
    "regression": ("regression",),
}
"""The presets that judge each kind of audit."""


def list_twins(many: int, start: int, family: Family = "decisions") -> Iterator[Scenario]:
    """Yield scenarios of one kind in which no group differs in anything."""
    seed, found = start, 0
    while found < many:
        scenario = make_scenario(seed, family)
        seed += 1
        if not scenario.harms and not scenario.unequal:
            found += 1
            yield scenario


def measure_scenario(scenario: Scenario, folder: Path) -> list[Measurement]:
    """Draw a scenario's rows and measure them."""
    rows = draw_rows(scenario)
    if scenario.family in ("multiclass", "regression"):
        return _measure_task(scenario, folder)
    frame = rows[list(scenario.attributes)].assign(
        y_true=rows["y"] == "yes",
        y_pred=rows["decided"] == "yes" if "decided" in rows else rows["score"] >= 0.5,
    )
    if "score" in rows:
        frame["y_score"] = rows["score"]
    return measure(frame, scenario.attributes, folder)


def _measure_task(scenario: Scenario, folder: Path) -> list[Measurement]:
    rows, linear = draw_rows(scenario), scenario.linear
    assert linear is not None
    score = linear.score(rows)
    frame = rows[list(scenario.attributes)].assign(
        row=[str(place) for place in range(len(rows))], y_true=rows["y"]
    )
    path = folder / "rows.parquet"
    if scenario.family == "regression":
        return measure_task("regression", frame.assign(y_pred=score), path, scenario.attributes)
    frame["y_pred"] = np.where(score < 0, CLASSES[0], CLASSES[2])
    for name in CLASSES:
        frame[f"y_score[{name}]"] = np.where(frame["y_pred"] == name, 0.8, 0.1)
    return measure_task("multiclass", frame, path, scenario.attributes, CLASSES)


def count_failures(many: int, start: int, family: Family, folder: Path) -> dict[str, int]:
    """Return by preset how many twins of a kind have a verdict that fails."""
    policies = [load_policy(name, None) for name in PRESETS[family]]
    failed = dict.fromkeys(PRESETS[family], 0)
    for scenario in list_twins(many, start, family):
        measured = measure_scenario(scenario, folder)
        for policy in policies:
            verdicts = compute_verdicts(policy, measured)
            failed[policy.name] += any(v.status is Status.FAIL for v in verdicts)
    return failed
