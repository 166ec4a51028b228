"""What the audit keeps of a row beside its features: outcome, decision, score, weight, groups."""

from __future__ import annotations

import duckdb

from audits.core.errors import InputError
from audits.core.groups import name_group_column
from audits.core.spec import AuditSpec
from audits.data.outcome import render_binary_outcome
from audits.data.protected import render_group_expression
from audits.data.schema import Column, find_column
from audits.data.sql import MARK, fetch_one, quote


def _render_number(columns: tuple[Column, ...], name: str, role: str) -> str:
    column = find_column(columns, name, role)
    if not column.is_numeric:
        raise InputError(f"{role} {name!r} holds {column.kind} values, not numbers")
    return f"CAST({quote(name)} AS DOUBLE)"


def _render_target(
    connection: duckdb.DuckDBPyConnection, spec: AuditSpec, view: str, target: Column
) -> str:
    if spec.audit.task == "regression":
        return _render_number((target,), target.name, "target")
    if spec.audit.task == "multiclass":
        return f"CAST({quote(target.name)} AS VARCHAR)"
    assert spec.data.positive is not None  # AuditSpec promises it
    return render_binary_outcome(connection, view, target, spec.data.positive, role="target")


def render_kept_columns(
    connection: duckdb.DuckDBPyConnection,
    spec: AuditSpec,
    view: str,
    columns: tuple[Column, ...],
    protected: tuple[Column, ...],
) -> dict[str, str]:
    """Return SQL for every column that the audit keeps of a row, by its name in the evidence."""
    data, kept = spec.data, dict[str, str]()
    if data.id:
        identity = find_column(columns, data.id, "id")
        kept["row"] = f"CAST({quote(identity.name)} AS VARCHAR)"
    if data.target:
        target = find_column(columns, data.target, "target")
        kept["y_true"] = _render_target(connection, spec, view, target)
    if spec.predictions and spec.predictions.label:
        label = find_column(columns, spec.predictions.label, "predictions label")
        positive = data.positive if data.positive is not None else 1
        kept["y_pred"] = render_binary_outcome(
            connection, view, label, positive, role="predictions label", fallback_true=True
        )
    if spec.predictions and spec.predictions.score:
        kept["y_score"] = _render_number(columns, spec.predictions.score, "score")
    if data.weight:
        kept["weight"] = _render_number(columns, data.weight, "weight")
    for column in protected:
        edges = tuple(data.edges.get(column.name, ()))
        kept[name_group_column(column.name)] = render_group_expression(column, edges)
    return kept


def check_values(connection: duckdb.DuckDBPyConnection, view: str, kept: dict[str, str]) -> None:
    """Raise InputError for values that no number can be made of: the first one is shown."""
    rules = {
        "y_score": (
            "score",
            "{x} IS NULL OR isnan({x}) OR {x} < 0 OR {x} > 1",
            "scores must be in [0, 1]; rescale them, e.g. to probabilities",
        ),
        "y_pred": (
            "decision",
            "{x} IS NULL",
            "every row needs a decision; remove such rows or fill them",
        ),
        "weight": (
            "weight",
            "{x} IS NULL OR isnan({x}) OR {x} < 0 OR isinf({x})",
            "weights must be numbers of at least 0",
        ),
    }
    for name, (word, bad, advice) in rules.items():
        if name not in kept:
            continue
        column = quote(MARK + name)
        row = fetch_one(
            connection,
            f"SELECT n, x FROM (SELECT row_number() OVER () AS n, {column} AS x "
            f"FROM {view}) WHERE {bad.format(x='x')} LIMIT 1",
        )
        if row is not None:
            raise InputError(f"{word} {row[1]} in row {row[0]}: {advice}")
