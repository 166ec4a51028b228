"""How far a job is, and how what its process says changes that: pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any


class Phase(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class DoneCheck:
    """A check that has ended, as its outcome's status and seconds."""

    status: str
    seconds: float


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a job is. fraction: of its stage, None where unknown.

    steps: the stages so far, each with the seconds after the start at which it began. done: the
    checks that have ended, by code. preview: the folder of the first result. run: the finished
    run's folder. message: why it failed, "" otherwise. exit_code: the command's, below 0 for the
    signal that killed it, None while it runs or where it never started. seconds: since the start.
    ahead: how many jobs come before a queued one.
    """

    name: str
    phase: Phase = Phase.QUEUED
    stage: str = "start"
    fraction: float | None = None
    steps: tuple[tuple[str, float], ...] = ()
    done: tuple[tuple[str, DoneCheck], ...] = ()
    preview: Path | None = None
    run: Path | None = None
    message: str = ""
    cancelled: bool = False
    exit_code: int | None = None
    seconds: float = 0.0
    ahead: int = 0

    @property
    def running(self) -> bool:
        """Whether the process is at work or will be."""
        return self.phase is not Phase.ENDED

    def with_phase(self, phase: Phase) -> JobState:
        """Return the state in another phase."""
        return replace(self, phase=phase)

    def with_cancelled(self) -> JobState:
        """Return the state of a job that somebody stopped."""
        return replace(self, cancelled=True)

    def with_ahead(self, ahead: int) -> JobState:
        """Return the state with the number of jobs before it."""
        return replace(self, ahead=ahead)

    def at(self, seconds: float) -> JobState:
        """Return the state so many seconds after the start."""
        return replace(self, seconds=seconds)

    def with_end(self, code: int | None, seconds: float) -> JobState:
        """Return the state of a job whose process is gone."""
        return replace(self, phase=Phase.ENDED, exit_code=code, seconds=seconds, preview=None)


def read_event(state: JobState, line: str, seconds: float) -> JobState:
    """Return the state after a line that the process wrote; anything else changes nothing."""
    try:
        event = json.loads(line)
    except ValueError:
        return state
    return _take(state, event, seconds) if isinstance(event, dict) else state


def _take(state: JobState, event: dict[str, Any], seconds: float) -> JobState:
    kind = event.get("event")
    if kind == "progress":
        stage = str(event.get("stage"))
        steps = state.steps if stage in dict(state.steps) else (*state.steps, (stage, seconds))
        return replace(state, stage=stage, fraction=event.get("fraction"), steps=steps)
    if kind == "check":
        ended = DoneCheck(str(event.get("status")), float(event.get("seconds") or 0.0))
        return replace(state, done=(*state.done, (str(event.get("code")), ended)), fraction=None)
    if kind == "preview":
        return replace(state, preview=Path(str(event.get("run"))))
    if kind == "finished":
        return replace(state, run=Path(str(event.get("run"))), fraction=1.0)
    if kind == "error":
        return replace(state, message=str(event.get("message")))
    return state
