"""A part of the simulated coverage of docs/coverage.md, which `make bench` draws whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy import stats

from tests.simulated.case import LEAST, Case, run_case
from tests.simulated.cases import list_cases

SAMPLES = 240
PAGE = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"


def choose() -> list[Case]:
    """Return of every number the setting in which the most is expected, if it is quickly drawn."""
    best: dict[tuple[str, str], Case] = {}
    for case in list_cases():
        known = best.setdefault((case.kind, case.metric), case)
        if case.events > known.events:
            best[case.kind, case.metric] = case
    return [case for case in best.values() if case.cost <= 5 and case.events >= 30]


@pytest.mark.parametrize("case", choose(), ids=lambda case: f"{case.kind}-{case.metric}")
def test_the_interval_holds_the_truth(case: Case) -> None:
    tally = run_case(case, SAMPLES, seed=1)
    # Of over a hundred right intervals none falls under this by chance, in 99 of 100 seeds.
    assert tally.hits >= stats.binom.ppf(1e-4, tally.samples, LEAST)


def test_every_kind_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    absent = {case.metric for case in list_cases() if f"| {case.metric} |" not in page}
    assert not absent
