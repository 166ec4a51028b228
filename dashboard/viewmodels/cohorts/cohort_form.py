"""Conditions made from choices: which columns there are, what they hold, how a choice is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from audits.cohorts import NO, SCORE, YES, render_group_condition
from audits.core.format import plain_text
from audits.slices import show_number
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts.cohort_run import list_columns
from dashboard.viewmodels.cohorts.rows import RowSource
from dashboard.viewmodels.run import RunData

MAX_VALUES = 200


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a condition can be on. origin: where its values are."""

    name: str
    numeric: bool
    origin: Literal["groups", "run", "data"]


def list_fields(run: RunData, source: RowSource | None) -> list[Field]:
    """Return the columns: protected ones first, then the run's own, then the data's. Without the
    data there are only the first two kinds."""
    whole, known = run.whole, list_columns(run)
    columns = () if source is None else source.columns
    ranges = {c.name for c in columns if c.is_numeric and whole.spec.data.edges.get(c.name)}
    grouped = [name for name in whole.cube.attributes if name not in ranges]
    own = [Field(name, _is_number(run, name), "run") for name in known.own]
    taken = {*grouped, *known.own}
    return [
        *(Field(name, False, "groups") for name in grouped),
        *own,
        *(Field(c.name, c.is_numeric, "data") for c in columns if c.name not in taken),
    ]


def _is_number(run: RunData, own: str) -> bool:
    return run.task == "regression" or own == SCORE


def list_values(run: RunData, field: Field, source: RowSource | None) -> list[str]:
    """Return what a column can be; of texts in the data the most frequent."""
    whole = run.whole
    if field.origin == "groups":
        return list(whole.cube.groups[field.name])
    if field.origin == "run":
        return [YES, NO] if run.task == "binary" else list(whole.cube.classes)
    return [] if source is None else source.list_values(field.name, MAX_VALUES)


def say_value(run: RunData, field: Field, value: str) -> str:
    """Return the condition that a column has a value."""
    if field.origin == "groups":
        return render_group_condition(run.whole.spec, field.name, value)
    return f"{field.name} = {value}"


def say_range(field: Field, low: float | None, high: float | None) -> str:
    """Return the condition that a column is from `low` on and under `high`; "" for neither, or
    where nothing can be in between."""
    if low is not None and high is not None:
        return f"{field.name} {show_number(low)} to under {show_number(high)}" if low < high else ""
    if low is not None:
        return f"{field.name} {show_number(low)} and over"
    return "" if high is None else f"{field.name} under {show_number(high)}"


def say_missing(field: Field) -> str:
    """Return the condition that a column has no value."""
    return f"{field.name} is missing"


def render_conditions(conditions: tuple[str, ...]) -> str:
    """Return conditions as they are read, "age under 25, sex = Female"."""
    return plain_text(say("cohorts.and").join(conditions))
