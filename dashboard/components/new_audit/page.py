"""The form that sets an audit up, from the files to the start."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from audits.core.errors import AssayError, InputError
from audits.core.settings.read import load_spec
from audits.core.settings.spec import Task
from audits.data import DataPreview
from audits.policy import DEFAULT_PRESETS, list_presets
from dashboard.catalogue import say
from dashboard.components.new_audit.columns import choose_missing, choose_outcome, edit_columns
from dashboard.components.new_audit.files import choose_file
from dashboard.components.new_audit.model import show_model
from dashboard.components.new_audit.moves import edit_moves
from dashboard.components.new_audit.progress import start_job
from dashboard.components.new_audit.reading import (
    choose_file_form,
    open_field,
    show_field,
    show_folded,
)
from dashboard.components.new_audit.state import change_form, current_form, wait_for
from dashboard.components.text import escape_markdown, show_text
from dashboard.file_probes import shared_file_probes
from dashboard.state import job_board, runs_root
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.new_audit import new_audit
from dashboard.viewmodels.new_audit.audit_columns import (
    ColumnRow,
    guess_all,
    make_draft,
    name_audit,
)
from dashboard.viewmodels.new_audit.audit_form import AuditForm, read_file_form
from dashboard.viewmodels.new_audit.audit_problems import (
    Problems,
    check_settings,
    find_gaps,
    find_wrongs,
)
from dashboard.viewmodels.new_audit.audit_reading import Subject
from dashboard.viewmodels.new_audit.audit_words import find_lacking, render_found, render_summary
from dashboard.viewmodels.new_audit.model_fit import ModelFit


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
    if "file" in current_form().opened:
        choose_file_form(form)
    if raw is None:
        return
    _show_found(raw)
    if form.with_model:
        with st.expander(say("form.reference"), expanded=bool(form.reference)):
            form = choose_file("reference", form)
            _check_reference(form, raw)
    fit = show_model(form, raw) if form.with_model else None
    st.header(say("form.step_columns" if form.with_model else "form.step_columns_2"), anchor=False)
    show_text(say("form.columns_intro"), "columns-intro", "note")
    form = choose_missing(form, raw)
    preview = _look(form, form.missing or ())
    if preview is not None:
        _show_rest(form, preview, fit)


def _choose_subject(form: AuditForm) -> AuditForm:
    subjects = ["with_model", "with_decisions"]
    chosen = st.segmented_control(
        say("new.subject"), subjects, default=subjects[not form.with_model], required=True,
        key="subject", format_func=lambda name: escape_markdown(say(f"new.{name}")),
    )  # fmt: skip
    return change_form(with_model=chosen == "with_model")


def _look(form: AuditForm, missing: tuple[str, ...]) -> DataPreview | None:
    """Return what the data file holds; where there is no answer, the page says why."""
    if not form.data:
        show_text(say("form.need_data"), "need-data", "note")
        return None
    found = _look_at(form, form.data, missing, "data")
    return found if isinstance(found, DataPreview) else None


def _look_at(
    form: AuditForm, path: str, missing: tuple[str, ...], key: str
) -> DataPreview | Absent | None:
    """Return what a file holds, or None until that is known; say why it cannot be read, and open
    the field that mends it."""
    found: DataPreview | Absent | None
    try:
        written = read_file_form(form)
        found = wait_for(
            shared_file_probes().preview_data(Path(path), missing, written),
            say("form.looking"),
            key,
        )
    except InputError as error:
        found = Absent(str(error), "data.encoding")
    if isinstance(found, Absent):
        open_field(found.setting)
        st.error(escape_markdown(say("form.data_wrong", reason=found.reason)))
    return found


def _show_found(preview: DataPreview, key: str = "found") -> None:
    show_text(render_found(preview), key, "note")


def _check_reference(form: AuditForm, preview: DataPreview) -> None:
    if not form.reference:
        return
    found = _look_at(form, form.reference, (), "reference")
    if isinstance(found, DataPreview):
        _show_found(found, "found-reference")
        if lacking := find_lacking(preview, found):
            show_text(lacking, "lacking", "note")


def _show_rest(form: AuditForm, preview: DataPreview, fit: ModelFit | None) -> None:
    info = fit.info if fit else None
    guess = guess_all(preview, info, with_model=form.with_model)
    rows = edit_columns(form, preview, guess)

    def show_problem(field: str) -> None:
        """Show what is wrong with a field as it now is."""
        gaps, wrongs = _find_problems(preview, rows, fit)
        text = wrongs.get(field) or (gaps.get(field) if current_form().asked else None)
        if text:
            st.error(escape_markdown(text))

    show_problem("columns")
    if not make_draft(current_form(), preview, rows, info).protected:
        show_text(say("form.nobody"), "nobody", "note")
    choose_outcome(preview, rows, info, show_problem)
    draft = make_draft(current_form(), preview, rows, info)
    about = Subject(preview, draft, preview.by_name.get(draft.label), fit)
    wrongs = find_wrongs(draft, preview, rows, fit, current_form())
    for field in ("output", "classes"):
        if field in wrongs:
            open_field(f"model.{field}")
        show_problem(field)
    show_problem("model")
    is_refused = _show_meaning(preview, rows, fit)
    for field in ("output", "classes", "decision", "direction", "cut"):
        show_field(field, about)
    show_folded(about)
    if fit is not None and draft.task == "binary":
        edit_moves(preview, fit, draft.protected, show_problem)
    st.header(say("form.step_start" if form.with_model else "form.step_start_3"), anchor=False)
    _choose_name(current_form(), make_draft(current_form(), preview, rows, info).task)
    show_problem("name")
    _finish(preview, rows, fit, is_refused=is_refused)


def _show_meaning(preview: DataPreview, rows: list[ColumnRow], fit: ModelFit | None) -> bool:
    """Show what the model's outputs, or the decisions, are read as and from what; or what has to be
    declared: then the audit would refuse them, and the answer is True. A model behind an endpoint
    is not asked before the audit."""
    draft = make_draft(current_form(), preview, rows, fit.info if fit else None)
    if draft.task != "binary" or any(_find_problems(preview, rows, fit)):
        return False
    if fit is None and not current_form().with_model:
        trial, waiting = shared_file_probes().try_decisions(draft), say("form.trying_decisions")
    elif fit is not None and fit.info.format != "endpoint":
        trial, waiting = shared_file_probes().try_outputs(draft), say("form.trying_rows")
    else:
        return False
    found = wait_for(trial, waiting, "meaning")
    if isinstance(found, Absent):
        open_field(found.setting)
        key = "form.data_wrong" if fit is None else "form.model_wrong"
        st.error(escape_markdown(say(key, reason=found.reason)))
        return True
    for place, text in enumerate(found or ()):
        show_text(text, f"meaning-{place}", "note")
    return False


def _find_problems(
    preview: DataPreview, rows: list[ColumnRow], fit: ModelFit | None
) -> tuple[Problems, Problems]:
    """Return what is not chosen yet and what is wrong, as the form now is."""
    form = current_form()
    draft = make_draft(form, preview, rows, fit.info if fit else None)
    wrongs = find_wrongs(draft, preview, rows, fit, form)
    return find_gaps(draft, with_model=form.with_model), wrongs


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


def _finish(
    preview: DataPreview, rows: list[ColumnRow], fit: ModelFit | None, *, is_refused: bool
) -> None:
    """Sum up what will be audited, say what is still open, and start."""
    gaps, wrongs = _find_problems(preview, rows, fit)
    form = current_form()
    draft = make_draft(form, preview, rows, fit.info if fit else None)
    is_open = is_refused or bool(gaps or wrongs) or (form.with_model and fit is None)
    if not is_open:
        show_text(render_summary(draft, preview), "summary", "finding")
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
