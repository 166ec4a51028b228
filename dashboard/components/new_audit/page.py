"""The form that sets an audit up, from the files to the start."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from audits.core.errors import AssayError
from audits.core.format import plain_text
from audits.core.settings.read import load_spec
from audits.core.settings.spec import Task
from audits.data import DataLook
from audits.meaning import Meaning
from audits.models import detect_format
from audits.policy import DEFAULT_PRESETS, list_presets
from dashboard.catalogue import has_words, say
from dashboard.components.new_audit.columns import choose_missing, choose_outcome, edit_columns
from dashboard.components.new_audit.files import choose_file
from dashboard.components.new_audit.moves import edit_moves
from dashboard.components.new_audit.progress import start_job
from dashboard.components.new_audit.state import change_form, current_form, wait_for
from dashboard.components.text import escape_markdown, show_text
from dashboard.probes import shared_probes
from dashboard.state import job_board, runs_root
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.new_audit import new_audit
from dashboard.viewmodels.new_audit.audit_columns import (
    ColumnRow,
    guess_all,
    make_draft,
    name_audit,
)
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_problems import (
    Problems,
    check_settings,
    find_gaps,
    find_wrongs,
)
from dashboard.viewmodels.new_audit.audit_words import find_lacking, render_found, render_summary
from dashboard.viewmodels.new_audit.model_fit import ModelFit, describe_model


def show_from_file() -> None:
    """Start an audit from an `audit.toml` that is there already."""
    form = current_form()
    path = st.text_input(say("new.spec_path"), value=form.spec, key="spec-path",
                         help=say("new.spec_help"))  # fmt: skip
    change_form(spec=path)
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
    start_job(job_board().start_audit(name, spec.absolute(), runs_root().absolute() / folder))
    st.rerun()


def show_from_parts() -> None:
    """Start an audit from data and a model, or from data with decisions."""
    form = _choose_subject(current_form())
    st.header(say("form.step_data"), anchor=False)
    form = choose_file("data", form)
    raw = _look(form, ())
    if raw is None:
        return
    _show_found(raw)
    if form.with_model:
        with st.expander(say("form.reference"), expanded=bool(form.reference)):
            form = choose_file("reference", form)
            _check_reference(form, raw)
    fit = _show_model(form, raw) if form.with_model else None
    st.header(say("form.step_columns" if form.with_model else "form.step_columns_2"), anchor=False)
    show_text(say("form.columns_intro"), "columns-intro", "note")
    form = choose_missing(form, raw)
    look = _look(form, form.missing or ())
    if look is not None:
        _show_rest(form, look, fit)


def _choose_subject(form: AuditForm) -> AuditForm:
    subjects = ["with_model", "with_decisions"]
    chosen = st.segmented_control(
        say("new.subject"), subjects, default=subjects[not form.with_model], required=True,
        key="subject", format_func=lambda name: escape_markdown(say(f"new.{name}")),
    )  # fmt: skip
    return change_form(with_model=chosen == "with_model")


def _look(form: AuditForm, missing: tuple[str, ...]) -> DataLook | None:
    """Return what the data file holds; where there is no answer, the page says why."""
    if not form.data:
        show_text(say("form.need_data"), "need-data", "note")
        return None
    found = wait_for(
        shared_probes().look_at_data(Path(form.data), missing), say("form.looking"), "data"
    )
    if isinstance(found, Absent):
        st.error(escape_markdown(say("form.data_wrong", reason=found.reason)))
        return None
    return found if isinstance(found, DataLook) else None


def _show_found(look: DataLook, key: str = "found") -> None:
    show_text(render_found(look), key, "note")


def _check_reference(form: AuditForm, look: DataLook) -> None:
    if not form.reference:
        return
    found = wait_for(
        shared_probes().look_at_data(Path(form.reference), ()), say("form.looking"), "reference"
    )
    if isinstance(found, Absent):
        st.error(escape_markdown(say("form.data_wrong", reason=found.reason)))
    elif isinstance(found, DataLook):
        _show_found(found, "found-reference")
        if lacking := find_lacking(look, found):
            show_text(lacking, "lacking", "note")


def _show_model(form: AuditForm, look: DataLook) -> ModelFit | None:
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
    sure = tuple(one.text for one in look.missing if one.sure)
    missing = sure if form.missing is None else form.missing
    key = f"format.{kind}"
    text = say("form.opening", kind=say(key) if has_words(key) else kind)
    found = wait_for(
        shared_probes().try_model(Path(form.model), Path(form.data), missing), text, "model"
    )
    if isinstance(found, Absent):
        st.error(escape_markdown(say("form.model_wrong", reason=found.reason)))
        return None
    if isinstance(found, ModelFit):
        show_text(describe_model(found.info, look), "model-found", "note")
        return found
    return None


def _show_rest(form: AuditForm, look: DataLook, fit: ModelFit | None) -> None:
    info = fit.info if fit else None
    guess = guess_all(look, info, with_model=form.with_model)
    rows = edit_columns(form, look, guess)

    def show_problem(field: str) -> None:
        """Show what is wrong with a field as it now is."""
        gaps, wrongs = _find_problems(look, rows, fit)
        text = wrongs.get(field) or (gaps.get(field) if current_form().asked else None)
        if text:
            st.error(escape_markdown(text))

    show_problem("columns")
    if not make_draft(current_form(), look, rows, info).protected:
        show_text(say("form.nobody"), "nobody", "note")
    choose_outcome(look, rows, info, show_problem)
    show_problem("model")
    _show_meaning(look, rows, fit)
    draft = make_draft(current_form(), look, rows, info)
    if fit is not None and draft.task == "binary":
        edit_moves(look, fit, draft.protected, show_problem)
    st.header(say("form.step_start" if form.with_model else "form.step_start_3"), anchor=False)
    _choose_name(current_form(), make_draft(current_form(), look, rows, info).task)
    show_problem("name")
    _finish(look, rows, fit)


def _show_meaning(look: DataLook, rows: list[ColumnRow], fit: ModelFit | None) -> None:
    """Show what rows with known outcomes say of the model's outputs, or what has to be declared.

    A model behind an endpoint is not asked before the audit.
    """
    draft = make_draft(current_form(), look, rows, fit.info if fit else None)
    if fit is None or draft.task != "binary" or fit.info.format == "endpoint":
        return
    if any(_find_problems(look, rows, fit)):
        return
    found = wait_for(shared_probes().try_meaning(draft), say("form.trying_rows"), "meaning")
    if isinstance(found, Absent):
        st.error(escape_markdown(say("form.model_wrong", reason=found.reason)))
    elif isinstance(found, Meaning) and found.ranking is not None:
        text = say("form.meaning", positive=str(draft.positive), evidence=str(found.ranking))
        show_text(plain_text(text), "meaning", "note")


def _find_problems(
    look: DataLook, rows: list[ColumnRow], fit: ModelFit | None
) -> tuple[Problems, Problems]:
    """Return what is not chosen yet and what is wrong, as the form now is."""
    form = current_form()
    draft = make_draft(form, look, rows, fit.info if fit else None)
    return find_gaps(draft, with_model=form.with_model), find_wrongs(draft, look, rows, fit)


def _choose_name(form: AuditForm, task: Task) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        guessed = name_audit(form.change(name=None))
        typed = st.text_input(say("form.name"), value=name_audit(form),
                              key=f"audit-name-{guessed}")  # fmt: skip
        change_form(name=None if typed == guessed else typed)
    with right:
        presets, fitting = list_presets(), DEFAULT_PRESETS[task]
        shown = form.preset if form.preset in presets else fitting
        chosen = st.selectbox(
            say("form.policy"), presets, key=f"policy-{fitting}", help=say("form.policy_help"),
            index=presets.index(shown),
        )  # fmt: skip
        change_form(preset="" if chosen == fitting else chosen)


def _finish(look: DataLook, rows: list[ColumnRow], fit: ModelFit | None) -> None:
    """Sum up what will be audited, say what is still open, and start."""
    gaps, wrongs = _find_problems(look, rows, fit)
    form = current_form()
    draft = make_draft(form, look, rows, fit.info if fit else None)
    is_open = bool(gaps or wrongs) or (form.with_model and fit is None)
    if not is_open:
        show_text(render_summary(draft, look), "summary", "finding")
    pressed = st.button(say("new.start"), key="start-parts", type="primary", on_click=_ask)
    if is_open:
        if form.asked:
            show_text(say("form.not_yet"), "not-yet", "note")
        return
    if not pressed:
        return
    if problem := check_settings(draft):
        st.error(escape_markdown(problem))
        return
    change_form(asked=False)
    folder = new_audit.name_folder(draft.name, datetime.now())
    _start(draft.name, new_audit.save_draft(runs_root().absolute(), folder, draft))


def _ask() -> None:
    change_form(asked=True)
