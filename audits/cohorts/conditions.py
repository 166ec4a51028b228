"""Conditions on what a run itself knows of a row: its groups, outcome, decision and score.

They are read from predictions.parquet, so that they need no audited data, and a group's condition
gives exactly the rows that the audit counted in that group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from audits.core.errors import InputError
from audits.core.groups import MISSING, name_group_column
from audits.core.settings.spec import AuditSpec, Task
from audits.cube import Cube
from audits.data import Column, label_ranges
from audits.slices import Condition, parse_condition, show_number

OUTCOME, DECISION, SCORE, PREDICTION = "the outcome", "the decision", "the score", "the prediction"
"""The run's own columns. The article keeps them apart from the data's: a file has "score"."""

YES, NO = "yes", "no"
_OWN: Mapping[Task, Mapping[str, str]] = {
    "binary": {OUTCOME: "y_true", DECISION: "y_pred", SCORE: "y_score"},
    "multiclass": {OUTCOME: "y_true", DECISION: "y_pred"},
    "regression": {OUTCOME: "y_true", PREDICTION: "y_pred"},
}


@dataclass(frozen=True, slots=True)
class RunColumns:
    """The columns of a run's predictions that conditions may name.

    own: name in conditions to name in predictions.parquet. groups: for every column that is kept
    as groups, each group by every wording of its condition. positive: the favourable outcome's
    name, None where outcomes are not of yes or no.
    """

    task: Task
    own: Mapping[str, str]
    groups: Mapping[str, Mapping[str, str]]
    positive: str | None


def list_run_columns(spec: AuditSpec, cube: Cube, stored: Iterable[str]) -> RunColumns:
    """Return what conditions may name of a run. stored: the columns of predictions.parquet."""
    there = set(stored)
    own = {name: held for name, held in _OWN[cube.task].items() if held in there}
    groups: dict[str, dict[str, str]] = {}
    for name in cube.attributes:
        known = groups.setdefault(name, {})
        for label in cube.groups[name]:
            known[render_group_condition(spec, name, label)] = label
            if spec.data.edges.get(name):
                known.setdefault(f"{name} {label}", label)
    positive = None if cube.task != "binary" else str(spec.data.positive)
    return RunColumns(cube.task, own, groups, positive)


def render_group_condition(spec: AuditSpec, attribute: str, group: str) -> str:
    """Return the condition that a group's rows meet, "age under 25" or "sex = Female"."""
    if group == MISSING:
        return f"{attribute} is missing"
    edges = tuple(spec.data.edges.get(attribute, ()))
    labels = label_ranges(edges) if edges else ()
    if group not in labels:
        return f"{attribute} = {group}"
    place = labels.index(group)
    if place == 0:
        return f"{attribute} under {show_number(edges[0])}"
    if place == len(edges):
        return f"{attribute} {show_number(edges[-1])} and over"
    low, high = (show_number(edge) for edge in edges[place - 1 : place + 1])
    return f"{attribute} {low} to under {high}"


def parse_run_condition(words: str, columns: RunColumns) -> Condition | None:
    """Return the condition on a column of predictions.parquet that `words` say.

    Groups are said as `render_group_condition` does; else "the outcome = yes", "the decision =
    no" (of several classes their names), "the score 0.4 to under 0.6", "the outcome is missing",
    and for numbers "the outcome under 10" and "the prediction 10 and over". None for words about
    other columns. Raises InputError for words about these that are not understood.
    """
    for name, known in columns.groups.items():
        if words in known:
            return Condition(Column(name_group_column(name), "text", 0, 0), text=known[words])
    spoken = next((name for name in columns.own if words.startswith(f"{name} ")), None)
    if spoken is None:
        return None
    stored = columns.own[spoken]
    numeric = columns.task == "regression" or spoken == SCORE
    found = parse_condition(words, [Column(spoken, "number" if numeric else "text", 0, 0)])
    if columns.task == "binary" and not numeric:
        return _read_binary(found, stored, columns.positive, words)
    return replace(found, column=replace(found.column, name=stored))


def _read_binary(found: Condition, stored: str, positive: str | None, words: str) -> Condition:
    """Return a condition on 1 and 0: said as "yes" and "no", or by the favourable outcome."""
    column = Column(stored, "integer", 0, 0)
    if found.missing:
        return Condition(column, missing=True)
    values = {YES: 1.0, NO: 0.0, f"not {positive}": 0.0, str(positive): 1.0}
    if found.text not in values:
        raise InputError(f"condition {words!r} is not understood; it can be {YES!r} or {NO!r}")
    return Condition(column, values[found.text], values[found.text] + 1)
