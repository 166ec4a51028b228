"""The forms that set an audit up."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import get_args

import streamlit as st

from audits.core.errors import AssayError
from audits.core.format import format_count
from audits.core.spec import Task
from audits.core.spec_file import load_spec
from audits.core.spec_recourse import Scalar
from audits.policy.policy import list_presets
from dashboard.catalogue import say
from dashboard.components.progress import start_job
from dashboard.components.text import escape_markdown, show_text
from dashboard.state import job_board, runs_root
from dashboard.viewmodels import new_audit
from dashboard.viewmodels.new_audit import DataPreview, Draft

NO = ""


def show_from_file() -> None:
    """Start an audit from an `audit.toml` that is there already."""
    path = st.text_input(say("new.spec_path"), key="spec-path", help=say("new.spec_help"))
    if st.button(say("new.start"), key="start-file", type="primary"):
        if not path.strip():
            st.error(escape_markdown(say("new.need_spec")))
            return
        try:
            spec = load_spec(Path(path.strip()).expanduser())
        except AssayError as error:
            st.error(escape_markdown(str(error)))
            return
        _start(spec.audit.name, Path(path.strip()).expanduser())


def _start(name: str, spec: Path) -> None:
    folder = new_audit.name_folder(name, datetime.now())
    start_job(job_board().start_audit(name, spec.absolute(), runs_root() / folder))
    st.rerun()


def _choose_file(path_label: str, upload_label: str, key: str, help_text: str) -> Path | None:
    """Let the reader give a path or upload a file; return where it lies."""
    left, right = st.columns(2, gap="large")
    with left:
        path = st.text_input(path_label, key=f"{key}-path", help=help_text)
    with right:
        upload = st.file_uploader(upload_label, key=f"{key}-upload")
    if upload is not None:
        folder = f"upload-{upload.file_id[:12]}"
        try:
            return new_audit.save_upload(runs_root(), folder, upload.name, upload.getvalue())
        except AssayError as error:
            st.error(escape_markdown(str(error)))
            return None
    return Path(path.strip()).expanduser().absolute() if path.strip() else None


def show_from_parts() -> None:
    """Start an audit from data and a model, or from data with decisions."""
    st.header(say("new.step_data"), anchor=False)
    data = _choose_file(say("new.data_path"), say("new.data_upload"), "data", say("new.data_help"))
    if data is None:
        show_text(say("new.need_data"), "need-data", "note")
        return
    preview = new_audit.inspect_data(data)
    if isinstance(preview, str):
        st.error(escape_markdown(preview))
        return
    found = say("new.found", rows=format_count(preview.rows), columns=len(preview.columns))
    show_text(found, "found", "note")
    with_model = _choose_subject()
    draft = _choose_columns(data, preview, with_model=with_model)
    draft = _choose_model(draft) if with_model else _choose_predictions(draft, preview)
    st.header(say("new.step_start"), anchor=False)
    if st.button(say("new.start"), key="start-parts", type="primary"):
        problem = new_audit.find_problem(draft, with_model=with_model)
        if problem:
            st.error(escape_markdown(problem))
            return
        folder = new_audit.name_folder(draft.name, datetime.now())
        _start(draft.name, new_audit.save_draft(runs_root(), folder, draft))


def _choose_subject() -> bool:
    subjects = ["with_model", "with_decisions"]
    chosen = st.segmented_control(
        say("new.subject"), subjects, default="with_model", required=True, key="subject",
        format_func=lambda name: escape_markdown(say(f"new.{name}")),
    )  # fmt: skip
    return chosen == "with_model"


def _choose_columns(data: Path, preview: DataPreview, *, with_model: bool) -> Draft:
    st.header(say("new.step_columns"), anchor=False)
    left, right = st.columns(2, gap="large")
    tasks: tuple[Task, ...] = get_args(Task) if with_model else ("binary",)
    with left:
        name = st.text_input(say("new.name"), value=data.stem, key="audit-name")
        task = st.selectbox(say("new.task"), tasks, format_func=lambda kind: say(f"task.{kind}"),
                            key="task")  # fmt: skip
    with right:
        target = _choose_column(say("new.target"), preview.names, "target")
        positive: Scalar | None = None
        if task == "binary" and (target or not with_model):
            values = preview.values.get(target, ()) if target else ()
            positive = st.selectbox(
                say("new.positive"), values, index=None, key=f"positive-{target}"
            )
    protected = st.multiselect(say("new.protected"), preview.names, key="protected",
                               default=preview.suggest_protected())  # fmt: skip
    edges = tuple(
        (column, _choose_edges(column, preview.edges[column]))
        for column in protected
        if column in preview.edges
    )
    preset = st.selectbox(say("new.policy"), list_presets(), key="policy",
                          index=list_presets().index("four-fifths"))  # fmt: skip
    return Draft(
        name=name, task=task, data=str(data), target=target, positive=positive,
        protected=tuple(protected), preset=preset, edges=edges,
    )  # fmt: skip


def _choose_edges(column: str, suggested: tuple[float, ...]) -> tuple[float, ...]:
    text = st.text_input(
        escape_markdown(say("new.edges", column=column)),
        value=", ".join(f"{edge:g}" for edge in suggested),
        key=f"edges-{column}",
        help=say("new.edges_help"),
    )
    edges = new_audit.read_edges(text)
    if edges is None:
        st.error(escape_markdown(say("new.edges_wrong", text=text)))
        return suggested
    return edges


def _choose_column(label: str, names: list[str], key: str) -> str:
    chosen = st.selectbox(
        label, [NO, *names], format_func=lambda name: name or say("new.none"), key=key
    )
    return str(chosen or "")


def _choose_model(draft: Draft) -> Draft:
    st.header(say("new.step_model"), anchor=False)
    model = _choose_file(
        say("new.model_path"), say("new.model_upload"), "model", say("new.model_help")
    )
    show_text(say("new.model_companion"), "companion", "note")
    threshold = draft.threshold
    if draft.task == "binary":
        threshold = st.number_input(
            say("new.threshold"), 0.0, 1.0, draft.threshold, 0.01, key="new-threshold"
        )
    return new_audit.with_model(draft, "" if model is None else str(model), threshold)


def _choose_predictions(draft: Draft, preview: DataPreview) -> Draft:
    st.header(say("new.step_decisions"), anchor=False)
    left, right = st.columns(2, gap="large")
    with left:
        label = _choose_column(say("new.label"), preview.names, "label")
    with right:
        score = _choose_column(say("new.score"), preview.names, "score")
    return new_audit.with_predictions(draft, label, score)
