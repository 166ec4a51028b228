"""Scores that are decided here, and cubes that are handed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.core.errors import InputError
from audits.core.settings.read import load_spec
from audits.cube.counts.cube import Cube
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems
from tests.cli.command import assay

AUDIT = """
[audit]
name = "Ranking"
[data]
path = "rows.csv"
protected = ["sex"]
[predictions]
score = "s"
{decided}
"""


def write(folder: Path, decided: str, *, ties: bool = False) -> Path:
    draw = np.random.default_rng(0)
    score = np.where(np.arange(1000) < 300, 0.9, 0.1) if ties else draw.random(1000)
    frame = pd.DataFrame({"s": score, "sex": draw.choice(["f", "m"], 1000)})
    frame.to_csv(folder / "rows.csv", index=False)
    file = folder / "audit.toml"
    file.write_text(AUDIT.format(decided=decided), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("decided", "ties", "share"),
    [
        ("", False, None),
        ("threshold = 0.8", False, None),
        ("top = 0.25", False, 0.25),
        ("top = 0.35", True, 0.3),  # those who tie stay together
    ],
)
def test_scores_alone_are_decided(tmp_path: Path, decided: str, ties: bool, share) -> None:
    bundle = run_audit(write(tmp_path, decided, ties=ties), tmp_path / "run", device="cpu")
    rows = pd.read_parquet(bundle.evidence_path("predictions.parquet"))
    cut = bundle.load_cube().threshold
    assert rows.y_pred.tolist() == (rows.y_score >= cut).astype(int).tolist()
    if share is None:
        assert cut == (0.8 if decided else 0.5)
    else:
        assert rows.y_pred.mean() == share
    assert recompute_problems(bundle) == []


@pytest.mark.parametrize(
    ("decided", "ties", "message"),
    [
        ("top = 0.2", True, "selects nobody"),
        ("top = 0.2\nthreshold = 0.5", False, "not both"),
        ('label = "s"\ntop = 0.2', False, "leave threshold and top out"),
        ("top = 1.5", False, "less than 1"),
    ],
)
def test_what_cannot_be_decided_is_one_line(tmp_path: Path, decided, ties, message) -> None:
    file = write(tmp_path, decided, ties=ties)
    with pytest.raises(InputError, match=message):
        load_spec(file)
        run_audit(file, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_cube_is_handed_over_without_small_cells(tmp_path: Path) -> None:
    run_audit(write(tmp_path, "top = 0.25"), tmp_path / "run", device="cpu")
    done = assay("cube", tmp_path / "run", "-o", tmp_path / "out.parquet", "--least", "20")
    assert done.returncode == 0, done.stderr
    assert "at least 20 rows" in done.stderr
    cube = Cube.load(tmp_path / "out.parquet")
    assert cube.sums["count"].min() >= 20
    assert cube.rows >= 990
    refused = assay("cube", tmp_path / "run", "-o", tmp_path / "none.parquet", "--least", "0")
    assert refused.returncode == 2
    assert "1 or more" in refused.stderr
    assert not (tmp_path / "none.parquet").exists()


def test_counts_of_parts_are_handed_over_as_one(tmp_path: Path) -> None:
    file = write(tmp_path, "threshold = 0.8")
    rows = pd.read_csv(tmp_path / "rows.csv")
    whole = run_audit(file, tmp_path / "whole", device="cpu").load_cube()
    for name, part in (("one", rows[:400]), ("two", rows[400:])):
        part.to_csv(tmp_path / "rows.csv", index=False)
        run_audit(file, tmp_path / name, device="cpu")
    done = assay("cube", tmp_path / "one", tmp_path / "two", "-o", tmp_path / "both.parquet",
                 "--least", "1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    both = Cube.load(tmp_path / "both.parquet")
    assert both.rows == 1000
    np.testing.assert_array_equal(both.sums["count"], whole.sums["count"])
    other = run_audit(write(tmp_path, "threshold = 0.3"), tmp_path / "other", device="cpu")
    refused = assay("cube", tmp_path / "one", other.path, "-o", tmp_path / "no.parquet")
    assert refused.returncode == 2
    assert "threshold" in refused.stderr
