"""`assay compare` as CI and people use it."""

from __future__ import annotations

import json
from pathlib import Path

from audits.core.errors import InputError
from tests.cli.conftest import Assay


def test_identical_runs_pass(runs: Path, assay: Assay) -> None:
    code, _, told = assay("compare", runs / "fair", runs / "again")
    assert code == 0
    assert "Nothing got better or worse beyond noise" in told
    assert "No verdict turned." in told
    assert "Files, settings and rules are the same in both runs." in told


def test_a_run_that_got_worse_fails_and_says_verdicts_first(runs: Path, assay: Assay) -> None:
    code, _, told = assay("compare", runs / "fair", runs / "harsh")
    assert code == 1
    told = " ".join(told.split())
    assert told.index("✗ pass → fail: Impact ratio of F to M") < told.index("Got worse")
    assert told.index("Got worse") < told.index("No change beyond noise:")
    assert "Selection rate gap of F to M" in told
    assert "data: file: fair.csv → harsh.csv" in told
    # The other way round women gain, and with them those who should not have been selected.
    code, _, told = assay("compare", runs / "harsh", runs / "fair")
    told = " ".join(told.split())
    assert "✓ fail → pass: Impact ratio of F to M" in told
    worse = told[told.index("Got worse") : told.index("Improved")]
    assert code == 1 and "False positive rate of F" in worse and "True positive rate" not in worse


def test_machines_get_everything_as_json(runs: Path, assay: Assay) -> None:
    code, out, _ = assay("compare", runs / "fair", runs / "harsh", "--json")
    found = json.loads(out)
    assert code == 1 and found["got_worse"] and found["basis"] == "paired"
    assert found["before"]["name"] == "fair" and found["after"]["name"] == "harsh"
    worse = {item["id"]: item for item in found["worsened"]}
    gap = worse["selection_rate_difference[sex=F|M]"]
    assert gap["change"]["low"] > 0 and gap["adjusted"] < 0.05
    assert {"rule": "four-fifths", "measurement": "impact_ratio[sex=F|M]", "way": "worse",
            "before": "pass", "after": "fail", "number_changed": True} in found["verdicts"]  # fmt: skip
    assert found["counts"]["worsened"] >= len(worse)


def test_bad_input_is_one_line(runs: Path, assay: Assay, tmp_path: Path) -> None:
    code, _, told = assay("compare", runs / "fair", runs / "turned")
    assert code == InputError.exit_code
    assert "the favourable value is 1 in the first and 0 in the second" in told
    code, _, told = assay("compare", runs / "fair", tmp_path)
    assert code == 2 and "is not a run's folder" in told
    (tmp_path / "report.json").write_text("{", encoding="utf-8")
    code, _, told = assay("compare", runs / "fair", tmp_path)
    assert code == 4 and "damaged" in told
