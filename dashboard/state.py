"""What a page is about: the chosen run stands in the address, the rest is cached by content."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import streamlit as st

from audits.core.errors import AssayError
from audits.explain.importance import CohortImportance
from audits.models import ModelClient
from audits.store.bundle import MANIFEST, REPORT, load_bundle
from audits.store.preview import find_preview, is_preview
from dashboard.jobs import JobBoard, shared_board
from dashboard.viewmodels.cohorts import explain_slice
from dashboard.viewmodels.rows import Absent, RowSource, open_rows, open_run_model
from dashboard.viewmodels.run import RunData

RUNS_VARIABLE = "ASSAY_RUNS"
RUN = "run"


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
    return run


def _release(value: RowSource | ModelClient | Absent) -> None:
    if not isinstance(value, Absent):
        value.close()


def _usable(value: ModelClient | Absent) -> bool:
    return isinstance(value, Absent) or value.alive


def find_rows(run: RunData) -> RowSource | Absent:
    """Return the run's audited data, opened for single rows."""
    return _find_rows(str(run.bundle.path), run.bundle.key, run)


@st.cache_resource(max_entries=4, ttl=1800, show_spinner=False, on_release=_release)
def _find_rows(path: str, key: str, _run: RunData) -> RowSource | Absent:
    return open_rows(_run)


def find_model(run: RunData) -> ModelClient | Absent:
    """Return the run's model in its worker; started when first asked, ended when not used."""
    return _find_model(str(run.bundle.path), run.bundle.key, run)


@st.cache_resource(
    max_entries=2, ttl=1800, show_spinner=False, on_release=_release, validate=_usable
)
def _find_model(path: str, key: str, _run: RunData) -> ModelClient | Absent:
    return open_run_model(_run)


def find_drivers(run: RunData, name: str) -> CohortImportance | Absent:
    """Return what drives a slice of the run, or why that is not known; worked out once."""
    found = find_rows(run)
    return found if isinstance(found, Absent) else _find_drivers(run.bundle.key, name, run, found)


@st.cache_resource(max_entries=64, show_spinner=False)
def _find_drivers(
    key: str, name: str, _run: RunData, _source: RowSource
) -> CohortImportance | Absent:
    return explain_slice(_run, _source, name)


def job_board() -> JobBoard:
    """Return the audits that this server has started."""
    return shared_board()
