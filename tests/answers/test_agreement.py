"""Intervals and p-values tell one story, and twins without harm are seldom accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.core.report.measurement import Measurement
from tests.answers.generate import Family, Scenario, draw_rows, make_scenario
from tests.answers.truth import Truth
from tests.answers.twins import PRESETS, count_failures, list_twins, measure_scenario

AUDITS = 14
TWINS = 20
MAX_FAILURES = 4
"""More than 4 of 20 come with a chance of 0.3% where each fails with a chance of 5%."""


def find_disagreements(measurements: list[Measurement]) -> list[str]:
    """Return where an interval excludes "no difference" and p is 0.05 or more, or the reverse."""
    found = []
    for item in measurements:
        if item.p_value is None or item.estimate is None:
            continue
        neutral = 1.0 if item.unit == "ratio" else 0.0
        excluded = not item.estimate.low <= neutral <= item.estimate.high
        if excluded != (item.p_value < 1 - item.estimate.confidence):
            found.append(f"{item.id}: {item.estimate.low:.6f} to {item.estimate.high:.6f}, "
                         f"p = {item.p_value:.6f}")  # fmt: skip
    return found


def list_audits(many: int, start: int = 0) -> list[Scenario]:
    """Return scenarios that need no model to be measured: of ten, five of decisions, three of
    scores, one of several classes, one of numbers."""
    kinds: list[Family] = [*["scores"] * 3, *["decisions"] * 5, "multiclass", "regression"]
    return [make_scenario(seed, kinds[seed % len(kinds)]) for seed in range(start, start + many)]


def test_interval_and_p_value_never_disagree(tmp_path: Path) -> None:
    wrong = {}
    for scenario in list_audits(AUDITS, 5_030):
        found = find_disagreements(measure_scenario(scenario, tmp_path))
        if found:
            wrong[scenario.seed] = found[:3]
    assert not wrong


@pytest.mark.parametrize("family", ["decisions", "regression"])
def test_twins_without_harm_seldom_fail(family: Family, tmp_path: Path) -> None:
    """Those of several classes are in the benchmark alone: each takes ten times as long."""
    failed = count_failures(TWINS, 9_000, family, tmp_path)
    assert max(failed.values()) <= MAX_FAILURES, failed


def test_twins_differ_in_nothing() -> None:
    """No group of the population differs from another in any number that a rule compares."""
    for family in PRESETS:
        for scenario in list_twins(3, 9_000, family):
            assert Truth(scenario, draw_rows(scenario)).is_null
