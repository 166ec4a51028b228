"""The columns of the data as a table that people correct: kind, examples, role, groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pandas as pd

from audits.core.format import plain_text
from audits.core.settings.recourse import Scalar
from audits.core.settings.spec import Task
from audits.data import (
    ColumnLook,
    DataLook,
    guess_positive,
    guess_predictions,
    guess_roles,
    guess_task,
)
from audits.models import ModelInfo
from audits.policy import DEFAULT_PRESETS
from dashboard.catalogue import say
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_moves import list_moves
from dashboard.viewmodels.new_audit.new_audit import Draft, read_edges

ROLES = ("none", "target", "protected", "legitimate", "id", "weight", "label", "score")
COLUMNS = ("column", "role", "cuts", "kind", "examples", "empty")
"""The table's columns by their keys in the catalogue."""


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One line of the table. cuts: where a protected number is cut, as text; "" elsewhere."""

    name: str
    role: str
    cuts: str
    kind: str
    examples: str
    empty: str


def guess_all(look: DataLook, info: ModelInfo | None, *, with_model: bool) -> dict[str, str]:
    """Return the guessed role of every column that has one."""
    columns = [one.column for one in look.columns]
    label, score = ("", "") if with_model else guess_predictions(columns)
    free = [c for c in columns if c.name not in (label, score)]
    roles = guess_roles(
        free, rows=look.looked, features=info.features if info else (),
        task=info.task if info else None, classes=len(info.classes) if info else 0,
    )  # fmt: skip
    named = {"target": roles.target, "id": roles.id, "weight": roles.weight, "label": label,
             "score": score}  # fmt: skip
    found = dict.fromkeys(roles.protected, "protected")
    return found | {name: role for role, name in named.items() if name}


def list_rows(look: DataLook, guess: Mapping[str, str], form: AuditForm) -> list[ColumnRow]:
    """Return the table's lines: the guess with the corrections, in the file's order."""
    rows = []
    for one in look.columns:
        name = one.column.name
        role = form.roles.get(name, guess.get(name, "none"))
        rows.append(
            ColumnRow(
                name=name,
                role=role,
                cuts=form.edges.get(name, _suggest_cuts(one, role)),
                kind=say(f"kind.{one.column.kind}"),
                examples=plain_text(", ".join(one.examples)),
                empty="" if not one.column.missing else _share(one.column.missing, look.looked),
            )
        )
    return rows


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if part / whole >= 0.001 else "< 0.1%"


def _suggest_cuts(one: ColumnLook, role: str) -> str:
    return ", ".join(f"{edge:g}" for edge in one.edges) if role == "protected" else ""


def tabulate_rows(rows: list[ColumnRow]) -> pd.DataFrame:
    """Return the lines under the headings that people read."""
    headings = [say(f"form.{key}") for key in COLUMNS]
    records = [
        (row.name, say(f"role.{row.role}"), row.cuts, row.kind, row.examples, row.empty)
        for row in rows
    ]
    return pd.DataFrame(records, columns=headings)


def read_corrections(
    form: AuditForm, table: pd.DataFrame, look: DataLook, guess: Mapping[str, str]
) -> AuditForm:
    """Return the form with what the edited table says otherwise than the guess."""
    words = {say(f"role.{role}"): role for role in ROLES}
    roles, edges = {}, {}
    for name, word, cuts in zip(
        *(table[say(f"form.{key}")] for key in ("column", "role", "cuts")), strict=True
    ):
        role = words.get(str(word), "none")
        if role != guess.get(name, "none"):
            roles[str(name)] = role
        typed = "" if cuts is None or pd.isna(cuts) else str(cuts).strip()
        if role == "protected" and typed != _suggest_cuts(look.by_name[name], role):
            edges[str(name)] = typed
    return form.change(roles=roles, edges=edges)


def find_roles(rows: list[ColumnRow]) -> dict[str, tuple[str, ...]]:
    """Return the columns of each role."""
    return {role: tuple(row.name for row in rows if row.role == role) for role in ROLES}


def choose_task(form: AuditForm, look: DataLook, target: str, info: ModelInfo | None) -> Task:
    """Return the kind of prediction: as chosen, else the model's, else the outcome's."""
    chosen: dict[str, Task] = {str(task): task for task in get_args(Task)}
    if not form.with_model:
        return "binary"
    if form.task in chosen:
        return chosen[form.task]
    if info is not None:
        return info.task
    return guess_task(look.by_name[target].column) if target else "binary"


def choose_positive(
    form: AuditForm, target: str, values: tuple[Scalar, ...], info: ModelInfo | None
) -> Scalar | None:
    """Return the favourable value: as chosen, else as the values' words say."""
    chosen = [value for value in values if str(value) == form.positive]
    return chosen[0] if chosen else guess_positive(target, values)


def choose_dropped(
    form: AuditForm, values: tuple[Scalar, ...], positive: Scalar | None
) -> tuple[Scalar, ...]:
    """Return the outcomes whose rows are left out, as chosen."""
    return tuple(value for value in values if str(value) in form.drop and value != positive)


def make_draft(
    form: AuditForm, look: DataLook, rows: list[ColumnRow], info: ModelInfo | None
) -> Draft:
    """Return the settings that the form's entries and guesses make together."""
    roles = find_roles(rows)
    first = {role: next(iter(names), "") for role, names in roles.items()}
    target = first["target"]
    task = choose_task(form, look, target, info)
    about = target or first["label"]
    values = look.by_name[about].values if about else ()
    positive = choose_positive(form, about, values, info) if task == "binary" else None
    drop = choose_dropped(form, values, positive) if target and task == "binary" else ()
    protected = roles["protected"]
    grouped = [row for row in rows if row.role == "protected" and row.cuts.strip()]
    edges = tuple((row.name, read_edges(row.cuts) or ()) for row in grouped)
    return Draft(
        name=name_audit(form), task=task, data=form.data, target=target, positive=positive,
        protected=protected, legitimate=roles["legitimate"],
        model=form.model if form.with_model else "", threshold=form.threshold,
        classes=_name_classes(
            form, info, tuple(value for value in values if value not in drop), positive
        ), drop=drop,
        label="" if form.with_model else first["label"],
        score="" if form.with_model else first["score"],
        preset=form.preset or DEFAULT_PRESETS[task],
        edges=tuple(pair for pair in edges if pair[1]),
        moves=list_moves(form, info.features if info else ()), reference=form.reference,
        id=first["id"], weight=first["weight"], missing=form.missing or (),
    )  # fmt: skip


def name_audit(form: AuditForm) -> str:
    """Return the audit's name: as typed, else made of the files' names."""
    if form.name is not None:
        return form.name
    data, model = Path(form.data).stem, Path(form.model).stem
    return say("form.named", model=model, data=data) if form.with_model and model else data


def needs_class_names(info: ModelInfo | None, values: tuple[Scalar, ...]) -> bool:
    """Whether a model of two classes calls them otherwise than the data: somebody has to say which
    is which."""
    if info is None or len(info.classes) != 2 or len(values) != 2:
        return False
    return not set(info.classes) <= {str(value) for value in values}


def _name_classes(
    form: AuditForm, info: ModelInfo | None, values: tuple[Scalar, ...], positive: Scalar | None
) -> tuple[str, ...]:
    """Return the model's classes as the data spells them, () where both spell them alike or nobody
    said which is which: rows with known outcomes tell, or the audit asks."""
    if not form.with_model or positive is None or not needs_class_names(info, values):
        return ()
    texts = [str(value) for value in values]
    if form.stands_for not in texts:
        return ()
    return (*(text for text in texts if text != form.stands_for), str(form.stands_for))
