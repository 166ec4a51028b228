"""Jobs are real processes: what they say, how they wait, how they end, how they are stopped."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from audits.store.bundle import load_bundle
from audits.store.preview import PREVIEWS
from dashboard.job_state import JobState, Phase
from dashboard.jobs import NICENESS, Job, JobBoard

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
SAY = (
    'import json,time; print(json.dumps({"event": "progress", "stage": "read", "fraction": 0.5}), '
    "flush=True); time.sleep(60)"
)


def find(board: JobBoard, number: str) -> Job:
    job = board.find(number)
    assert job is not None
    return job


def wait_until(job: Job, holds: Callable[[JobState], bool], timeout_s: float = 60) -> JobState:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        state = job.snapshot()
        if holds(state) or not state.running:
            return state
        time.sleep(0.02)
    raise AssertionError(job.snapshot())


def test_audit_tells_its_checks_and_its_first_result_before_its_end(
    inputs: Path, tmp_path: Path
) -> None:
    board = JobBoard()
    number = board.start_audit("decisions", inputs / "decisions.toml", tmp_path / "out")
    assert number == "out"
    job = find(board, number)
    early = wait_until(job, lambda state: state.preview is not None)
    assert early.preview == tmp_path / PREVIEWS / "out"
    assert early.run is None
    assert dict(early.done)["fairness.disparities"].status == "measured"
    assert "explain.attributions" not in dict(early.done)
    state = job.wait(60)
    assert not state.running
    assert state.run == tmp_path / "out"
    assert state.exit_code in (0, 1)
    checks = load_bundle(tmp_path / "out").report.checks
    assert {code: one.status for code, one in state.done} == {c.code: c.status for c in checks}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_audit_of_bad_settings_says_what_is_wrong(tmp_path: Path) -> None:
    spec = tmp_path / "audit.toml"
    spec.write_text('[audit]\nname = "x"\n[data]\npath = "absent.csv"\n', encoding="utf-8")
    board = JobBoard()
    state = find(board, board.start_audit("x", spec, tmp_path / "out")).wait(60)
    assert state.exit_code == 2
    assert state.message
    assert [path.name for path in tmp_path.iterdir()] == ["audit.toml"]


@pytest.mark.parametrize("how", ["cancel", "kill"])
def test_an_audit_that_is_ended_leaves_nothing(inputs: Path, tmp_path: Path, how: str) -> None:
    board = JobBoard()
    job = find(board, board.start_audit("model", inputs / "model.toml", tmp_path / "out"))
    assert wait_until(job, lambda state: state.preview is not None).preview is not None
    if how == "cancel":
        job.cancel()
    else:
        job.kill()
    state = job.wait(30)
    assert not state.running
    assert state.cancelled is (how == "cancel")
    assert (state.exit_code == -signal.SIGKILL) is (how == "kill")
    assert (state.run, state.preview) == (None, None)
    assert list(tmp_path.iterdir()) == []


def test_jobs_wait_for_their_turn() -> None:
    board = JobBoard(at_once=1)
    first = find(board, board.start("first", SLEEP, "a"))
    board.start("second", SLEEP, "b")
    third = find(board, board.start("third", [sys.executable, "-c", ""], "c"))
    states = [board.snapshot(number) for number in "abc"]
    assert [state and (state.phase, state.ahead) for state in states] == [
        (Phase.RUNNING, 0), (Phase.QUEUED, 1), (Phase.QUEUED, 2),
    ]  # fmt: skip
    assert [number for number, _ in board.list_open()] == ["a", "b", "c"]
    find(board, "b").cancel()  # it never ran, and makes room
    state = board.snapshot("b")
    assert state is not None
    assert (state.phase, state.cancelled, state.exit_code) == (Phase.ENDED, True, None)
    waiting = board.snapshot("c")
    assert waiting is not None
    assert waiting.ahead == 1
    first.cancel()
    assert third.wait(20).exit_code == 0
    assert board.list_open() == []


def test_jobs_give_way_to_the_pages() -> None:
    board = JobBoard()
    told = [sys.executable, "-c",
            'import json,os,time; time.sleep(0.2); print(json.dumps({"event": "error", "message": str(os.nice(0))}))']  # fmt: skip
    state = find(board, board.start("nice", told)).wait(20)
    assert int(state.message) == min(os.nice(0) + NICENESS, 19)


def test_cancel_ends_the_process() -> None:
    board = JobBoard()
    job = find(board, board.start("slow", [sys.executable, "-c", SAY]))
    state = wait_until(job, lambda state: state.stage == "read", 20)
    assert (state.fraction, state.running) == (0.5, True)
    job.cancel()
    state = job.wait(20)
    assert not state.running
    assert state.cancelled
    assert state.run is None


def test_process_that_dies_without_a_word() -> None:
    board = JobBoard()
    command = [sys.executable, "-c", "print('noise'); print('[1]'); raise SystemExit(9)"]
    state = find(board, board.start("dies", command)).wait(20)
    assert (state.exit_code, state.message, state.run) == (9, "", None)


def test_all_jobs_end_with_the_server() -> None:
    board = JobBoard(at_once=2)
    jobs = [find(board, board.start(name, SLEEP, name)) for name in "abc"]
    pids = [job.process_id for job in jobs]
    assert pids[2] is None
    board.close()
    assert [job.snapshot().running for job in jobs] == [False] * 3
    for pid in pids[:2]:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    late = find(board, board.start("late", SLEEP, "d"))  # nothing starts after the end
    assert late.process_id is None


def test_unknown_job_is_none() -> None:
    assert JobBoard().find("7") is None
    assert JobBoard().find(None) is None
    assert JobBoard().snapshot("7") is None
