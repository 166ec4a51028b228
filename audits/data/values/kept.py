"""What the audit keeps of a row beside its features: outcome, decision, score, weight, groups."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from audits.core.errors import InputError
from audits.core.groups import name_group_column
from audits.core.report.report import Notice
from audits.core.scale import Scale
from audits.core.settings.data import DataSection
from audits.core.settings.spec import AuditSpec
from audits.data.groups.protected import render_group_expression
from audits.data.schema import Column, find_column
from audits.data.sql import MARK, fetch_one, list_columns, quote
from audits.data.values.classes import read_classes
from audits.data.values.decisions import TrueOutcome, read_decisions
from audits.data.values.outcome import BinaryColumn, count_texts, find_coding
from audits.data.values.scores import ScoreColumn, check_direction, find_scale
from audits.data.values.spelling import render_spelled
from audits.data.values.typed import render_text


@dataclass(slots=True)
class Kept:
    """SQL for every column that the audit keeps of a row, by its name in the evidence; the classes
    (of several), the scale of the scores, what no row may lack (`needed`) with the word for it, and
    what a reader must know of all that."""

    columns: dict[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    scale: Scale | None = None
    needed: dict[str, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


def render_kept_columns(
    connection: duckdb.DuckDBPyConnection,
    spec: AuditSpec,
    view: str,
    columns: tuple[Column, ...],
    protected: tuple[Column, ...],
) -> Kept:
    """Return what is kept of the rows of `view`. Raises InputError for whatever in the outcome, the
    decisions or the scores has no plain meaning."""
    data, kept = spec.data, Kept()
    present = list_columns(connection, view)
    if data.id:
        identity = find_column(columns, data.id, "id")
        kept.columns["row"] = render_text(identity.name, present)
    if spec.audit.task == "regression":
        _keep_numbers(spec, columns, kept)
    elif spec.audit.task == "multiclass":
        found = read_classes(connection, spec, view, columns)
        kept.columns |= found.columns
        kept.needed |= {"y_pred": "decision"} if "y_pred" in found.columns else {}
        kept.classes = found.classes
        kept.notices += found.notices
    else:
        _keep_binary(connection, spec, view, columns, kept)
    if data.weight:
        kept.columns["weight"] = render_number(columns, data.weight, "weight")
        kept.needed["weight"] = "weight"
    for column in protected:
        kept.columns[name_group_column(column.name)] = render_group_expression(
            column,
            tuple(data.edges.get(column.name, ())),
            render_spelled(
                column.name,
                data.spellings.get(column.name, {}),
                render_text(column.name, present),
            ),
        )
    return kept


def render_number(columns: tuple[Column, ...], name: str, role: str) -> str:
    """Return SQL for a column of numbers. Raises InputError where it holds others."""
    column = find_column(columns, name, role)
    if not column.is_numeric:
        raise InputError(
            f"{role} {name!r} holds {column.kind} values, not numbers; if some stand for no value, "
            f'list them in [data] missing, and [data.types] {name} = "number" names the first other'
        )
    return f"CAST({quote(name)} AS DOUBLE)"


def _keep_numbers(spec: AuditSpec, columns: tuple[Column, ...], kept: Kept) -> None:
    assert spec.data.target is not None  # AuditSpec promises it
    kept.columns["y_true"] = render_number(columns, spec.data.target, "target")
    if spec.predictions is not None:
        assert spec.predictions.value is not None  # and this
        value = render_number(columns, spec.predictions.value, "predictions value")
        kept.columns["y_pred"], kept.needed["y_pred"] = value, "prediction"


def describe_target(column: Column, data: DataSection, role: str = "target") -> BinaryColumn:
    """Return how the target's values are read."""
    text = render_spelled(column.name, data.spellings.get(column.name, {}))
    return BinaryColumn(column.name, text, role, is_boolean=column.kind == "boolean")


def _keep_binary(
    connection: duckdb.DuckDBPyConnection,
    spec: AuditSpec,
    view: str,
    columns: tuple[Column, ...],
    kept: Kept,
) -> None:
    data, given, truth = spec.data, spec.predictions, None
    if data.target:
        assert data.positive is not None  # AuditSpec promises it
        target = describe_target(find_column(columns, data.target, "target"), data)
        coding = find_coding(
            count_texts(connection, view, target.text), target, data.positive, data.negative
        )
        truth = TrueOutcome(coding.render(target.text), (*coding.positive, *coding.negative))
        kept.columns["y_true"] = truth.sql
        kept.notices += _tell_unused("data.unused_negative", "[data] negative", coding.unused)
    if given is not None and given.label:
        column = find_column(columns, given.label, "predictions label")
        text = render_spelled(column.name, data.spellings.get(column.name, {}))
        label = BinaryColumn(
            column.name, text, "predictions label", "[predictions]", column.kind == "boolean"
        )
        coding, told = read_decisions(connection, view, spec, label, truth)
        kept.columns["y_pred"], kept.needed["y_pred"] = coding.render(text), "decision"
        kept.notices += told
        unused = coding.unused if given.negative else ()
        kept.notices += _tell_unused(
            "predictions.unused_negative", "[predictions] negative", unused
        )
    if given is not None and given.score:
        score = ScoreColumn(given.score, render_number(columns, given.score, "score"))
        kept.scale = find_scale(connection, view, score, given)
        kept.notices += check_direction(connection, view, score, given, kept.scale, truth)
        kept.columns["y_score"] = kept.scale.render(score.sql) if kept.scale else score.sql


def _tell_unused(code: str, setting: str, values: tuple[str, ...]) -> list[Notice]:
    return [
        Notice(
            code=code, text=f"{setting}: {value!r} is a value of no row, so that it had no effect."
        )
        for value in values
    ]


_NEEDED = {
    "decision": ("x IS NULL", "every row needs one; remove such rows or fill them"),
    "prediction": ("x IS NULL OR isinf(x)", "every row needs a finite one; remove such rows"),
    "weight": ("x IS NULL OR x < 0 OR isinf(x)", "weights must be numbers of at least 0"),
}


def check_values(connection: duckdb.DuckDBPyConnection, view: str, kept: Kept) -> None:
    """Raise InputError for a row that lacks what every row needs: the first one is shown."""
    for name, word in kept.needed.items():
        bad, advice = _NEEDED[word]
        row = fetch_one(
            connection,
            f"SELECT n, x FROM (SELECT row_number() OVER () AS n, {quote(MARK + name)} AS x "
            f"FROM {view}) WHERE {bad} LIMIT 1",
        )
        if row is not None:
            shown = f"no {word}" if row[1] is None else f"the {word} {row[1]}"
            raise InputError(f"row {row[0]} has {shown}: {advice}")
