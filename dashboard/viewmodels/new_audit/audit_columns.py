"""The columns of the data as a table that people correct: kind, examples, role, groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from audits.core.format import plain_text
from audits.core.settings.recourse import Scalar
from audits.core.settings.spec import Task
from audits.data import ColumnPreview, DataPreview, guess_predictions, guess_roles, guess_task
from audits.models import ModelInfo
from audits.policy import DEFAULT_PRESETS
from dashboard.catalogue import say
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_moves import list_moves
from dashboard.viewmodels.new_audit.audit_values import (
    Said,
    choose_decision,
    choose_positive,
    list_outcomes,
    needs_meanings,
    read_said,
)
from dashboard.viewmodels.new_audit.new_audit import Draft, read_edges

ROLES = ("none", "target", "protected", "legitimate", "id", "weight", "label", "score")
COLUMNS = ("column", "role", "cuts", "kind", "examples", "empty")
"""The table's columns by their keys in the catalogue."""
FILE_SETTINGS = ("encoding", "delimiter", "decimal", "sheet")
"""What can be declared of how the data's files are written."""


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One line of the table. cuts: where a protected number is cut, as text; "" elsewhere."""

    name: str
    role: str
    cuts: str
    kind: str
    examples: str
    empty: str


def guess_all(preview: DataPreview, info: ModelInfo | None, *, with_model: bool) -> dict[str, str]:
    """Return the guessed role of every column that has one."""
    columns = [one.column for one in preview.columns]
    label, score = ("", "") if with_model else guess_predictions(columns)
    free = [c for c in columns if c.name not in (label, score)]
    roles = guess_roles(
        free, rows=preview.looked, features=info.features if info else (),
        task=info.task if info and not is_open(info) else None,
        classes=len(info.classes) if info else 0,
    )  # fmt: skip
    named = {"target": roles.target, "id": roles.id, "weight": roles.weight, "label": label,
             "score": score}  # fmt: skip
    found = dict.fromkeys(roles.protected, "protected")
    return found | {name: role for role, name in named.items() if name}


def list_rows(preview: DataPreview, guess: Mapping[str, str], form: AuditForm) -> list[ColumnRow]:
    """Return the table's lines: the guess with the corrections, in the file's order."""
    rows = []
    for one in preview.columns:
        name = one.column.name
        role = form.roles.get(name, guess.get(name, "none"))
        rows.append(
            ColumnRow(
                name=name,
                role=role,
                cuts=form.edges.get(name, _suggest_cuts(one, role)),
                kind=say(f"kind.{one.column.kind}"),
                examples=plain_text(", ".join(one.examples)),
                empty="" if not one.column.missing else _share(one.column.missing, preview.looked),
            )
        )
    return rows


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if part / whole >= 0.001 else "< 0.1%"


def _suggest_cuts(one: ColumnPreview, role: str) -> str:
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
    form: AuditForm, table: pd.DataFrame, preview: DataPreview, guess: Mapping[str, str]
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
        if role == "protected" and typed != _suggest_cuts(preview.by_name[name], role):
            edges[str(name)] = typed
    return form.change(roles=roles, edges=edges)


def find_roles(rows: list[ColumnRow]) -> dict[str, tuple[str, ...]]:
    """Return the columns of each role."""
    return {role: tuple(row.name for row in rows if row.role == role) for role in ROLES}


def is_open(info: ModelInfo | None) -> bool:
    """Whether a model's file does not say what its one number is: a network's may be a probability
    or log-odds."""
    return info is not None and info.task == "regression" and info.format == "onnx"


def _is_two(one: ColumnPreview) -> bool:
    return one.column.distinct == 2 or (one.column.kind == "text" and needs_meanings(one))


def choose_task(form: AuditForm, preview: DataPreview, target: str, info: ModelInfo | None) -> Task:
    """Return the kind of prediction: as chosen, else the model's, else the outcome's."""
    chosen: dict[str, Task] = {str(task): task for task in get_args(Task)}
    if not form.with_model:
        return "binary"
    if form.task in chosen:
        return chosen[form.task]
    if is_open(info) and target and _is_two(preview.by_name[target]):
        return "binary"
    if info is not None:
        return info.task
    return guess_task(preview.by_name[target].column) if target else "binary"


def make_draft(
    form: AuditForm, preview: DataPreview, rows: list[ColumnRow], info: ModelInfo | None
) -> Draft:
    """Return the settings that the form's entries and guesses make together."""
    roles = find_roles(rows)
    first = {role: next(iter(names), "") for role, names in roles.items()}
    target, label = first["target"], "" if form.with_model else first["label"]
    task = choose_task(form, preview, target, info)
    known = {name: preview.by_name.get(name) for name in (target, label)}
    about = known[target or label]
    is_binary = task == "binary"
    positive = choose_positive(form, about) if is_binary else None
    said = read_said(form, known[target]) if is_binary else Said()
    decided = choose_decision(form, known[label]) if label else Said()
    protected = roles["protected"]
    grouped = [row for row in rows if row.role == "protected" and row.cuts.strip()]
    edges = tuple((row.name, read_edges(row.cuts) or ()) for row in grouped)
    spelled = ((target, said.spellings), (label, decided.spellings))
    return Draft(
        name=name_audit(form), task=task, data=form.data, target=target, positive=positive,
        protected=protected, legitimate=roles["legitimate"],
        model=form.model if form.with_model else "", threshold=choose_threshold(form),
        classes=_name_classes(form, info, about, said, positive) if is_binary
        else _name_several(form, info), drop=said.drop,
        negative=said.negative, spellings=tuple(pair for pair in spelled if pair[1]),
        label=label, score="" if form.with_model else first["score"],
        decision=decided.positive, against=decided.negative, undecided=decided.drop,
        direction=form.direction, top=form.top,
        preset=form.preset or DEFAULT_PRESETS[task],
        edges=tuple(pair for pair in edges if pair[1]),
        moves=list_moves(form, info.features if info else ()), reference=form.reference,
        id=first["id"], weight=first["weight"],
        missing=tuple(dict.fromkeys((*(form.missing or ()), *said.missing))),
        file=tuple((name, text) for name in FILE_SETTINGS if (text := getattr(form, name))),
        output=form.output, features=tuple(form.features.items()),
    )  # fmt: skip


