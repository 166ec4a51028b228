"""The command as CI and people use it: exit codes, events, proofs, cards, cancelling."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from audits.core.settings.read import load_spec
from audits.cube.metrics import METRICS
from tests.cli.command import COMMAND, assay, start_assay

AUDIT = """
[audit]
name = "decisions"
[data]
path = "d.csv"
target = "outcome"
positive = 1
protected = ["sex"]
[predictions]
label = "hired"
"""


def write_audit(folder: Path, rates: tuple[float, float]) -> Path:
    draw = np.random.default_rng(1)
    sex = draw.choice(["F", "M"], 3000)
    outcome = draw.integers(0, 2, 3000)
    hired = (draw.random(3000) < np.where(sex == "F", *rates)).astype(int)
    frame = pd.DataFrame({"sex": sex, "outcome": outcome, "hired": hired})
    frame.to_csv(folder / "d.csv", index=False)
    (folder / "audit.toml").write_text(AUDIT)
    return folder / "audit.toml"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose policy fails."""
    folder = tmp_path_factory.mktemp("unfair")
    done = start_assay("run", write_audit(folder, (0.3, 0.6)), "--out", folder / "run")
    assert done.returncode == 1, done.stderr
    assert "four-fifths, sex" in done.stderr
    return folder / "run"


def copy(run: Path, folder: Path) -> Path:
    target = folder / "copy"
    subprocess.run(["cp", "-r", str(run), str(target)], check=True)
    return target


def test_fair_decisions_pass_and_failures_can_be_forgiven(tmp_path: Path) -> None:
    fair = assay("run", write_audit(tmp_path, (0.5, 0.5)), "--out", tmp_path / "fair")
    assert fair.returncode == 0, fair.stderr
    (tmp_path / "sub").mkdir()
    unfair = write_audit(tmp_path / "sub", (0.3, 0.6))
    never = assay("run", unfair, "--out", tmp_path / "never", "--fail-on", "never")
    assert never.returncode == 0


def test_events_for_machines(tmp_path: Path) -> None:
    done = start_assay(
        "run", write_audit(tmp_path, (0.3, 0.6)), "--out", tmp_path / "run", "--json"
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["event"] for event in events[:-1]} == {"progress", "check", "preview"}
    checks = json.loads((tmp_path / "run" / "report.json").read_text())["checks"]
    told = {event["code"]: event["status"] for event in events if event["event"] == "check"}
    assert told == {check["code"]: check["status"] for check in checks}
    kinds = [event.get("code", event["event"]) for event in events]
    assert kinds.index("fairness.disparities") < kinds.index("preview")
    assert kinds.index("preview") < kinds.index("performance.slices")
    assert not (tmp_path / ".previews").exists()
    finished = {"event": "finished", "run": str(tmp_path / "run"), "exit_code": 1}
    last = dict(events[-1])
    assert [finding["status"] for finding in last.pop("findings")] == ["fail", "warn"]
    assert last == finished | {"fairness_judged": 2}
    again = assay("run", tmp_path / "audit.toml", "--out", tmp_path / "run", "--json")
    assert again.returncode == 2
    assert json.loads(again.stdout.splitlines()[-1])["event"] == "error"


def test_a_run_is_proved_again(run: Path) -> None:
    done = start_assay("verify", run, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["verified"] is True


def flip_a_byte(run: Path) -> None:
    file = run / "evidence" / "cube.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def edit_a_number(run: Path) -> None:
    report = json.loads((run / "report.json").read_text())
    report["measurements"][5]["estimate"]["value"] = 0.5
    (run / "report.json").write_text(json.dumps(report))


def add_a_file(run: Path) -> None:
    (run / "note.txt").write_text("x")


@pytest.mark.parametrize("tamper", [flip_a_byte, edit_a_number, add_a_file])
def test_tampering_is_found(run: Path, tmp_path: Path, tamper) -> None:
    target = copy(run, tmp_path)
    tamper(target)
    assert assay("verify", target).returncode == 4


def test_an_edited_number_is_found_though_its_digest_was_made_anew(
    run: Path, tmp_path: Path
) -> None:
    import hashlib

    target = copy(run, tmp_path)
    report = json.loads((target / "report.json").read_text())
    for item in report["measurements"]:
        if item["id"] == "selection_rate[sex=F]":
            item["estimate"]["value"] += 0.001
    (target / "report.json").write_text(json.dumps(report))
    manifest = json.loads((target / "manifest.json").read_text())
    manifest["report.json"] = hashlib.sha256((target / "report.json").read_bytes()).hexdigest()
    (target / "manifest.json").write_text(json.dumps(manifest))
    done = assay("verify", target)
    assert done.returncode == 4
    assert "selection_rate[sex=F] is" in done.stderr


@pytest.mark.parametrize(("form", "start"), [("md", "#"), ("html", "<!"), ("json", "{")])
def test_card_in_every_format(run: Path, form: str, start: str) -> None:
    done = assay("card", run, "--format", form)
    assert done.returncode == 0
    assert done.stdout.lstrip().lower().startswith(start)
    assert "selection_rate" in done.stdout


def test_catalogue_lists_every_metric() -> None:
    listed = json.loads(assay("checks", "--json").stdout)
    names = {metric.name for table in METRICS.values() for metric in table}
    assert {item["name"] for item in listed["metrics"]} == names
    assert all(item["meaning"] and item["source"] for item in listed["metrics"])


def test_convert_then_init_then_run(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    rows = pd.DataFrame({"a": draw.random(400), "b": draw.random(400)})
    rows["sex"], rows["y"] = draw.choice(["F", "M"], 400), (rows.a > draw.random(400)).astype(int)
    rows.to_csv(tmp_path / "d.csv", index=False)
    joblib.dump(LogisticRegression().fit(rows[["a", "b"]], rows["y"]), tmp_path / "m.joblib")
    refused = assay("convert", tmp_path / "m.joblib")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    done = assay("convert", tmp_path / "m.joblib", "--yes", "--data", tmp_path / "d.csv")
    assert done.returncode == 0, done.stderr
    audit = tmp_path / "audit.toml"
    started = assay("init", tmp_path / "m.skops", tmp_path / "d.csv", "--out", audit)
    assert started.returncode == 0, started.stderr
    spec = load_spec(audit)
    assert (spec.data.target, spec.data.protected) == ("y", ("sex",))
    audit.write_text(audit.read_text() + "\n[explain]\nanchors = 0\n")
    ran = assay("run", audit, "--out", tmp_path / "run", "--fail-on", "never")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_no_bundle_and_can_be_run_again(tmp_path: Path, how) -> None:
    audit, out = write_audit(tmp_path, (0.5, 0.5)), tmp_path / "out" / "run"
    command = [*COMMAND, "run", str(audit), "--out", str(out), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, how)
    assert not out.exists()
    if how is signal.SIGTERM:
        assert not out.parent.exists() or not list(out.parent.iterdir())
    assert assay("run", audit, "--out", out).returncode == 0
    assert [path.name for path in out.parent.iterdir()] == ["run"]


def test_export_writes_the_file_that_the_run_wrote(run: Path, tmp_path: Path) -> None:
    done = assay("export", run, "-o", tmp_path / "report.html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").read_bytes() == (run / "report.html").read_bytes()
    assert assay("export", run, "--least", "0").returncode == 2
