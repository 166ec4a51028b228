"""The columns' meaning: guessed, and corrected in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

import streamlit as st

from audits.core.format import format_count, plain_text
from audits.core.settings.spec import Task
from audits.core.words.harms import ask_harm
from audits.data import ColumnPreview, DataPreview
from audits.models import ModelInfo
from dashboard.catalogue import say
from dashboard.components.new_audit.state import change_form, current_form, name_context
from dashboard.components.text import escape_markdown, show_text
from dashboard.viewmodels.new_audit.audit_columns import (
    COLUMNS,
    ROLES,
    ColumnRow,
    asks_classes,
    choose_task,
    choose_threshold,
    find_roles,
    list_rows,
    read_corrections,
    tabulate_rows,
)
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_values import (
    choose_positive,
    list_counts,
    list_meanings,
    list_outcomes,
    name_meaning,
    needs_meanings,
    offer_meanings,
    read_said,
    render_values,
)
from dashboard.viewmodels.new_audit.audit_words import name_some

_BASE = "columns-base"
_DECISIONS = ("label", "score")

_WIDTH = 270


def choose_missing(form: AuditForm, raw: DataPreview) -> AuditForm:
    """Let the reader say which texts stand for "no value"; return the form with them."""
    found = {one.text: one for one in raw.missing}
    sure = [one.text for one in raw.missing if one.sure]
    chosen = list(form.missing) if form.missing is not None else sure

    def name(text: str) -> str:
        one = found.get(text)
        if one is None:
            return text
        columns = name_some(one.columns)
        return say("form.missing_option", text=text, n=format_count(one.count), columns=columns)

    picked = st.multiselect(
        say("form.missing"), [*found, *(text for text in chosen if text not in found)],
        default=chosen, format_func=name, accept_new_options=True,
        key=f"missing-{name_context(form)}", help=say("form.missing_help"),
        placeholder=say("form.missing_none"),
    )  # fmt: skip
    unsure = [one for one in raw.missing if not one.sure and one.text not in picked]
    for one in unsure[:3]:
        text = say("form.missing_maybe", text=plain_text(one.text), n=format_count(one.count),
                   columns=name_some(one.columns))  # fmt: skip
        show_text(text, f"maybe-{one.text}", "note")
    return change_form(missing=tuple(picked))


def edit_columns(
    form: AuditForm, preview: DataPreview, guess: Mapping[str, str]
) -> list[ColumnRow]:
    """Show the columns as a table whose roles can be corrected; return its lines."""
    key = f"columns-{name_context(form)}"
    signature = (key, form.missing, form.with_model, tuple(sorted(guess.items())))
    kept = st.session_state.get(_BASE)
    if kept is None or kept[0] != signature or key not in st.session_state:
        # The table that is being edited stays the same while it is: its edits are laid upon it.
        st.session_state.pop(key, None)
        kept = (signature, tabulate_rows(list_rows(preview, guess, form)))
        st.session_state[_BASE] = kept
    roles = [role for role in ROLES if not (form.with_model and role in _DECISIONS)]
    heading = {name: say(f"form.{name}") for name in COLUMNS}
    config = {
        heading["role"]: st.column_config.SelectboxColumn(
            options=[say(f"role.{role}") for role in roles], required=True, width="medium",
            help=say("form.role_help"),
        ),
        heading["cuts"]: st.column_config.TextColumn(help=say("form.cuts_help"), width="small"),
        heading["column"]: st.column_config.TextColumn(pinned=True, width="medium"),
    }  # fmt: skip
    edited = st.data_editor(
        kept[1], key=key, hide_index=True, column_config=config, alt=say("form.table_alt"),
        disabled=[heading[name] for name in ("column", "kind", "examples", "empty")],
        height=min(38 + 35 * len(preview.columns), 560),
    )  # fmt: skip
    form = change_form(**_corrections(form, edited, preview, guess))
    return list_rows(preview, guess, form)


def _corrections(
    form: AuditForm, edited: object, preview: DataPreview, guess: Mapping[str, str]
) -> dict[str, object]:
    import pandas as pd  # noqa: PLC0415 - its type alone is needed here

    assert isinstance(edited, pd.DataFrame)
    after = read_corrections(form, edited, preview, guess)
    return {"roles": after.roles, "edges": after.edges}


def choose_outcome(
    preview: DataPreview,
    rows: list[ColumnRow],
    info: ModelInfo | None,
    show_problem: Callable[[str], None],
) -> None:
    """Let the reader say what is predicted and which value is the favourable one.

    show_problem: shows what is wrong with a field as it now is.
    """
    form = current_form()
    roles = find_roles(rows)
    target = next(iter(roles["target"]), "")
    label = "" if form.with_model else next(iter(roles["label"]), "")
    about = preview.by_name.get(target or label)
    left, right = st.columns(2, gap="large")
    with left:
        if form.with_model:
            form = _choose_task(form, preview, target, info)
            show_problem("task")
        is_binary = choose_task(form, preview, target, info) == "binary"
        if is_binary and form.with_model:
            _choose_threshold(form, info)
            show_problem("threshold")
    with right:
        if is_binary and about is not None and not needs_meanings(about):
            _choose_positive(form, about)
            show_problem("positive")
        if is_binary and about is not None and form.with_model:
            _choose_classes(current_form(), about, info)
    asked = {target: "values", label: "decisions"}
    for name, field in asked.items():
        one = preview.by_name.get(name)
        if is_binary and one is not None and needs_meanings(one):
            edit_meanings(one, is_decision=field == "decisions")
            show_problem(field)
    if (positive := choose_positive(current_form(), about)) is not None and is_binary:
        assert about is not None  # it has a favourable value
        if question := ask_harm(about.column.name, str(positive)):
            show_text(question, "positive-harm", "note")


def _choose_threshold(form: AuditForm, info: ModelInfo | None) -> None:
    """Let the reader say from which score on people are selected: on the score's own scale where
    only its order counts."""
    only_ranks = form.output == "score"
    own = form.own_rule or (info is not None and info.rule == "own")
    now = choose_threshold(form)
    rest = "" if only_ranks else say("form.threshold_own" if own else "form.threshold_half")
    typed = st.number_input(
        say("form.threshold"), None if only_ranks else 0.0, None if only_ranks else 1.0,
        now if isinstance(now, float) else None, 0.01,
        key=f"new-threshold{'-score' * only_ranks}", disabled=form.own_rule, placeholder=rest,
        help=say("form.threshold_score" if only_ranks else "form.threshold_help"),
    )  # fmt: skip
    if not form.own_rule:
        change_form(threshold=typed)


def _choose_task(
    form: AuditForm, preview: DataPreview, target: str, info: ModelInfo | None
) -> AuditForm:
    tasks: tuple[Task, ...] = get_args(Task)
    guessed = choose_task(form.change(task=None), preview, target, info)
    now = choose_task(form, preview, target, info)
    picked = st.selectbox(
        say("form.task"), tasks, index=tasks.index(now),
        format_func=lambda kind: say(f"task.{kind}"), key=f"task-{name_context(form)}-{guessed}",
    )  # fmt: skip
    return change_form(task=None if picked == guessed else picked)


def _choose_positive(form: AuditForm, one: ColumnPreview) -> None:
    texts, name = [str(value) for value in one.values], one.column.name
    now = choose_positive(form, one)
    picked = st.selectbox(
        escape_markdown(say("form.positive", column=name)), texts,
        index=texts.index(str(now)) if str(now) in texts else None,
        key=f"positive-{name_context(form)}-{name}", help=say("form.positive_help"),
        placeholder=say("form.positive_none"),
    )  # fmt: skip
    change_form(positive=picked)


def _choose_classes(form: AuditForm, one: ColumnPreview, info: ModelInfo | None) -> None:
    """Let the reader say which outcome the model's second class stands for."""
    texts = [str(value) for value in list_outcomes(one, read_said(form, one))]
    if info is None or choose_positive(form, one) is None or not asks_classes(form, info, texts):
        return
    stands = st.selectbox(
        escape_markdown(say("form.stands_for", name=info.classes[1])), texts,
        index=texts.index(form.stands_for) if form.stands_for in texts else None,
        key=f"stands-{name_context(form)}-{one.column.name}", help=say("form.stands_help"),
        placeholder=say("form.stands_none"),
    )  # fmt: skip
    change_form(stands_for=stands)