def choose_threshold(form: AuditForm) -> float | Literal["model"] | None:
    """Return from which score on people are selected, "model" for the model's own rule; None
    where nothing is said. A score whose order alone counts has a scale of its own."""
    if not form.with_model:
        return form.threshold
    if form.own_rule:
        return "model"
    is_share = form.threshold is None or 0 <= form.threshold <= 1
    return form.threshold if is_share or form.output == "score" else None


def name_audit(form: AuditForm) -> str:
    """Return the audit's name: as typed, else made of the files' names."""
    if form.name is not None:
        return form.name
    data, model = Path(form.data).stem, Path(form.model).stem
    return say("form.named", model=model, data=data) if form.with_model and model else data


def asks_classes(form: AuditForm, info: ModelInfo | None, values: Sequence[Scalar]) -> bool:
    """Whether somebody may say which class is which: the names differ, or a refusal asked."""
    asked = "classes" in form.opened and info is not None and len(info.classes) == 2
    return needs_class_names(info, values) or (asked and len(values) == 2)


def needs_class_names(info: ModelInfo | None, values: Sequence[Scalar]) -> bool:
    """Whether a model of two classes calls them otherwise than the data: somebody has to say which
    is which."""
    if info is None or len(info.classes) != 2 or len(values) != 2:
        return False
    return not set(info.classes) <= {str(value) for value in values}


def _name_several(form: AuditForm, info: ModelInfo | None) -> tuple[str, ...]:
    """Return several classes as the data spells them, () where nothing is said."""
    known = [name for name in info.classes if name in form.classes] if info else []
    return tuple(form.classes.get(n, n) for n in info.classes) if info and known else ()


def _name_classes(
    form: AuditForm,
    info: ModelInfo | None,
    about: ColumnPreview | None,
    said: Said,
    positive: Scalar | None,
) -> tuple[str, ...]:
    """Return the model's classes as the data spells them, () where both spell them alike or nobody
    said which is which: rows with known outcomes tell, or the audit asks."""
    if not form.with_model or positive is None or about is None:
        return ()
    texts = [str(value) for value in list_outcomes(about, said)]
    if form.stands_for not in texts or not asks_classes(form, info, texts):
        return ()
    return (*(text for text in texts if text != form.stands_for), str(form.stands_for))
