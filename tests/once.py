"""What is costly to make and only read is made once for all of a run's processes."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that `make` filled, whichever of pytest-xdist's workers came first. The
    others wait for it; where making fails, the next one tries again. Tests only read it."""
    base = factory.getbasetemp()
    if base.name.startswith("popen-"):  # a worker's own; the run's is the one above
        base = base.parent
    folder, done = base / f"once-{name}", base / f"once-{name}.done"
    with (base / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            done.touch()
    return folder
