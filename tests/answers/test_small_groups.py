"""A group answers for itself: groups too small to judge change nothing that is said of others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from audits.findings import Finding, list_findings
from audits.policy.policy import list_presets, load_policy
from tests.answers.counts import build_report, measure

MIN_ROWS = 30
PRESETS = list_presets()


@dataclass(frozen=True)
class Counts:
    """How many people of a group are right or wrong about: true and false positives, and so on."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def rows(self) -> int:
        return self.tp + self.fp + self.fn + self.tn


def split(rows: int, base: int, tpr: int, fpr: int) -> Counts:
    """Return the counts of people of whom so many percent deserve it, and are selected."""
    good = round(rows * base / 100)
    tp, fp = round(good * tpr / 100), round((rows - good) * fpr / 100)
    return Counts(tp, fp, good - tp, rows - good - fp)


def counts(least: int, most: int) -> st.SearchStrategy[Counts]:
    """Counts of a group whose rows lie between two numbers."""
    percent = st.integers(0, 100)
    return st.builds(split, st.integers(least, most), percent, percent, percent)


LARGE = st.lists(counts(60, 600), min_size=2, max_size=4)
TINY = st.lists(counts(1, MIN_ROWS - 1), min_size=1, max_size=6)


def make_frame(groups: list[Counts], start: int = 0) -> pd.DataFrame:
    """One row a person; the groups' second attribute is odd or even, and one of its own for tiny ones."""
    parts = []
    for place, own in enumerate(groups, start):
        y_true = np.repeat([1, 0, 1, 0], [own.tp, own.fp, own.fn, own.tn])
        y_pred = np.repeat([1, 1, 0, 0], [own.tp, own.fp, own.fn, own.tn])
        second = np.where(np.arange(own.rows) % 3, "odd", "even") if start == 0 else f"new{place}"
        parts.append(
            pd.DataFrame({"y_true": y_true, "y_pred": y_pred, "a": f"g{place}", "b": second})
        )
    return pd.concat(parts, ignore_index=True)


def audit(frame: pd.DataFrame, preset: str) -> tuple[Finding, ...]:
    policy = load_policy(preset, None)
    with TemporaryDirectory() as folder:
        measured = measure(frame, ("a", "b"), Path(folder))
    return list_findings(build_report(measured, policy, ("a", "b"), len(frame)))


def told_of(findings: tuple[Finding, ...], new: set[str]) -> list[dict[str, object]]:
    """What is said of groups that are not new, in order; then who is too small to be judged."""
    told: list[dict[str, object]] = []
    small: list[dict[str, object]] = []
    for finding in findings:
        groups = tuple(g for g in finding.groups if not set(g.split(" & ")) & new)
        if not groups:
            continue
        if finding.cause == "small":  # a list, which new ones may join: nobody leads it
            names = (finding.rule, str(finding.attribute), *sorted(groups))
            small.append({"too small": names})
        else:
            told.append(finding.model_dump() | {"groups": groups})
    return told + sorted(small, key=str)


@pytest.mark.parametrize("preset", ["four-fifths", "equalized-odds"])
@settings(max_examples=3, derandomize=True)
@given(large=LARGE, tiny=TINY)
def test_groups_under_the_least_size_change_no_other_finding(
    preset: str, large: list[Counts], tiny: list[Counts]
) -> None:
    before = make_frame(large)
    added = make_frame(tiny, start=50)
    after = pd.concat([before, added], ignore_index=True)
    new = {f"{name}{50 + place}" for place in range(len(tiny)) for name in ("g", "new")}
    assert told_of(audit(after, preset), new) == told_of(audit(before, preset), set())


def test_ten_rows_of_a_third_group_do_not_silence_a_certain_harm() -> None:
    two = [Counts(200, 200, 300, 300), Counts(300, 300, 200, 200)]
    alone = audit(make_frame(two), "four-fifths")
    frame = pd.concat([make_frame(two), make_frame([Counts(8, 1, 1, 0)], start=50)])
    crowded = audit(frame, "four-fifths")
    assert alone[0].status == crowded[0].status == "fail"
    assert alone[0].groups == crowded[0].groups == ("g0",)
