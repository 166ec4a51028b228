"""Rules between columns on many rows at once: what a change breaks, and what was broken before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import BoolArray, FloatArray
from audits.core.settings.rule_text import Clause, ColumnRule, Is, Linear, Moves
from audits.recourse.columns import Column

HAIR = 1e-9
"""Sums of decimals miss each other by less than this share of their size."""
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True, slots=True, eq=False)
class Relations:
    """Rules between columns, tied to the places of those columns.

    A clause that needs a value which is missing says nothing: it never breaks a rule, and as
    a condition it does not hold.
    """

    rules: tuple[ColumnRule, ...]
    columns: tuple[Column, ...]

    def compute_kept(self, old: FloatArray, new: FloatArray) -> BoolArray:
        """Say which changes keep every rule, `[n]`; old and new: codes `[n, n_columns]`.

        A rule that the old row breaks is kept by a change that does not make it worse.
        """
        kept = np.ones(len(new), dtype=np.bool_)
        for rule in self.rules:
            after = self._compute_violation(rule, old, new)
            kept &= after <= self._compute_violation(rule, old, old)
        return kept

    def find_broken(self, old: FloatArray, new: FloatArray) -> list[tuple[str, ...]]:
        """Return for each row the texts of the rules that its new values break."""
        broken: list[list[str]] = [[] for _ in new]
        for rule in self.rules:
            for row in np.flatnonzero(self._compute_violation(rule, old, new) > 0):
                broken[row].append(rule.text)
        return [tuple(texts) for texts in broken]

    def _compute_violation(self, rule: ColumnRule, old: FloatArray, new: FloatArray) -> FloatArray:
        """Return by how much each row breaks a rule; 0 where it keeps it."""
        applies = np.ones(len(new), dtype=np.bool_)
        for clause in rule.when:
            violation = self._measure(clause, old, new)
            applies &= violation <= 0  # NaN: unknown, so the condition does not hold
        total = np.zeros(len(new))
        for clause in rule.then:
            total += np.nan_to_num(self._measure(clause, old, new), nan=0.0)
        return np.where(applies, total, 0.0)

    def _measure(self, clause: Clause, old: FloatArray, new: FloatArray) -> FloatArray:
        """Return by how much each row misses a clause: 0 if it holds, NaN if that is unknown."""
        if isinstance(clause, Linear):
            return self._measure_linear(clause, new)
        place = self._place(clause.column)
        if isinstance(clause, Is):
            same = new[:, place] == find_code(self.columns[place], clause.value)
            missed = np.where(same == clause.negated, 1.0, 0.0)
            return np.where(np.isnan(new[:, place]), np.nan, missed)
        return _measure_move(clause, old[:, place], new[:, place])

    def _measure_linear(self, clause: Linear, new: FloatArray) -> FloatArray:
        total, size = np.full(len(new), clause.constant), np.full(len(new), abs(clause.constant))
        for name, factor in clause.terms:
            part = factor * new[:, self._place(name)]
            total, size = total + part, size + np.abs(part)
        equal = np.abs(total) <= HAIR * size
        over = np.where(equal, 0.0, total)
        if clause.comparison == "<=":
            missed = np.maximum(over, 0.0)
        elif clause.comparison == "<":
            missed = np.where(equal, HAIR, np.maximum(over, 0.0))
        elif clause.comparison == "=":
            missed = np.abs(over)
        else:
            missed = equal.astype(np.float64)
        return np.where(np.isnan(total), np.nan, missed)

    def _place(self, name: str) -> int:
        return next(i for i, column in enumerate(self.columns) if column.name == name)


def find_code(column: Column, value: object) -> float:
    """Return the code of a value written as text (NaN where the column does not know it)."""
    if column.kind == "boolean":
        text = str(value).lower()
        return 1.0 if text in TRUE else 0.0 if text in FALSE else np.nan
    if column.kind == "number":
        return float(value)  # type: ignore[arg-type]
    texts = [str(item) for item in np.asarray(column.pool, dtype=object)]
    return float(texts.index(str(value))) if str(value) in texts else np.nan


def build_relations(rules: Sequence[ColumnRule], columns: Sequence[Column]) -> Relations:
    """Tie rules to columns; those that name a column which is not among them are left out."""
    names = {column.name for column in columns}
    return Relations(
        tuple(rule for rule in rules if names.issuperset(rule.columns)), tuple(columns)
    )


def _measure_move(clause: Moves, old: FloatArray, new: FloatArray) -> FloatArray:
    same = (old == new) | (np.isnan(old) & np.isnan(new))
    if clause.verb in ("changes", "stays"):
        return np.where(same == (clause.verb == "stays"), 0.0, 1.0)
    right = new > old if clause.verb == "rises" else new < old
    return np.where(np.isnan(old) | np.isnan(new), np.nan, np.where(right, 0.0, 1.0))
