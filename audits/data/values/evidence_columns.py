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
class EvidenceColumns:
    """SQL for every column that the audit keeps of a row, by its name in the evidence; the classes
    (of several), the scale of the scores, what no row may lack (`needed`) with the word for it, and
    what a reader must know of all that."""

    columns: dict[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    scale: Scale | None = None
    needed: dict[str, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


def render_evidence_columns(
    connection: duckdb.DuckDBPyConnection,
    spec: AuditSpec,
    view: str,
    columns: tuple[Column, ...],
    protected: tuple[Column, ...],
) -> EvidenceColumns:
    """Return what is kept of the rows of `view`. Raises InputError for whatever in the outcome, the
    decisions or the scores has no plain meaning."""
    data, evidence = spec.data, EvidenceColumns()
    present = list_columns(connection, view)
    if data.id:
        identity = find_column(columns, data.id, "id")
        evidence.columns["row"] = render_text(identity.name, present)
    if spec.audit.task == "regression":
        _keep_numbers(spec, columns, evidence)
    elif spec.audit.task == "multiclass":
        found = read_classes(connection, spec, view, columns)
        evidence.columns |= found.columns
        evidence.needed |= {"y_pred": "decision"} if "y_pred" in found.columns else {}
        evidence.classes = found.classes
        evidence.notices += found.notices
    else:
        _keep_binary(connection, spec, view, columns, evidence)
    if data.weight:
        evidence.columns["weight"] = render_number(columns, data.weight, "weight")
        evidence.needed["weight"] = "weight"
    for column in protected:
        evidence.columns[name_group_column(column.name)] = render_group_expression(
            column,
            tuple(data.edges.get(column.name, ())),
            render_spelled(
                column.name,
                data.spellings.get(column.name, {}),
                render_text(column.name, present),
            ),
        )
    return evidence


def render_number(columns: tuple[Column, ...], name: str, role: str) -> str:
    """Return SQL for a column of numbers. Raises InputError where it holds others."""
    column = find_column(columns, name, role)
    if not column.is_numeric:
        raise InputError(
            f"{role} {name!r} holds {column.kind} values, not numbers; if some stand for no value, "
            f'list them in [data] missing, and [data.types] {name} = "number" names the first other'
        )
    return f"CAST({quote(name)} AS DOUBLE)"


def _keep_numbers(spec: AuditSpec, columns: tuple[Column, ...], evidence: EvidenceColumns) -> None:
    assert spec.data.target is not None  # AuditSpec promises it
    evidence.columns["y_true"] = render_number(columns, spec.data.target, "target")
    if spec.predictions is not None:
        assert spec.predictions.value is not None  # and this
        value = render_number(columns, spec.predictions.value, "predictions value")
        evidence.columns["y_pred"], evidence.needed["y_pred"] = value, "prediction"


def describe_target(column: Column, data: DataSection, role: str = "target") -> BinaryColumn:
    """Return how the target's values are read."""
    text = render_spelled(column.name, data.spellings.get(column.name, {}))
    return BinaryColumn(column.name, text, role, is_boolean=column.kind == "boolean")


def _keep_binary(
    connection: duckdb.DuckDBPyConnection,
    spec: AuditSpec,
    view: str,
    columns: tuple[Column, ...],
    evidence: EvidenceColumns,
) -> None:
    data, given, truth = spec.data, spec.predictions, None
    if data.target:
        assert data.positive is not None  # AuditSpec promises it
        target = describe_target(find_column(columns, data.target, "target"), data)
        coding = find_coding(
            count_texts(connection, view, target.text), target, data.positive, data.negative
        )
        truth = TrueOutcome(coding.render(target.text), (*coding.positive, *coding.negative))
        evidence.columns["y_true"] = truth.sql
        evidence.notices += _describe_unused(
            "data.unused_negative", "[data] negative", coding.unused
        )
    if given is not None and given.label:
        column = find_column(columns, given.label, "predictions label")
        text = render_spelled(column.name, data.spellings.get(column.name, {}))
        label = BinaryColumn(
            column.name, text, "predictions label", "[predictions]", column.kind == "boolean"
        )
        coding, told = read_decisions(connection, view, spec, label, truth)
        evidence.columns["y_pred"], evidence.needed["y_pred"] = coding.render(text), "decision"
        evidence.notices += told
        unused = coding.unused if given.negative else ()
        evidence.notices += _describe_unused(
            "predictions.unused_negative", "[predictions] negative", unused
        )
    if given is not None and given.score:
        score = ScoreColumn(given.score, render_number(columns, given.score, "score"))
        evidence.scale = find_scale(connection, view, score, given)
        evidence.notices += check_direction(connection, view, score, given, evidence.scale, truth)
        evidence.columns["y_score"] = (
            evidence.scale.render(score.sql) if evidence.scale else score.sql
        )


def _describe_unused(code: str, setting: str, values: tuple[str, ...]) -> list[Notice]:
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


def check_values(
    connection: duckdb.DuckDBPyConnection, view: str, evidence: EvidenceColumns
) -> None:
    """Raise InputError for a row that lacks what every row needs: the first one is shown."""
    for name, word in evidence.needed.items():
        bad, advice = _NEEDED[word]
        row = fetch_one(
            connection,
            f"SELECT n, x FROM (SELECT row_number() OVER () AS n, {quote(MARK + name)} AS x "
            f"FROM {view}) WHERE {bad} LIMIT 1",
        )
        if row is not None:
            shown = f"no {word}" if row[1] is None else f"the {word} {row[1]}"
            raise InputError(f"row {row[0]} has {shown}: {advice}")
