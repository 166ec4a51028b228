"""`assay compare` as CI and people use it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from audits.cli.main import app
from audits.core.errors import AssayError, InputError
from audits.run import run_audit

AUDIT = """
[audit]
name = "{name}"
[data]
path = "{name}.csv"
target = "outcome"
positive = {positive}
protected = ["sex"]
id = "who"
[predictions]
label = "hired"
"""


def assay(*arguments: object) -> tuple[int, str, str]:
    """The command in this process: exit code, stdout, stderr."""
    done = CliRunner().invoke(app, ["compare", *map(str, arguments)])
    if isinstance(done.exception, AssayError):
        return done.exception.exit_code, done.stdout, str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of the same people: fair, again fair, and women turned down more often."""
    folder = tmp_path_factory.mktemp("compare")
    draw = np.random.default_rng(1)
    sex = draw.choice(["F", "M"], 2000)
    outcome = draw.integers(0, 2, 2000)
    hired = (draw.random(2000) < 0.5).astype(int)
    frame = pd.DataFrame({"who": np.arange(2000), "sex": sex, "outcome": outcome, "hired": hired})
    harsh = frame.assign(hired=np.where((sex == "F") & (draw.random(2000) < 0.5), 0, hired))
    for name, rows, positive in (("fair", frame, 1), ("harsh", harsh, 1), ("turned", frame, 0)):
        rows.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.toml").write_text(AUDIT.format(name=name, positive=positive))
        run_audit(folder / f"{name}.toml", folder / name, device="cpu")
    shutil.copytree(folder / "fair", folder / "again")
    return folder


def test_identical_runs_pass(runs: Path) -> None:
    code, _, told = assay(runs / "fair", runs / "again")
    assert code == 0
    assert "Nothing got better or worse beyond noise" in told
    assert "No verdict turned." in told
    assert "Files, settings and rules are the same in both runs." in told


def test_a_run_that_got_worse_fails_and_says_verdicts_first(runs: Path) -> None:
    code, _, told = assay(runs / "fair", runs / "harsh")
    assert code == 1
    told = " ".join(told.split())
    assert told.index("✗ pass → fail: Impact ratio of F to M") < told.index("Got worse")
    assert told.index("Got worse") < told.index("No change beyond noise:")
    assert "Selection rate gap of F to M" in told
    assert "data: file: fair.csv → harsh.csv" in told
    # The other way round women gain, and with them those who should not have been selected.
    code, _, told = assay(runs / "harsh", runs / "fair")
    told = " ".join(told.split())
    assert "✓ fail → pass: Impact ratio of F to M" in told
    worse = told[told.index("Got worse") : told.index("Improved")]
    assert code == 1 and "False positive rate of F" in worse and "True positive rate" not in worse


def test_machines_get_everything_as_json(runs: Path) -> None:
    code, out, _ = assay(runs / "fair", runs / "harsh", "--json")
    found = json.loads(out)
    assert code == 1 and found["got_worse"] and found["basis"] == "paired"
    assert found["before"]["name"] == "fair" and found["after"]["name"] == "harsh"
    worse = {item["id"]: item for item in found["worsened"]}
    gap = worse["selection_rate_difference[sex=F|M]"]
    assert gap["change"]["low"] > 0 and gap["adjusted"] < 0.05
    assert {"rule": "four-fifths", "measurement": "impact_ratio[sex=F|M]", "way": "worse",
            "before": "pass", "after": "fail", "number_changed": True} in found["verdicts"]  # fmt: skip
    assert found["counts"]["worsened"] >= len(worse)


def test_bad_input_is_one_line(runs: Path, tmp_path: Path) -> None:
    code, _, told = assay(runs / "fair", runs / "turned")
    assert code == InputError.exit_code
    assert "the favourable value is 1 in the first and 0 in the second" in told
    code, _, told = assay(runs / "fair", tmp_path)
    assert code == 2 and "is not a run's folder" in told
    (tmp_path / "report.json").write_text("{", encoding="utf-8")
    code, _, told = assay(runs / "fair", tmp_path)
    assert code == 4 and "damaged" in told
