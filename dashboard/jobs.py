"""Audits in processes of their own: started, watched, cancelled. No Streamlit in here."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a job is. fraction: of its stage, None where unknown.

    run: the finished run's folder. message: why it failed, "" otherwise. exit_code: the
    command's, None while it runs.
    """

    name: str
    stage: str = "start"
    fraction: float | None = None
    run: Path | None = None
    message: str = ""
    cancelled: bool = False
    exit_code: int | None = None
    seconds: float = 0.0

    @property
    def running(self) -> bool:
        """Whether the process is still at work."""
        return self.exit_code is None


class Job:
    """One audit's process. A thread reads what it says into a locked record."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._state = JobState(name)
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"job {name}", daemon=True)
        self._reader.start()

    def snapshot(self) -> JobState:
        """Return the job's state at this moment."""
        with self._lock:
            if self._state.running:
                return replace(self._state, seconds=time.monotonic() - self._started)
            return self._state

    def cancel(self) -> None:
        """Ask the process to stop, and make it after a while. Nothing half-written is left."""
        with self._lock:
            if not self._state.running:
                return
            self._state = replace(self._state, cancelled=True)
        self._signal(signal.SIGTERM)
        threading.Thread(target=self._insist, daemon=True).start()

    def wait(self, timeout_s: float) -> JobState:
        """Return the state once the job has ended, or after `timeout_s`."""
        self._reader.join(timeout_s)
        return self.snapshot()

    def _insist(self) -> None:
        self._reader.join(_PATIENCE_S)
        if self._reader.is_alive():
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        stream: IO[str] | None = self._process.stdout
        assert stream is not None
        with stream:
            for line in stream:
                with contextlib.suppress(ValueError):
                    self._take(json.loads(line))
        code = self._process.wait()
        with self._lock:
            self._state = replace(
                self._state, exit_code=code, seconds=time.monotonic() - self._started
            )

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        with self._lock:
            if kind == "progress":
                self._state = replace(
                    self._state, stage=str(event.get("stage")), fraction=event.get("fraction")
                )
            elif kind == "finished":
                self._state = replace(self._state, run=Path(str(event.get("run"))), fraction=1.0)
            elif kind == "error":
                self._state = replace(self._state, message=str(event.get("message")))


class JobBoard:
    """Every job of this server by its number. Safe to share between sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def start_audit(self, name: str, spec: Path, out: Path) -> str:
        """Start an audit and return the job's number."""
        command = [sys.executable, "-m", "audits.cli.main", "run", str(spec),
                   "--out", str(out), "--json"]  # fmt: skip
        return self.start(name, command)

    def start(self, name: str, command: Sequence[str]) -> str:
        """Start a command that speaks the jobs' contract (docs/architecture.md)."""
        job = Job(name, command)
        with self._lock:
            number = str(len(self._jobs) + 1)
            self._jobs[number] = job
        return number

    def find(self, number: str | None) -> Job | None:
        """Return a job by its number."""
        with self._lock:
            return None if number is None else self._jobs.get(number)
