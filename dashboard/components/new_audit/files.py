"""Choosing files for an audit: a path on this machine, or an upload that goes to the disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from audits.core.errors import AssayError
from audits.core.format import plain_text
from dashboard.catalogue import say
from dashboard.components.new_audit.state import change_form, form_folder
from dashboard.components.text import escape_markdown, show_text
from dashboard.state import runs_root
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.uploads import choose_main, is_upload, save_upload

Field = Literal["data", "reference", "model"]


def choose_file(field: Field, form: AuditForm) -> AuditForm:
    """Let the reader name a file or upload it; return the form with its path."""
    path = str(getattr(form, field))
    if is_upload(path, runs_root()):
        _show_uploaded(field, Path(path))
        return form
    left, right = st.columns(2, gap="large")
    with left:
        typed = st.text_input(
            say(f"form.{field}_path"),
            value=path,
            key=f"{field}-path",
            help=say(f"form.{field}_help"),
        )
        form = change_form(**{field: _clean(typed)})
    with right:
        _take_uploads(field)
    return form


def _clean(typed: str | None) -> str:
    text = (typed or "").strip().strip('"')
    return str(Path(text).expanduser().absolute()) if text else ""


def _take_uploads(field: Field) -> None:
    """Write uploads to the disk, and let go of what the server holds of them in memory."""
    turn = st.session_state.setdefault(f"{field}-turn", 0)
    files: Sequence[UploadedFile] | UploadedFile | None = st.file_uploader(
        say(f"form.{field}_upload"), key=f"{field}-upload-{turn}",
        accept_multiple_files=field == "model",
    )  # fmt: skip
    if not files:
        return
    given = list(files) if isinstance(files, Sequence) else [files]
    try:
        saved = [save_upload(form_folder() / field, file.name, file) for file in given]
    except AssayError as error:
        st.error(escape_markdown(str(error)))
        return
    main = choose_main([*saved, *_find_beside(field, saved)])
    st.session_state[f"{field}-turn"] = turn + 1  # a new uploader: the old one's memory is freed
    change_form(**{field: str(main)})
    st.rerun()


def _find_beside(field: Field, saved: list[Path]) -> list[Path]:
    """Return what was uploaded for this field before: a model may come in two files."""
    folder = form_folder() / field
    return [file for file in sorted(folder.iterdir()) if file not in saved]


def _show_uploaded(field: Field, path: Path) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        files = [path]
        if field == "model":
            files += [file for file in sorted(path.parent.glob("*.safetensors")) if file != path]
        for file in files:
            size = file.stat().st_size / 1e6 if file.is_file() else 0.0
            text = say("form.uploaded", name=plain_text(file.name), size=f"{size:,.1f}")
            show_text(text, f"{field}-{file.name[:20]}")
        st.button(
            say("form.remove"), key=f"{field}-remove", on_click=_forget, args=(field,),
            icon=":material/close:", type="tertiary",
        )  # fmt: skip
    if field == "model" and path.suffix.lower() in (".json", ".safetensors"):
        show_text(say("form.companion"), "companion", "note")
        _take_uploads(field)


def _forget(field: Field) -> None:
    change_form(**{field: ""})
