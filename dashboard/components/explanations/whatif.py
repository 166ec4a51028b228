"""The row editor: one input a column, and what the model says to it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from audits.core.report.verdict import Status
from audits.models import ModelClient
from dashboard.catalogue import say
from dashboard.components.opening import ask
from dashboard.components.status import show_badge
from dashboard.components.text import escape_markdown, show_text
from dashboard.state import find_model, find_rows
from dashboard.viewmodels.cohorts.rows import Absent, RowSource, is_missing
from dashboard.viewmodels.counterfactuals import recourse, whatif
from dashboard.viewmodels.run import RunData

SAMPLE = 5_000


@st.fragment
def show_editor(run: RunData, row: str) -> None:
    """Show the inputs of a row and the model's answer; only this part runs again on an edit."""
    client, source = ask(run, find_model), ask(run, find_rows)
    absent = next((item for item in (client, source) if isinstance(item, Absent)), None)
    if isinstance(client, Absent) or isinstance(source, Absent):
        reason = absent.reason if absent else ""
        show_text(say("absent.whatif", reason=reason), "absent")
        return
    frame = source.read([row])
    original = frame.iloc[0]
    show_text(say("whatif.note"), "whatif", "note")
    start = choose_start(run, row)
    changed = {} if start == 0 else recourse.find_values(run, row, start - 1)
    fields = whatif.list_fields(run, original, source.sample(SAMPLE), client.info.features)
    answer = st.container()
    edits: dict[str, object] = {}
    with st.container(key="whatif-inputs"):
        columns = st.columns(2)
    for n, field in enumerate(fields):
        with columns[n % 2]:
            value = changed.get(field.name, field.value)
            edits[field.name] = show_input(field, value, f"{row}-{start}-{n}")
    with answer:
        show_answer(run, client, original, edits)
        show_violations(run, source, original, edits, client.info.features)
    locked = [field.name for field in fields if field.locked]
    if locked:
        show_text(say("whatif.locked", columns=", ".join(locked)), "locked", "note")


def show_violations(
    run: RunData,
    source: RowSource,
    original: pd.Series,
    edits: dict[str, object],
    features: Sequence[str],
) -> None:
    """Show which rules of the search the edited row breaks."""
    moved = whatif.list_changed(original, edits)
    if not moved:
        return
    chosen = {name: edits[name] for name in moved}
    limits = source.read_limits(str(original.name))
    broken = whatif.list_violations(run, original, chosen, source.sample(SAMPLE), features, limits)
    for position, sentence in enumerate(broken):
        show_text(sentence, f"violation-{position}", "finding")
    if not broken:
        show_text(say("whatif.rules_kept"), "rules-kept", "note")


def choose_start(run: RunData, row: str) -> int:
    """Let the reader start from the row (0) or from one of its answers (1, 2, ...)."""
    answers = recourse.load_answers(run).by_row.get(row, ())
    names = [say("whatif.start_row")]
    names += [say("whatif.start_answer", n=n + 1) for n in range(len(answers))]
    chosen = st.segmented_control(
        say("whatif.start"), range(len(names)), format_func=lambda n: names[n], default=0,
        required=True, key=f"start-{row}",
    )  # fmt: skip
    return int(chosen or 0)


def show_input(field: whatif.Field, value: object, key: str) -> object:
    """Show the input of one column and return what it holds."""
    label = escape_markdown(field.name)
    if field.choices is not None:
        options = list(field.choices)
        text = None if is_missing(value) else str(value)
        if text is not None and text not in options:
            options.insert(0, text)
        index = options.index(text) if text is not None else None
        return st.selectbox(label, options, index=index, key=f"edit-{key}", accept_new_options=True)
    number = None if is_missing(value) else float(str(value))
    if field.whole and (number is None or math.floor(number) == number):
        whole = None if number is None else int(number)
        return st.number_input(label, value=whole, step=1, key=f"edit-{key}")
    return st.number_input(label, value=number, step=None, format="%g", key=f"edit-{key}")


def show_answer(
    run: RunData, client: ModelClient, original: pd.Series, edits: dict[str, object]
) -> None:
    """Show what the model says to the edited row, beside the row as it is."""
    moved = whatif.list_changed(original, edits)
    now = whatif.compute_prediction(run, client, original, {name: edits[name] for name in moved})
    before = whatif.compute_prediction(run, client, original, {})
    if isinstance(now, Absent) or isinstance(before, Absent):
        reason = now.reason if isinstance(now, Absent) else ""
        show_text(say("whatif.failed", reason=reason), "failed", "finding")
        return
    with st.container(border=True, key="prediction"):
        show_text(say("whatif.now"), "prediction", "label")
        if now.favourable is not None:
            show_badge(
                Status.PASS if now.favourable else Status.FAIL,
                say("whatif.yes" if now.favourable else "whatif.no"),
            )
        show_text(now.text, "prediction", "finding")
        if moved:
            show_text(say("whatif.changed", columns=", ".join(moved)), "changed", "note")
            show_text(f"{say('whatif.before')}: {before.text}", "before", "note")
        else:
            show_text(say("whatif.unchanged"), "unchanged", "note")
