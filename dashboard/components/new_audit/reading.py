"""How files, models and decisions are read, where they do not show it themselves.

Most people need none of these fields. One that a refusal asks for is opened where that is told,
and stays there; all others stand in one folded section.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from audits.core.errors import AssayError
from audits.data import ColumnPreview, detect_format, find_files
from dashboard.catalogue import say
from dashboard.components.new_audit.features import edit_features
from dashboard.components.new_audit.state import change_form, current_form, name_context
from dashboard.components.text import escape_markdown, show_text
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_reading import (
    DECIMALS,
    DELIMITERS,
    DIRECTIONS,
    ENCODINGS,
    OUTPUTS,
    Subject,
    list_folded,
    name_field,
)
from dashboard.viewmodels.new_audit.audit_values import choose_decision


def open_field(setting: str) -> None:
    """Open the field that declares a setting, where its refusal is told; show the page anew."""
    name, form = name_field(setting), current_form()
    if name and name not in form.opened:
        change_form(opened=(*form.opened, name))
        st.rerun()


def show_field(name: str, about: Subject) -> None:
    """Show a field that a refusal has opened."""
    if name in current_form().opened:
        _draw(name, about)


def show_folded(about: Subject) -> None:
    """Show the section with all fields that nothing has asked for."""
    names = list_folded(current_form(), about)
    if not names:
        return
    with st.expander(say("form.reading"), key="reading"):
        show_text(say("form.reading_intro"), "reading-intro", "note")
        for name in names:
            _draw(name, about)


def choose_file_form(form: AuditForm) -> None:
    """Let the reader say how the data's files are written: text files, or workbooks."""
    kind = _find_kind(form)
    with st.container(horizontal=True, gap="small", key="file-form"):
        if kind in ("csv", "zip"):
            _choose("encoding", ENCODINGS, is_open=True)
            _choose("delimiter", DELIMITERS, is_open=True)
            _choose("decimal", DECIMALS)
        if kind in ("excel", "zip"):
            _type_sheet(form)


def _find_kind(form: AuditForm) -> str:
    try:
        return detect_format(find_files(form.data, Path(), "data")[0])
    except AssayError:
        return ""


def _draw(name: str, about: Subject) -> None:
    form = current_form()
    if name == "file":
        choose_file_form(form)
    elif name == "output":
        _choose("output", OUTPUTS)
    elif name == "rule":
        ruled = st.checkbox(say("form.own_rule"), form.own_rule, key="own-rule",
                            help=say("form.own_rule_help"))  # fmt: skip
        _enter(own_rule=ruled)
    elif name == "features" and about.fit is not None:
        edit_features(form, about.preview, about.fit)
    elif name == "classes" and about.fit is not None and about.draft.task == "multiclass":
        _choose_classes(form, about)
    elif name == "decision" and about.label is not None:
        _choose_decision(form, about.label)
    elif name == "direction":
        _choose("direction", DIRECTIONS)
    elif name == "cut":
        _choose_cut(form)


def _enter(**changes: object) -> None:
    """Enter something that the page above this place was made of: it is made anew."""
    before = current_form()
    if change_form(**changes) != before:
        st.rerun()


def _choose(field: str, options: Sequence[str], *, is_open: bool = False) -> None:
    """Let the reader choose a setting; the first option, "", is what the files show. is_open:
    other values may be typed."""
    form = current_form()
    now = str(getattr(form, field))
    offered = [*options, *([] if now in options else [now])]

    def name(option: str) -> str:
        return say(f"form.{field}_{options.index(option)}") if option in options else option

    picked = st.selectbox(
        say(f"form.{field}"), offered, index=offered.index(now), format_func=name,
        key=f"{field}-{name_context(form)}", help=say(f"form.{field}_help"),
        accept_new_options=is_open, width=270,
    )  # fmt: skip
    _enter(**{field: picked or ""})


def _type_sheet(form: AuditForm) -> None:
    typed = st.text_input(
        say("form.sheet"), form.sheet, key=f"sheet-{name_context(form)}",
        placeholder=say("form.sheet_none"), width=270,
    )  # fmt: skip
    _enter(sheet=typed.strip())


def _choose_classes(form: AuditForm, about: Subject) -> None:
    """Let the reader say how the data spells each class of a model of several."""
    assert about.fit is not None  # whoever draws the field has seen it
    texts = [str(value) for value in about.preview.by_name[about.draft.target].values]
    chosen = {}
    with st.container(horizontal=True, gap="small", key="classes"):
        for place, name in enumerate(about.fit.info.classes):
            now = form.classes.get(name, name)
            picked = st.selectbox(
                escape_markdown(say("form.class", name=name)), texts,
                index=texts.index(now) if now in texts else None,
                key=f"class-{place}-{name_context(form)}-{about.draft.target}",
                placeholder=say("form.class_none"), width=270,
            )  # fmt: skip
            if picked:
                chosen[name] = picked
    _enter(classes={name: value for name, value in chosen.items() if name != value})


def _choose_decision(form: AuditForm, one: ColumnPreview) -> None:
    name = one.column.name
    texts = [str(value) for value in one.values]
    now = str(choose_decision(form, one).positive)
    picked = st.selectbox(
        escape_markdown(say("form.decision", column=name)), texts,
        index=texts.index(now) if now in texts else None,
        key=f"decision-{name_context(form)}-{name}", help=say("form.decision_help"),
        placeholder=say("form.decision_none"),
    )  # fmt: skip
    others = {key: said for key, said in form.meanings.items() if key != name}
    _enter(meanings=others | ({name: {picked: "positive"}} if picked else {}))


def _choose_cut(form: AuditForm) -> None:
    """Let the reader say from which score on, or which share of people, is selected."""
    with st.container(horizontal=True, gap="small"):
        cut = st.number_input(
            say("form.cut"), value=form.threshold, key=f"cut-{name_context(form)}",
            help=say("form.cut_help"), placeholder=say("form.threshold_half"), width=270,
            disabled=form.top is not None,
        )  # fmt: skip
        top = st.number_input(
            say("form.top"), 0.0, 1.0, form.top, 0.05, key=f"top-{name_context(form)}",
            help=say("form.top_help"), placeholder=say("form.top_none"), width=270,
            disabled=form.threshold is not None,
        )  # fmt: skip
    _enter(threshold=cut, top=top)
