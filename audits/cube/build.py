"""Building a cube: one grouped pass over the scored rows, in DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from audits.core.spec import Task
from audits.cube.cube import CODES, SUMS, UNKNOWN, Cube, FloatArray, encode_groups

EXACT_SCORES = 65_536
"""Up to this many different scores the cube keeps each; above, `GRID` bins take their place."""

GRID = 131_072
_GRID_REACH = 16.0
# Scores nearer to 0 or 1 than 1e-7 share the outermost bins.


def grid_edges() -> FloatArray:
    """Return the fixed bins for very many scores: equal steps of log-odds, so that the tails,
    where rare outcomes are decided, are as finely cut as the middle. Fixed rather than fitted,
    because only equal bins add up across partitions."""
    steps = np.linspace(-_GRID_REACH, _GRID_REACH, GRID + 1)[:-1]
    edges = 1 / (1 + np.exp(-steps))
    edges[0] = 0.0
    return np.asarray(edges, dtype=np.float64)


_GRID_SQL = (
    f"CAST(greatest(0, least({GRID - 1}, floor((ln(greatest(s, 1e-300) / greatest(1 - s, 1e-300)) "
    f"+ {_GRID_REACH}) * {GRID / (2 * _GRID_REACH)}))) AS INTEGER)"
)

_EPS = float(np.finfo(np.float64).eps)
# Probabilities of 0 and 1 are clipped so far from the ends, as scikit-learn's log_loss does.


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sum_expressions(task: Task, *, scored: bool, classes: tuple[str, ...]) -> dict[str, str]:
    sums = {"count": "count(*)", "weight": "sum(w)", "weight_squared": "sum(w * w)"}
    if task == "binary":
        loss = f"-ln(greatest(CASE WHEN y = 1 THEN s ELSE 1 - s END, {_EPS!r}))"
        sums["score_sum"] = "sum(w * s)" if scored else "0.0"
        sums["score_square_sum"] = "sum(w * s * s)" if scored else "0.0"
        known = f"sum(CASE WHEN y IS NULL THEN 0.0 ELSE w * {loss} END)"
        sums["log_loss_sum"] = known if scored else "0.0"
    elif task == "multiclass":
        arms = " ".join(
            f"WHEN y = {i} THEN {_quote(f'y_score[{name}]')}" for i, name in enumerate(classes)
        )
        loss = f"ln(greatest(CASE {arms} END, {_EPS!r}))"
        sums["log_loss_sum"] = f"sum(-w * {loss})"
        sums["log_loss_square_sum"] = f"sum(w * {loss} * {loss})"
    else:
        sums |= {
            "y_sum": "sum(w * y)",
            "y_square_sum": "sum(w * y * y)",
            "residual_sum": "sum(w * r)",
            "residual_absolute_sum": "sum(w * abs(r))",
            "residual_square_sum": "sum(w * r * r)",
            "residual_fourth_sum": "sum(w * r * r * r * r)",
        }
    return {name: sums[name] for name in SUMS[task]}


def _class_code(column: str, classes: tuple[str, ...]) -> str:
    arms = " ".join(
        "WHEN '" + name.replace("'", "''") + f"' THEN {i}" for i, name in enumerate(classes)
    )
    return f"CASE {column} {arms} END"


def _row_expressions(task: Task, present: set[str], classes: tuple[str, ...]) -> dict[str, str]:
    """SQL for y (outcome), p (decision), s (score), w (weight) and r (residual) of one row."""
    rows = {"w": "weight" if "weight" in present else "1.0"}
    if task == "multiclass":
        rows["y"] = _class_code("y_true", classes)
        rows["p"] = _class_code("y_pred", classes)
    elif task == "regression":
        rows["y"] = "y_true"
        rows["r"] = "y_pred - y_true"
    else:
        rows["y"] = "y_true" if "y_true" in present else "NULL"
        rows["p"] = "y_pred"
        rows["s"] = "y_score" if "y_score" in present else "NULL"
    return rows


def build_cube(
    connection: duckdb.DuckDBPyConnection,
    predictions: Path,
    *,
    task: Task,
    attributes: tuple[str, ...],
    classes: tuple[str, ...] = (),
    threshold: float | None = None,
) -> Cube:
    """Count the rows of `predictions.parquet` (columns: DESIGN §5).

    One pass out of core; memory grows with the number of cells, not of rows. Weights come from
    a column `weight` where there is one.
    """
    file = "read_parquet('" + str(predictions).replace("'", "''") + "')"
    present = set(connection.sql(f"SELECT * FROM {file}").columns)
    scored = task == "binary" and "y_score" in present
    rows = _row_expressions(task, present, classes)
    selected = ", ".join(f"{sql} AS {name}" for name, sql in rows.items())
    relation = f"(SELECT *, {selected} FROM {file})"
    exact = not scored or _few_scores(connection, file)
    score_key = ("s" if exact else _GRID_SQL) if scored else "NULL"
    keys = [_quote(name) for name in attributes]
    if task != "regression":
        keys += ["y", "p"]
    if task == "binary":
        keys.append(score_key)
    named_keys = [f"{key} AS k{i}" for i, key in enumerate(keys)] or ["1 AS k0"]
    sums = ", ".join(
        f"{sql} AS {_quote(name)}"
        for name, sql in _sum_expressions(task, scored=scored, classes=classes).items()
    )
    query = f"SELECT {', '.join(named_keys)}, {sums} FROM {relation} GROUP BY ALL ORDER BY ALL"
    cells: pa.Table = connection.sql(query).to_arrow_table()
    return _assemble(
        cells,
        task=task,
        attributes=attributes,
        classes=classes,
        scored=scored,
        exact=exact,
        threshold=threshold,
    )


def _few_scores(connection: duckdb.DuckDBPyConnection, file: str) -> bool:
    rows = connection.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT y_score FROM {file} LIMIT {EXACT_SCORES + 1})"
    ).fetchall()
    return int(rows[0][0]) <= EXACT_SCORES


def _assemble(
    cells: pa.Table,
    *,
    task: Task,
    attributes: tuple[str, ...],
    classes: tuple[str, ...],
    scored: bool,
    exact: bool,
    threshold: float | None,
) -> Cube:
    named = cells.rename_columns([*attributes, *cells.column_names[len(attributes) :]])
    groups, group_codes = encode_groups(named, attributes)
    position = len(attributes)
    codes = {}
    edges = np.zeros(0)
    for offset, name in enumerate(CODES[task]):
        column = cells.column(position + offset)
        if name == "score_bin" and scored and exact:
            edges, code = np.unique(column.to_numpy(), return_inverse=True)
        elif column.null_count == len(column):
            code = np.full(len(column), UNKNOWN)
        else:
            code = column.fill_null(UNKNOWN).to_numpy()
        codes[name] = code.astype(np.int64)
    return Cube(
        task=task,
        attributes=attributes,
        groups=groups,
        group_codes=group_codes,
        codes=codes,
        sums={name: cells[name].to_numpy().astype(np.float64) for name in SUMS[task]},
        classes=classes,
        edges=edges if exact else grid_edges(),
        exact_scores=exact,
        threshold=threshold,
    )
