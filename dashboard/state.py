"""What a page is about: the chosen run stands in the address, the rest is cached by content."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import streamlit as st

from audits.core.errors import AssayError, CheckNotApplicableError
from audits.core.format import plain_text
from audits.explain import CohortImportance
from audits.models import ModelClient
from audits.pipeline import Dependence
from audits.store import MANIFEST, REPORT, find_preview, is_preview, load_bundle
from dashboard.background import BackgroundTask
from dashboard.catalogue import say
from dashboard.jobs import JobBoard, shared_board
from dashboard.paths import RUNS_VARIABLE
from dashboard.viewmodels.cohorts.cohorts import explain_slice
from dashboard.viewmodels.cohorts.rows import Absent, Opening, RowSource, open_rows, open_run_model
from dashboard.viewmodels.compare.compare import ComparePage, make_page
from dashboard.viewmodels.run import RunData
from dashboard.warmup import freeze_memory

RUN = "run"
PATIENCE_S = 2.0
"""So long a page waits for data or a model to open; then it goes on without."""


def runs_root() -> Path:
    """Return the folder with the runs."""
    return Path(os.environ.get(RUNS_VARIABLE, "runs"))


def find_run(name: str) -> Path | None:
    """Return a run's folder by its name; while its audit goes on, that of its first result. None
    for anything that is not directly in the root."""
    folder = runs_root() / name
    if not name or name != Path(name).name or name.startswith("."):
        return None
    return folder if (folder / REPORT).is_file() else find_preview(runs_root(), name)


def find_newest_run() -> str | None:
    """Return the name of the run written last."""
    root = runs_root()
    reports = [p for p in root.glob(f"*/{REPORT}") if not p.parent.name.startswith(".")]
    newest = max(reports, key=lambda path: path.stat().st_mtime, default=None)
    return None if newest is None else newest.parent.name


def chosen_run() -> str | None:
    """Return the chosen run's name: the address's, this session's, or the newest; the address
    then says it, so that it can be sent to somebody."""
    name = st.query_params.get(RUN) or st.session_state.get(RUN) or find_newest_run()
    if name is not None:
        st.session_state[RUN] = name
        if st.query_params.get(RUN) != name:
            st.query_params[RUN] = name
    return None if name is None else str(name)


def choose_run(name: str) -> None:
    """Remember a run as the chosen one (for `on_click`)."""
    st.session_state[RUN] = name
    st.query_params[RUN] = name


def open_run(folder: Path) -> RunData | Absent:
    """Open a run, or say why not. Opened once for everybody, as long as its content is the same."""
    manifest = folder / MANIFEST
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else ""
    try:
        return _open_run(str(folder), digest)
    except AssayError as error:
        return Absent(str(error))


@st.cache_resource(max_entries=8, show_spinner=False)
def _open_run(folder: str, digest: str) -> RunData:
    run = RunData(load_bundle(Path(folder)))
    if is_preview(run.bundle.path):
        _ = run.cube  # read now: the folder is gone once the audit is done
    freeze_memory()  # a report is tens of thousands of objects that live on
    return run


def _close(value: RowSource | ModelClient | Absent) -> None:
    if not isinstance(value, Absent):
        value.close()


def _release_rows(rows: BackgroundTask[RowSource | Absent]) -> None:
    rows.release(_close)


def _release_model(model: BackgroundTask[ModelClient | Absent]) -> None:
    model.release(_close)


def _not_failed(rows: BackgroundTask[RowSource | Absent]) -> bool:
    return not rows.failed


def _usable(model: BackgroundTask[ModelClient | Absent]) -> bool:
    if model.failed:
        return False
    opened = model.get(0.0)
    return opened is None or isinstance(opened, Absent) or opened.alive


def find_rows(run: RunData) -> RowSource | Absent:
    """Return the run's audited data, opened for single rows; `Opening` while that takes long."""
    found = _find_rows(str(run.bundle.path), run.bundle.key, run).get(PATIENCE_S)
    return Opening(say("opening.data")) if found is None else found


@st.cache_resource(
    max_entries=4, ttl=1800, show_spinner=False, on_release=_release_rows, validate=_not_failed
)
def _find_rows(path: str, key: str, _run: RunData) -> BackgroundTask[RowSource | Absent]:
    return BackgroundTask(lambda: open_rows(_run))


def find_model(run: RunData) -> ModelClient | Absent:
    """Return the run's model in its worker, `Opening` while that starts; ended when not used."""
    found = _find_model(str(run.bundle.path), run.bundle.key, run).get(PATIENCE_S)
    return Opening(say("opening.model")) if found is None else found


@st.cache_resource(
    max_entries=2, ttl=1800, show_spinner=False, on_release=_release_model, validate=_usable
)
def _find_model(path: str, key: str, _run: RunData) -> BackgroundTask[ModelClient | Absent]:
    return BackgroundTask(lambda: open_run_model(_run))


def find_drivers(run: RunData, name: str) -> CohortImportance | Absent:
    """Return what drives a slice of the run, or why that is not known; worked out once."""
    found = find_rows(run)
    return found if isinstance(found, Absent) else _find_drivers(run.bundle.key, name, run, found)


@st.cache_resource(max_entries=64, show_spinner=False)
def _find_drivers(
    key: str, name: str, _run: RunData, _source: RowSource
) -> CohortImportance | Absent:
    return explain_slice(_run, _source, name)


def find_dependence(run: RunData, feature: str) -> Dependence | Absent:
    """Return a column's attributions by its values, or why they are not known; read once."""
    found = find_rows(run)
    if isinstance(found, Absent):
        return found
    return _find_dependence(run.bundle.key, feature, run, found)


@st.cache_resource(max_entries=64, show_spinner=False)
def _find_dependence(
    key: str, feature: str, _run: RunData, _source: RowSource
) -> Dependence | Absent:
    try:
        return _source.follow(_run, feature)
    except (AssayError, CheckNotApplicableError) as error:
        return Absent(plain_text(str(error)))


def find_comparison(
    before: RunData, after: RunData, min_change: float = 0.0
) -> ComparePage | Absent:
    """Return two runs side by side, or why they cannot be; worked out once for everybody."""
    return _find_comparison(before.bundle.key, after.bundle.key, min_change, before, after)


@st.cache_resource(max_entries=16, show_spinner=say("compare.working"))
def _find_comparison(
    key_before: str, key_after: str, min_change: float, _before: RunData, _after: RunData
) -> ComparePage | Absent:
    try:
        return make_page(_before, _after, min_change)
    except AssayError as error:
        return Absent(str(error))


def job_board() -> JobBoard:
    """Return the audits that this server has started."""
    return shared_board()
