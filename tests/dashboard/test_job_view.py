"""A job as people watch it: from what its process says to a list of parts."""

from __future__ import annotations

import json

from audits.checks.builtin import BUILTIN
from dashboard.catalogue import say
from dashboard.job_state import JobState, Phase, read_event
from dashboard.viewmodels.new_audit.job import (
    find_share,
    list_parts,
    list_steps,
    render_failure,
    render_progress,
    render_seconds,
)

CHECKS = [check.code for check in (*(c for c in BUILTIN if c.early),
                                   *(c for c in BUILTIN if not c.early))]  # fmt: skip


def tell(state: JobState, at: float, /, **event: object) -> JobState:
    return read_event(state, json.dumps(event), at).at(at)


def run_until(code: str) -> JobState:
    """An audit that takes a second for each stage and check, in the middle of one."""
    state, now = JobState("x", Phase.RUNNING), 0.0
    for stage in ("read", "open model", "predict", "count"):
        state = tell(state, now, event="progress", stage=stage, fraction=None)
        now += 1.0
    for check in CHECKS:
        state = tell(state, now, event="progress", stage=check, fraction=None)
        if check == code:
            return tell(state, now + 0.5, event="progress", stage="explain", fraction=0.25)
        now += 1.0
        state = tell(state, now, event="check", code=check, status="measured", seconds=1.0)
    return state


def test_every_check_is_in_one_part() -> None:
    listed = [code for codes in list_parts().values() for code in codes]
    assert len(listed) == len(set(listed))
    assert set(listed) >= set(CHECKS)


def test_parts_are_done_running_or_waiting() -> None:
    steps = {step.key: step for step in list_steps(run_until("explain.attributions"))}
    assert {key: step.status for key, step in steps.items()} == {
        "setup": "done", "measures": "done", "patterns": "done", "explanations": "running",
        "recourse": "waiting", "finish": "waiting",
    }  # fmt: skip
    assert steps["setup"].seconds == 4.0
    assert steps["measures"].seconds == steps["measures"].of
    assert (steps["explanations"].done, steps["explanations"].seconds) == (0, 0.5)
    assert steps["explanations"].now == say("stage.explain.attributions")
    assert steps["recourse"].seconds == 0.0


def test_share_and_line() -> None:
    state = run_until("explain.attributions")
    done = 4 + CHECKS.index("explain.attributions")
    of = 4 + len(CHECKS) + 2
    assert find_share(state) == done / of
    line = render_progress(state)
    assert f"{done} of {of} steps" in line
    assert "25%" in line
    assert find_share(JobState("x")) == 0.0


def test_noise_changes_nothing() -> None:
    state = JobState("x", Phase.RUNNING)
    for line in ("noise", "[1, 2]", "3", '{"event": "other"}', ""):
        assert read_event(state, line, 1.0) == state


def test_failures_say_what_to_do() -> None:
    killed = JobState("x").with_end(-9, 3.0)
    assert "SIGKILL" in render_failure(killed)
    assert "memory" in render_failure(killed)
    assert "exit code 5" in render_failure(JobState("x").with_end(5, 3.0))
    told = tell(JobState("x"), 1.0, event="error", message="**no** such file")
    assert "**no** such file. Nothing was written" in render_failure(told.with_end(2, 1.0))


def test_times_are_said_as_people_say_them() -> None:
    assert (render_seconds(8.9), render_seconds(125.0)) == ("8 s", "2 min 5 s")
