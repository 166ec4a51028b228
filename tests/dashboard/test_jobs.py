"""Jobs are real processes: what they say, how they end, how they are stopped."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from dashboard.jobs import JobBoard


def test_audit_runs_to_its_end_and_tells_its_stages(inputs: Path, tmp_path: Path) -> None:
    board = JobBoard()
    number = board.start_audit("decisions", inputs / "decisions.toml", tmp_path / "out")
    job = board.find(number)
    assert job is not None
    state = job.wait(60)
    assert not state.running
    assert state.run == tmp_path / "out"
    assert state.exit_code in (0, 1)
    assert (tmp_path / "out" / "report.json").is_file()


def test_audit_of_bad_settings_says_what_is_wrong(tmp_path: Path) -> None:
    spec = tmp_path / "audit.toml"
    spec.write_text('[audit]\nname = "x"\n[data]\npath = "absent.csv"\n', encoding="utf-8")
    board = JobBoard()
    job = board.find(board.start_audit("x", spec, tmp_path / "out"))
    assert job is not None
    state = job.wait(60)
    assert state.exit_code == 2
    assert state.message
    assert not (tmp_path / "out").exists()


def test_cancel_ends_the_process_and_leaves_nothing() -> None:
    said = 'import json,time; print(json.dumps({"event": "progress", "stage": "read", "fraction": 0.5}), flush=True); time.sleep(60)'
    board = JobBoard()
    job = board.find(board.start("slow", [sys.executable, "-c", said]))
    assert job is not None
    deadline = time.monotonic() + 20
    while job.snapshot().stage != "read" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert job.snapshot().fraction == 0.5
    assert job.snapshot().running
    job.cancel()
    state = job.wait(20)
    assert not state.running
    assert state.cancelled
    assert state.run is None


def test_process_that_dies_without_a_word() -> None:
    board = JobBoard()
    job = board.find(
        board.start("dies", [sys.executable, "-c", "print('noise'); raise SystemExit(9)"])
    )
    assert job is not None
    state = job.wait(20)
    assert (state.exit_code, state.message, state.run) == (9, "", None)


def test_unknown_job_is_none() -> None:
    assert JobBoard().find("7") is None
    assert JobBoard().find(None) is None
