"""`assay run --baseline`: the audit and what changed since an earlier run, in one step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from audits.cli.main import app
from audits.core.errors import AssayError
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
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if isinstance(done.exception, AssayError):
        return done.exception.exit_code, done.stdout, str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a fair model, one that turns down women, and one of the other outcome; a run
    of the first."""
    folder = tmp_path_factory.mktemp("baseline")
    draw = np.random.default_rng(1)
    sex = draw.choice(["F", "M"], 2000)
    outcome = draw.integers(0, 2, 2000)
    hired = (draw.random(2000) < 0.5).astype(int)
    frame = pd.DataFrame({"who": np.arange(2000), "sex": sex, "outcome": outcome, "hired": hired})
    harsh = frame.assign(hired=np.where((sex == "F") & (draw.random(2000) < 0.5), 0, hired))
    for name, rows, positive in (("fair", frame, 1), ("harsh", harsh, 1), ("turned", frame, 0)):
        rows.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.toml").write_text(AUDIT.format(name=name, positive=positive))
    run_audit(folder / "fair.toml", folder / "fair", device="cpu")
    return folder


def test_a_run_like_its_baseline_passes(folder: Path, tmp_path: Path) -> None:
    code, _, told = assay(
        "run", folder / "fair.toml", "--out", tmp_path / "r", "--baseline", folder / "fair"
    )
    assert code == 0
    assert told.index("Report") < told.index("Nothing got better or worse beyond noise")


def test_a_run_that_got_worse_fails_though_the_policy_may_not(folder: Path, tmp_path: Path) -> None:
    base = ("run", folder / "harsh.toml", "--fail-on", "never")
    assert assay(*base, "--out", tmp_path / "alone")[0] == 0
    against = ("--baseline", folder / "fair")
    code, out, _ = assay(*base, "--out", tmp_path / "r", *against, "--json")
    last = json.loads(out.splitlines()[-1])
    assert code == 1 and last["event"] == "finished" and last["exit_code"] == 1
    found = last["comparison"]
    assert found["got_worse"] and found["basis"] == "paired"
    assert found["first"]["group"] == "F" and found["headline"].startswith("F (sex) got worse.")
    # No change is as large as nine tenths, so that none counts.
    code, out, _ = assay(
        *base, "--out", tmp_path / "large", *against, "--min-change", "0.9", "--json"
    )
    found = json.loads(out.splitlines()[-1])["comparison"]
    assert code == 0 and not found["got_worse"] and found["min_change"] == 0.9 and found["slight"]


def test_the_last_event_says_nothing_of_a_baseline_that_was_not_asked_for(
    folder: Path, tmp_path: Path
) -> None:
    _, out, _ = assay("run", folder / "fair.toml", "--out", tmp_path / "r", "--json")
    assert "comparison" not in json.loads(out.splitlines()[-1])


@pytest.mark.parametrize(
    ("baseline", "more", "words"),
    [
        ("nowhere", (), "is not a run's folder"),
        ("broken", (), "damaged"),
        ("fair", ("--min-change", "2"), "for 2 points write 0.02"),
        ("fair", ("--out", "fair"), "is the baseline itself"),
    ],
)
def test_a_baseline_that_cannot_be_used_stops_the_audit_before_it_starts(
    folder: Path, tmp_path: Path, baseline: str, more: tuple[str, ...], words: str
) -> None:
    (folder / "broken").mkdir(exist_ok=True)
    (folder / "broken" / "report.json").write_text("{", encoding="utf-8")
    out = ("--out", tmp_path / "r") if "--out" not in more else ("--out", folder / more[1])
    rest = more if "--out" not in more else ()
    run = ("run", folder / "fair.toml", *out, "--baseline", folder / baseline, *rest)
    code, _, told = assay(*run)
    assert code == 2 and words in told
    assert not (tmp_path / "r").exists()
    code, told, _ = assay(*run, "--json")
    events = [json.loads(line) for line in told.splitlines()]
    assert code == 2 and [event["event"] for event in events] == ["error"]


def test_a_baseline_of_another_question_is_refused(folder: Path, tmp_path: Path) -> None:
    code, _, told = assay(
        "run", folder / "turned.toml", "--out", tmp_path / "r", "--baseline", folder / "fair"
    )
    assert code == 2 and "the favourable value is 1 in the first and 0 in the second" in told
    assert not (tmp_path / "r").exists()


def test_a_least_change_needs_a_baseline(folder: Path, tmp_path: Path) -> None:
    code, _, told = assay(
        "run", folder / "fair.toml", "--out", tmp_path / "r", "--min-change", "0.02"
    )
    assert code == 2 and "--baseline" in told
