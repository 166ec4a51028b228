"""The server listens before it imports, and the first page finds its run open."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import state
from dashboard.viewmodels.run import RunData
from dashboard.warmup import freeze_memory, warm_up

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("scipy.stats", "sklearn", "shap", "numba", "torch", "lightgbm", "xgboost", "catboost")
LISTENS = """
import sys, dashboard.launch
assert not {"audits.pipeline.run", "duckdb", "dashboard.state"} & set(sys.modules), "imported too early"
"""
READS = f"""
import importlib, pkgutil, sys
from dashboard.warmup import FIRST, PACKAGES
for package in PACKAGES:
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{{package}}.{{module.name}}")
assert FIRST in sys.modules
found = set({HEAVY!r}) & set(sys.modules)
assert not found, found
"""


@pytest.mark.parametrize("code", [LISTENS, READS], ids=["listens", "reads"])
def test_nothing_heavy_is_imported_before_it_is_needed(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_newest_run_is_open_when_the_first_page_asks(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only").symlink_to(runs / "model")
    monkeypatch.setenv(state.RUNS_VARIABLE, str(tmp_path))
    state._open_run.clear()
    opened: list[RunData] = []
    monkeypatch.setattr(
        state, "RunData", lambda bundle: opened.append(RunData(bundle)) or opened[-1]
    )
    warm_up()
    folder = state.find_run("only")
    assert folder is not None
    assert state.open_run(folder) is opened[0]
    assert len(opened) == 1
    assert "cube" in vars(opened[0])  # counted already
    state._open_run.clear()


def test_damaged_newest_run_stops_nothing(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "only").symlink_to(runs / "damaged")
    monkeypatch.setenv(state.RUNS_VARIABLE, str(tmp_path))
    with caplog.at_level(logging.WARNING):
        warm_up()
    assert not caplog.records


def test_what_lives_on_is_not_searched_and_rings_still_go() -> None:
    class Ring:
        alive = 0

        def __init__(self) -> None:
            self.me = self
            Ring.alive += 1

        def __del__(self) -> None:
            Ring.alive -= 1

    try:
        ring = Ring()
        freeze_memory()
        assert gc.get_freeze_count() > 1_000
        del ring
        gc.collect()
        assert Ring.alive == 1  # it was taken out of the search
        freeze_memory()
        assert Ring.alive == 0  # the next call looks at everything
        Ring()
        gc.collect()
        assert Ring.alive == 0
    finally:
        gc.unfreeze()
