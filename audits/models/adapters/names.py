"""The data's names for a model's inputs: `[model] features`, applied where frames leave the audit.

Everything on the audit's side speaks of the data's columns; the model's own names are known in its
worker alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from audits.core.errors import InputError, near_misses, one_of


@dataclass(frozen=True, slots=True)
class FeatureNames:
    """inputs: the model's names in its order. columns: the data's, in the same order."""

    inputs: tuple[str, ...]
    columns: tuple[str, ...]

    def to_inputs(self, table: pa.Table) -> pa.Table:
        """Return a table of rows with the model's names; other columns are left out where they
        clash. A table that lacks some of the columns is no table of rows and stays."""
        if self.inputs == self.columns or not set(self.columns) <= set(table.column_names):
            return table
        renamed = dict(zip(self.columns, self.inputs, strict=True))
        kept = [n for n in table.column_names if n in renamed or n not in self.inputs]
        return table.select(kept).rename_columns([renamed.get(name, name) for name in kept])

    def to_columns(self, message: str) -> str:
        """Return a message of the worker with the data's names where it quotes the model's."""
        named = dict(zip(self.inputs, self.columns, strict=True))
        return re.sub(r"'([^']*)'", lambda found: f"'{named.get(found[1], found[1])}'", message)


def name_features(
    inputs: tuple[str, ...], declared: Sequence[str] | Mapping[str, str]
) -> FeatureNames:
    """Return the names that `[model] features` declares; without it the model's are the data's.

    Raises InputError where it does not fit the model's inputs.
    """
    if not declared:
        return FeatureNames(inputs, inputs)
    if isinstance(declared, Mapping):
        if unknown := [name for name in declared if name not in inputs]:
            hint = near_misses(unknown[0], inputs) or f"; it has {one_of(inputs)}"
            raise InputError(
                f"[model] features: the model has no input {unknown[0]!r}{hint}",
                setting="model.features",
            )
        columns = tuple(declared.get(name, name) for name in inputs)
        if len(set(columns)) < len(columns):
            twice = next(name for name in columns if columns.count(name) > 1)
            raise InputError(
                f"[model] features: column {twice!r} would be two of the model's inputs",
                setting="model.features",
            )
        return FeatureNames(inputs, columns)
    if len(declared) != len(inputs):
        raise InputError(
            f"[model] features names {len(declared)} columns, the model takes {len(inputs)}: "
            f"{one_of(inputs)}; name one for each, in this order",
            setting="model.features",
        )
    return FeatureNames(inputs, tuple(declared))
