"""Intervals and p-values tell one story, and twins without harm are seldom accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.core.measurement import Measurement
from audits.core.verdict import Status
from audits.policy.judge import compute_verdicts
from audits.policy.policy import list_presets, load_policy
from tests.answers.counts import measure
from tests.answers.generate import Scenario, draw_rows, make_scenario
from tests.answers.truth import Truth

AUDITS = 60
TWINS = 60
MOST_FAILURES = 9
"""More than 9 of 60 come with a chance under 0.1% where each fails with a chance of 5%."""


def measure_scenario(scenario: Scenario, folder: Path) -> list[Measurement]:
    rows = draw_rows(scenario)
    frame = rows[list(scenario.attributes)].assign(
        y_true=rows["y"] == "yes",
        y_pred=rows["decided"] == "yes" if "decided" in rows else rows["score"] >= 0.5,
    )
    if "score" in rows:
        frame["y_score"] = rows["score"]
    return measure(frame, scenario.attributes, folder)


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


def list_decisions(many: int, start: int = 0) -> list[Scenario]:
    """Return scenarios without a model."""
    return [make_scenario(seed, "scores" if seed % 3 == 0 else "decisions")
            for seed in range(start, start + many)]  # fmt: skip


def test_interval_and_p_value_never_disagree(tmp_path: Path) -> None:
    wrong = {}
    for scenario in list_decisions(AUDITS, 5_000):
        found = find_disagreements(measure_scenario(scenario, tmp_path))
        if found:
            wrong[scenario.seed] = found[:3]
    assert not wrong


def list_twins(many: int, start: int) -> list[Scenario]:
    """Return scenarios in which no group differs in anything."""
    found: list[Scenario] = []
    seed = start
    while len(found) < many:
        scenario = make_scenario(seed, "decisions")
        if not scenario.harms and not scenario.unequal:
            found.append(scenario)
        seed += 1
    return found


def test_twins_without_harm_seldom_fail(tmp_path: Path) -> None:
    policies = [load_policy(name, None) for name in list_presets()]
    failed = dict.fromkeys((policy.name for policy in policies), 0)
    for scenario in list_twins(TWINS, 9_000):
        measured = measure_scenario(scenario, tmp_path)
        for policy in policies:
            verdicts = compute_verdicts(policy, measured)
            failed[policy.name] += any(v.status is Status.FAIL for v in verdicts)
    assert max(failed.values()) <= MOST_FAILURES, failed


@pytest.mark.parametrize("seed", [0, 1])
def test_the_generator_keeps_its_word(seed: int) -> None:
    """Rates of a very large sample come to those of the population."""
    del seed
    scenario = list_twins(1, 9_000)[0]
    truth = Truth(scenario, draw_rows(scenario))
    assert truth.is_null