# What each value of an outcome, or of decisions, means: asked where it is not plain.


def edit_meanings(one: ColumnPreview, *, is_decision: bool = False) -> None:
    """Show a column's values with their rows, and let the reader say of each what it means."""
    form, name = current_form(), one.column.name
    now = list_meanings(form, one)
    chosen: dict[str, str] = {}
    place = f"{'label' if is_decision else 'target'}-{name_context(form)}-{name}"
    with st.container(border=True, key=f"values-{place[:5]}"):
        show_text(render_values(one), f"values-{place[:5]}")
        with st.container(horizontal=True, gap="small"):
            for value, count in list_counts(one):
                offered = offer_meanings(one, value, is_decision=is_decision)
                before = now.get(str(value), "")
                picked = st.selectbox(
                    escape_markdown(say("form.value", value=value, n=format_count(count))),
                    offered, index=offered.index(before) if before in offered else None,
                    format_func=name_meaning, key=f"value-{place}-{value}",
                    placeholder=say("form.value_none"), width=_WIDTH,
                )  # fmt: skip
                if picked:
                    chosen[str(value)] = picked
        about = "form.decisions_help" if is_decision else "form.values_help"
        show_text(say(about), f"values-help-{place[:5]}", "note")
    change_form(meanings=form.meanings | {name: chosen})
