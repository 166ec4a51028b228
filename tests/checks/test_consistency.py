"""Consistency against its definition over all pairs, and the distance that people are at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import sparse

from audits.checks.fairness.consistency import NEIGHBOURS, ROWS, compute_consistency, encode_rows
from audits.core.report.report import CheckStatus
from audits.pipeline.run import run_audit


def test_it_equals_the_definition_over_all_pairs() -> None:
    draw = np.random.default_rng(0)
    points, decided = draw.normal(size=(80, 3)), draw.integers(0, 2, 80).astype(float)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    near = np.argsort(apart, axis=1)[:, :NEIGHBOURS]
    expected = 1 - np.abs(decided - decided[near].mean(axis=1))
    np.testing.assert_allclose(compute_consistency(points, decided), expected)


def test_equal_decisions_are_consistent_and_a_lone_one_is_not() -> None:
    points = np.repeat(np.arange(3.0), 6)[:, None] * 100 + np.arange(18)[:, None] / 100
    decided = np.repeat([0.0, 1.0, 0.0], 6)
    assert compute_consistency(points, decided).min() == 1.0
    decided[0] = 1.0
    found = compute_consistency(points, decided)
    assert found[0] == 0.0
    assert found[1] == pytest.approx(0.8)


def test_categories_are_one_apart_and_numbers_count_in_deviations() -> None:
    frame = pd.DataFrame(
        {"job": ["ä", "b", None, None], "pay": [1.0, 3.0, np.nan, np.inf], "same": 1}
    )
    points = encode_rows(frame)
    job, pay = points[:, :3], points[:, 3]
    assert np.linalg.norm(job[0] - job[1]) == pytest.approx(1.0)
    assert np.linalg.norm(job[2] - job[3]) == 0.0
    assert pay[1] - pay[0] == pytest.approx(2 / np.std([1, 3]))
    assert pay[2] == pay[3] == pytest.approx((pay[0] + pay[1]) / 2)
    assert np.isfinite(points).all()


def test_texts_that_differ_in_every_row_change_no_neighbour() -> None:
    draw = np.random.default_rng(3)
    frame = pd.DataFrame({"pay": draw.normal(size=60), "job": draw.choice(list("abc"), 60)})
    named = frame.assign(name=[f"person {n}" for n in range(60)])
    np.testing.assert_array_equal(encode_rows(named), encode_rows(frame))


def test_many_rare_texts_are_the_same_points_in_little_memory() -> None:
    draw = np.random.default_rng(4)
    rare = draw.permutation(np.concatenate([np.arange(1400), draw.integers(0, 1400, 100)]))
    frame = pd.DataFrame({"pay": draw.normal(size=1500), "town": [f"t{n}" for n in rare]})
    points = encode_rows(frame)
    assert sparse.issparse(points)
    decided = draw.integers(0, 2, 1500).astype(float)
    np.testing.assert_allclose(
        compute_consistency(points, decided), compute_consistency(points.toarray(), decided)
    )


AUDIT = """
[audit]
name = "Decisions"
[data]
path = "rows.csv"
protected = ["sex"]
[predictions]
label = "hired"
"""


@pytest.mark.parametrize(("rows", "columns"), [(300, 2), (ROWS + 200, 2), (300, 0)])
def test_through_an_audit(tmp_path: Path, rows: int, columns: int) -> None:
    draw = np.random.default_rng(1)
    frame = pd.DataFrame({"sex": draw.choice(["f", "m"], rows)})
    for position in range(columns):
        frame[f"x{position}"] = draw.normal(size=rows)
    frame["hired"] = (draw.random(rows) < 0.5).astype(int)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "audit.toml").write_text(AUDIT, encoding="utf-8")
    bundle = run_audit(tmp_path / "audit.toml", tmp_path / "run", device="cpu")
    report = bundle.report
    check = next(c for c in report.checks if c.code == "fairness.consistency")
    if not columns:
        assert check.status is CheckStatus.NOT_APPLICABLE
        return
    whole = report.by_id["consistency"].estimate
    assert whole.n == min(rows, ROWS)
    assert whole.low < whole.value < whole.high
    assert report.by_id["consistency[sex=f]"].estimate.n < whole.n
    stored = pq.read_table(bundle.evidence_path("consistency.parquet"))
    assert stored["consistency"].to_numpy().mean() == pytest.approx(whole.value)
    said = next(e.description for e in report.evidence if e.path.endswith("consistency.parquet"))
    assert said == (
        "Consistency of every row" if rows < ROWS
        else "Consistency of 5,000 of 5,200 rows, sampled with the run's seed"
    )  # fmt: skip
