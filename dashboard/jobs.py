"""Audits in processes of their own: queued, started, watched, cancelled. No Streamlit in here."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from audits.core.package.child import make_command, make_environment
from audits.store import remove_abandoned
from dashboard.job_state import JobState, Phase, read_event

AT_ONCE = 1
"""So many audits run at once; more would starve each other and the pages. The rest wait."""

NICENESS = 10
"""Audits give way to the pages: 0 is like them, 19 is last."""

_PATIENCE_S = 15.0
"""An audit that is told to stop first ends what it is importing or computing natively."""
_KEPT = 200
"""So many ended jobs are remembered."""


class Job:
    """One audit's process. A thread reads what it says into a locked record.

    ended: called, in that thread, once the process is gone. root: the folder with the runs, where
    a killed process may have left something.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        ended: Callable[[], None] = lambda: None,
        root: Path | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._state = JobState(name)
        self._command, self._ended, self._root = list(command), ended, root
        self._started = 0.0
        self._process: subprocess.Popen[str] | None = None
        self._done = threading.Event()

    def start(self) -> None:
        """Start the process, unless the job was cancelled while it waited."""
        with self._lock:
            if self._state.phase is not Phase.QUEUED:
                return
            self._started = time.monotonic()
            self._state = self._state.with_phase(Phase.RUNNING)
            self._process = subprocess.Popen(
                self._command,
                env=make_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
            _give_way(self._process.pid)
        threading.Thread(target=self._read, name="assay job", daemon=True).start()

    @property
    def process_id(self) -> int | None:
        """The process's number, None where it never started."""
        return None if self._process is None else self._process.pid

    def snapshot(self) -> JobState:
        """Return the job's state at this moment; `ahead` is the board's to say."""
        with self._lock:
            if self._state.phase is Phase.RUNNING:
                return self._state.at(time.monotonic() - self._started)
            return self._state

    def cancel(self) -> None:
        """Ask the process to stop, and make it after a while. Nothing half-written is left."""
        with self._lock:
            phase = self._state.phase
            if phase is Phase.ENDED:
                return
            self._state = self._state.with_cancelled()
        if phase is Phase.QUEUED:
            self._end(None)
            return
        self._signal(signal.SIGTERM)
        threading.Thread(target=self._insist, daemon=True).start()

    def kill(self) -> None:
        """End the process at once."""
        self._signal(signal.SIGKILL)

    def wait(self, timeout_s: float) -> JobState:
        """Return the state once the job has ended, or after `timeout_s`."""
        self._done.wait(timeout_s)
        return self.snapshot()

    def _insist(self) -> None:
        if not self._done.wait(_PATIENCE_S):
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)

    def _read(self) -> None:
        process = self._process
        assert process is not None
        stream: IO[str] | None = process.stdout
        assert stream is not None
        with stream:
            for line in stream:
                seconds = time.monotonic() - self._started
                with self._lock:
                    self._state = read_event(self._state, line, seconds)
        code = process.wait()
        if code < 0 and self._root is not None:
            remove_abandoned(self._root)  # it had no time to clean up
        self._end(code)

    def _end(self, code: int | None) -> None:
        with self._lock:
            seconds = time.monotonic() - self._started if self._started else 0.0
            self._state = self._state.with_end(code, seconds)
        self._done.set()
        self._ended()


def _give_way(process: int) -> None:
    """Lower a new process's priority; its own children inherit it."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, process, NICENESS)


class JobBoard:
    """Every job of this server by its name. Safe to share between sessions.

    A job is called like the folder of its run, so that its address leads to the run even when the
    board knows nothing of it any more.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._at_once = at_once
        self._closed = False

    def start_audit(self, name: str, spec: Path, out: Path) -> str:
        """Queue an audit and return the job's name."""
        command = make_command(
            "audits.cli.main", "run", str(spec), "--out", str(out), "--json"
        )  # fmt: skip
        return self.start(name, command, out.name, out.parent)

    def start(
        self, name: str, command: Sequence[str], number: str = "", root: Path | None = None
    ) -> str:
        """Queue a command that speaks the jobs' contract (docs/rooms.md)."""
        with self._lock:
            number = number or str(len(self._jobs) + 1)
            self._jobs[number] = Job(name, command, self._pump, root)
        self._pump()
        return number

    def find(self, number: str | None) -> Job | None:
        """Return a job by its name."""
        with self._lock:
            return None if number is None else self._jobs.get(number)

    def snapshot(self, number: str) -> JobState | None:
        """Return a job's state with how many are ahead of it; None for one that is not known."""
        with self._lock:
            job = self._jobs.get(number)
            if job is None:
                return None
            state = job.snapshot()
            if state.phase is not Phase.QUEUED:
                return state
            before = list(self._jobs)[: list(self._jobs).index(number)]
            waiting = [self._jobs[name].snapshot().phase for name in before]
            return state.with_ahead(sum(phase is not Phase.ENDED for phase in waiting))

    def list_open(self) -> list[tuple[str, JobState]]:
        """Return the jobs that have not ended, in their order."""
        with self._lock:
            found = [(number, self.snapshot(number)) for number in self._jobs]
        return [(n, state) for n, state in found if state and state.phase is not Phase.ENDED]

    def close(self) -> None:
        """End every job: the server stops. Running ones get a few seconds to clean up."""
        with self._lock:
            self._closed = True
            jobs = list(self._jobs.values())
        for job in jobs:
            job.cancel()
        deadline = time.monotonic() + _PATIENCE_S
        for job in jobs:
            if job.wait(max(0.0, deadline - time.monotonic())).running:
                job.kill()
                job.wait(_PATIENCE_S)

    def _pump(self) -> None:
        """Start what may start; forget what ended long ago."""
        with self._lock:
            if self._closed:
                return
            phases = {number: job.snapshot().phase for number, job in self._jobs.items()}
            free = self._at_once - sum(phase is Phase.RUNNING for phase in phases.values())
            queued = [n for n, phase in phases.items() if phase is Phase.QUEUED]
            for number in queued[: max(free, 0)]:
                self._jobs[number].start()
            ended = [n for n, phase in phases.items() if phase is Phase.ENDED]
            for number in ended[:-_KEPT]:
                del self._jobs[number]


@cache
def shared_board() -> JobBoard:
    """Return this server's board; its audits end when the server does."""
    board = JobBoard()
    atexit.register(board.close)
    return board
