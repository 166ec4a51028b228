"""What takes long to open is opened beside the page; rows are read by place from a copy."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.background import BackgroundTask
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts import rows
from dashboard.viewmodels.run import RunData

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"


def test_page_does_not_wait_longer_than_it_says() -> None:
    gate = threading.Event()
    made = BackgroundTask(lambda: gate.wait(30))
    assert made.get(0.0) is None
    assert made.get(0.05) is None
    gate.set()
    assert made.get(30.0) is True
    assert made.get(0.0) is True


def test_what_fails_to_open_says_so_each_time() -> None:
    made = BackgroundTask(lambda: 1 // 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            made.get(30.0)
    assert made.failed


def test_what_is_let_go_is_closed_now_or_when_it_is_made() -> None:
    closed, gate, both = [], threading.Event(), threading.Event()

    def close(made: str) -> None:
        closed.append(made)
        if len(closed) == 2:
            both.set()

    early = BackgroundTask(lambda: "early")
    late = BackgroundTask(lambda: "late" if gate.wait(30) else "never")
    assert early.get(30.0) == "early"
    early.release(close)
    assert closed == ["early"]
    assert late.get(0.2) is None
    late.release(close)
    assert closed == ["early"]
    gate.set()
    assert both.wait(30)
    assert closed == ["early", "late"]


@pytest.fixture
def source(run: RunData) -> rows.RowSource:
    opened = rows.open_rows(run)
    assert isinstance(opened, rows.RowSource)
    return opened


def test_rows_are_those_of_the_table_itself(source: rows.RowSource) -> None:
    places = np.array([0, 3, 411, 899])
    expected = source._table.read_rows(places)
    found = source.read([f"r{place}" for place in places])
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected)
    sample = next(source._table.batches(50)).frame
    pd.testing.assert_frame_equal(source.sample(50), sample)
    source.close()


def test_asked_twice_is_answered_twice_and_unknown_rows_not_at_all(source: rows.RowSource) -> None:
    assert list(source.read(["r7", "r2", "r7", "nobody"])["id"]) == ["r7", "r2", "r7"]
    empty = source.read(["nobody"])
    assert len(empty) == 0
    assert list(empty.columns) == [column.name for column in source._table.columns]
    source.close()


def test_copy_leaves_no_file_behind(
    run: RunData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened = rows.open_rows(run)
    assert isinstance(opened, rows.RowSource)
    assert list(tmp_path.iterdir()) == []
    assert list(opened.read(["r5"])["id"]) == ["r5"]
    opened.close()


def test_no_room_for_the_copy_is_said(run: RunData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    absent = rows.open_rows(run)
    assert isinstance(absent, rows.Absent)
    assert "No such file" in absent.reason


def test_what_failed_is_opened_again_when_asked_again(
    run: RunData, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, tries = rows.open_rows, []

    def fail_once(asked: RunData) -> rows.RowSource | rows.Absent:
        tries.append(asked)
        if len(tries) == 1:
            raise MemoryError
        return really(asked)

    monkeypatch.setattr(state, "open_rows", fail_once)
    state._find_rows.clear()
    try:
        with pytest.raises(MemoryError):
            state.find_rows(run)
        found = state.find_rows(run)
        assert isinstance(found, rows.RowSource)
        assert state.find_rows(run) is found
        assert len(tries) == 2
    finally:
        state._find_rows.clear()


def test_page_is_shown_without_rows_that_are_still_being_opened(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, really = threading.Event(), rows.open_rows

    def open_late(run: RunData) -> rows.RowSource | rows.Absent:
        gate.wait(30)
        return really(run)

    monkeypatch.setenv(state.RUNS_VARIABLE, str(runs))
    monkeypatch.setattr(state, "open_rows", open_late)
    monkeypatch.setattr(state, "PATIENCE_S", 0.0)
    state._find_rows.clear()
    try:
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.query_params["run"] = "model"
        app.run().switch_page("views/explanations.py").run()
        waiting = say("explanations.values_missing", reason=say("opening.data"))
        assert not app.exception
        assert waiting in [item.value for item in app.text]
        gate.set()
        monkeypatch.setattr(state, "PATIENCE_S", 30.0)
        app.run()
        assert waiting not in [item.value for item in app.text]
    finally:
        gate.set()
        state._find_rows.clear()
