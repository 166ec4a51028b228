"""The model of a new audit: chosen, opened beside the data, and what its inputs are."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from audits.core.errors import AssayError
from audits.data import DataPreview
from audits.models import detect_format
from dashboard.catalogue import has_words, say
from dashboard.components.new_audit.features import edit_features
from dashboard.components.new_audit.files import choose_file
from dashboard.components.new_audit.reading import open_field
from dashboard.components.new_audit.state import current_form, wait_for
from dashboard.components.text import escape_markdown, show_text
from dashboard.file_probes import shared_file_probes
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.new_audit.audit_form import AuditForm, read_file_form
from dashboard.viewmodels.new_audit.model_fit import (
    Declared,
    ModelFit,
    describe_model,
    find_absent_problem,
)

_LAST = "model-last"


def show_model(form: AuditForm, preview: DataPreview) -> ModelFit | None:
    """Choose the model and say what it is; None while that is not known."""
    st.header(say("form.step_model"), anchor=False)
    form = choose_file("model", form)
    if not form.model:
        return None
    try:
        kind = detect_format(Path(form.model)).name
    except AssayError as error:
        st.error(escape_markdown(say("form.model_wrong", reason=str(error))))
        return None
    sure = tuple(one.text for one in preview.missing if one.sure)
    missing = sure if form.missing is None else form.missing
    key = f"format.{kind}"
    text = say("form.opening", kind=say(key) if has_words(key) else kind)
    declared = Declared(missing, read_file_form(form), form.output, tuple(form.features.items()))
    found = wait_for(
        shared_file_probes().try_model(Path(form.model), Path(form.data), declared), text, "model"
    )
    if isinstance(found, Absent):
        open_field(found.setting)
        st.error(escape_markdown(say("form.model_wrong", reason=found.reason)))
        return None
    if not isinstance(found, ModelFit):
        _keep_features(preview, form.model)
        return None
    st.session_state[_LAST] = (form.model, found)
    show_text(describe_model(found.info, preview), "model-found", "note")
    if wrong := find_absent_problem(found, preview):
        open_field("model.features")
        st.error(escape_markdown(wrong))
    if "features" in current_form().opened:
        edit_features(current_form(), preview, found)
    return found


def _keep_features(preview: DataPreview, model: str) -> None:
    """Keep the table of the model's inputs on the page while the model is opened with them."""
    of, fit = st.session_state.get(_LAST, ("", None))
    if of == model and fit is not None and "features" in current_form().opened:
        edit_features(current_form(), preview, fit)
