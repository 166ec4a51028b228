"""What can people change? The model's features as a table that people correct."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from audits.core.settings.recourse import RecourseSection
from audits.data import Column, DataPreview
from audits.recourse import DIRECTIONS, find_defaults, name_block
from dashboard.catalogue import say
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_words import name_some
from dashboard.viewmodels.new_audit.model_fit import ModelFit

ONE_WAY = ("increase_only", "decrease_only")


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One line: a feature, or those that encode one category. move, guess: a name of DIRECTIONS."""

    name: str
    columns: tuple[str, ...]
    guess: str
    move: str


def has_order(column: Column) -> bool:
    """Whether a column's values rise and fall: numbers, and yes or no."""
    return column.is_numeric or column.kind == "boolean"


def list_move_rows(
    form: AuditForm, preview: DataPreview, fit: ModelFit, protected: Collection[str]
) -> list[MoveRow]:
    """Return the table's lines in the model's order: what an audit would do, with corrections."""
    features = [name for name in fit.info.features if name in preview.by_name]
    numbers = [name for name in features if preview.by_name[name].column.is_numeric]
    fixed, rising = find_defaults(RecourseSection(), protected, features, numbers, fit.blocks)
    guess = dict.fromkeys(features, "mutable")
    guess |= dict.fromkeys(fixed, "immutable") | dict.fromkeys(rising, "increase_only")
    together = {name: names for names in fit.blocks for name in names}
    rows = []
    for name in features:
        names = together.get(name, (name,))
        if names[0] != name:
            continue
        shown = name if len(names) == 1 else f"{name_block(names)} ({name_some(names)})"
        rows.append(MoveRow(shown, names, guess[name], form.moves.get(name, guess[name])))
    return rows


def tabulate_moves(rows: Sequence[MoveRow]) -> pd.DataFrame:
    """Return the lines under the headings that people read."""
    records = [(row.name, say(f"move.{row.move}")) for row in rows]
    return pd.DataFrame(records, columns=[say("form.column"), say("form.move")])


def read_moves(form: AuditForm, table: pd.DataFrame, rows: Sequence[MoveRow]) -> AuditForm:
    """Return the form with what the edited table says otherwise than the guess."""
    words = {say(f"move.{move}"): move for move in DIRECTIONS}
    moves: dict[str, str] = {}
    for row, word in zip(rows, table[say("form.move")], strict=True):
        move = words.get(str(word), row.guess)
        if move != row.guess:
            moves |= dict.fromkeys(row.columns, move)
    return form.change(moves=moves)


def list_moves(
    form: AuditForm, features: Collection[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the settings of `[recourse]` that the corrections make."""
    named = (
        (move, tuple(name for name in features if form.moves.get(name) == move))
        for move in DIRECTIONS
    )
    return tuple((move, names) for move, names in named if names)
