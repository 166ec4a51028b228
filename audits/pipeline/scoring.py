"""Scoring: every row of the data through the model, into `predictions.parquet`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.core.errors import InputError, near_misses, one_of
from audits.core.groups import name_group_column
from audits.core.report.report import Notice
from audits.core.scale import MARGINS, Scale
from audits.core.settings.pairs import read_pairs
from audits.core.settings.rule_text import parse_moves
from audits.core.settings.spec import AuditSpec, Task
from audits.data import MARK, ROWS_VIEW, AuditTable, Batch, check_pairs, find_column, quote
from audits.models import ModelClient

BATCH = 65_536


def check_named_columns(spec: AuditSpec, table: AuditTable) -> None:
    """Raise InputError where `[recourse]` names a column or a value, or `[data.descendants]` a
    column, or `[data.pairs]` a group or a value, that the data does not have."""
    for attribute, named in spec.data.descendants.items():
        for name in named:
            find_column(table.columns, name, f"data.descendants.{attribute}:")
    check_pairs(read_pairs(spec.data.pairs), table)
    for setting, names in spec.recourse.list_named().items():
        for name in names:
            find_column(table.columns, name, f"recourse.{setting}:")
    moves = {
        name: [value for text in texts for move in parse_moves(text) for value in move]
        for name, texts in spec.recourse.transitions.items()
    }
    listed = {
        name: [value for value in values if isinstance(value, str)]
        for name, values in spec.recourse.allowed.items()
    }
    for setting, wanted in (("transitions", moves), ("allowed", listed)):
        for name, values in wanted.items():
            _check_known_values(table, setting, name, values)


def _check_known_values(table: AuditTable, setting: str, name: str, values: list[str]) -> None:
    """Raise InputError for the first text that neither the data nor the reference has."""
    views = [ROWS_VIEW, *([table.reference.view] if table.reference else [])]
    seen = " UNION ".join(f"SELECT CAST({quote(name)} AS VARCHAR) AS v FROM {v}" for v in views)
    rows = table.connection.execute(f"SELECT DISTINCT v FROM ({seen}) WHERE v IS NOT NULL")
    known = [str(row[0]) for row in rows.fetchall()]
    absent = [value for value in values if value not in known]
    if absent:
        hint = near_misses(absent[0], known) or f"; it has {one_of(known)}"
        raise InputError(f"recourse.{setting}: column {name!r} has no {absent[0]!r}{hint}")


def check_sought_class(spec: AuditSpec, classes: tuple[str, ...]) -> None:
    """Raise InputError where `[recourse] target` is no class of the model."""
    target = spec.recourse.target
    if spec.audit.task == "multiclass" and target is not None and str(target) not in classes:
        hint = near_misses(str(target), classes)
        raise InputError(
            f"recourse.target: {str(target)!r} is no class of the model{hint}; its classes are "
            f"{one_of(classes)}"
        )


def check_features(
    spec: AuditSpec, table: AuditTable, model: ModelClient, frame: pd.DataFrame
) -> None:
    """Raise InputError, naming them, where the data lacks columns that the model needs."""
    _check_names(spec, table, model)
    model.predict(frame.head(1))
    if table.reference is not None:
        model.predict(table.sample_reference(1, np.random.default_rng(0)))


def _check_names(spec: AuditSpec, table: AuditTable, model: ModelClient) -> None:
    """Raise InputError, with the way in, where the model calls its inputs otherwise."""
    names = [column.name for column in table.columns]
    inputs = model.info.features
    absent = [name for name in inputs if name not in names]
    assert spec.model is not None
    if not absent or near_misses(absent[0], names):
        return
    free = [n for n in names if n not in inputs and n != spec.data.target]
    raise InputError(
        f"the data lacks {len(absent)} of the model's {len(inputs)} inputs, {one_of(absent, 6)}; "
        "where they are other names for columns of the data, say which: [model] features = "
        f'["...", ...] in the model\'s order, or {{ "{absent[0]}" = "..." }} (columns that are no '
        f"input yet: {one_of(free)})"
    )


def _score(
    spec: AuditSpec, batch: Batch, model: ModelClient, classes: tuple[str, ...]
) -> pd.DataFrame:
    """Return the batch's kept columns with the model's predictions."""
    scores = model.predict(batch.frame)
    kept = batch.kept.copy()
    if spec.audit.task == "regression":
        kept["y_pred"] = scores
    elif spec.audit.task == "multiclass":
        own = model.info.rule == "own"
        decided = model.decide(batch.frame) if own else scores.argmax(axis=1)
        kept["y_pred"] = np.asarray(classes, dtype=object)[decided]
        for position, name in enumerate(classes):
            kept[f"y_score[{name}]"] = scores[:, position]
    else:
        assert spec.model is not None
        kept["y_score"] = scores[:, classes.index(str(spec.data.positive))]
        kept["y_pred"] = (kept["y_score"] >= spec.model.cut).astype(np.int32)
    return kept


def find_scale(table: AuditTable, model: ModelClient | None) -> Scale | None:
    """Return the scale of the scores, None where they are probabilities: see `Cube.scale`."""
    if model is None:
        return table.scale
    return MARGINS if model.info.output == "score" else None


def describe_ranks(model: ModelClient) -> tuple[Notice, ...]:
    """Return what a reader must know of a model that gives no probabilities."""
    if model.info.output != "score":
        return ()
    return (
        Notice(
            code="model.ranks",
            text="The model gives no probabilities: only the order of its scores counts (a margin "
            "of 0 stands at one half). Calibration, Brier score and log loss do not apply.",
        ),
    )


def find_cut(spec: AuditSpec, table: AuditTable) -> float | None:
    """Return the score from which a row is selected, from 0 to 1 (see `Scale`); None where
    decisions are given, or are none of yes or no.

    With `[predictions] top`, the lowest score at which at most that share of the rows is
    selected: rows that tie at the cut stay together. Raises InputError where that is nobody.
    """
    if spec.audit.task != "binary":
        return None
    if spec.model is not None:
        return spec.model.cut
    given = spec.predictions
    if given is None or given.label:
        return None
    if given.top is None:
        if given.threshold is None:
            return 0.5
        return table.scale.to_unit(given.threshold) if table.scale else given.threshold
    found = table.connection.execute(
        f"SELECT min(s) FROM (SELECT s, sum(count(*)) OVER (ORDER BY s DESC) AS above "
        f"FROM (SELECT {quote(MARK + 'y_score')} AS s FROM {ROWS_VIEW}) GROUP BY s) "
        f"WHERE above <= {given.top!r} * {table.rows}"
    ).fetchall()
    if found[0][0] is None:
        raise InputError(
            f"[predictions] top = {given.top:g} selects nobody: more rows than that share the "
            "highest score; take a larger share, or threshold"
        )
    return float(found[0][0])


def _scored_batches(
    spec: AuditSpec,
    table: AuditTable,
    model: ModelClient | None,
    classes: tuple[str, ...],
    cut: float | None,
) -> Iterator[pd.DataFrame]:
    for batch in table.batches(BATCH):
        if model is not None:
            yield _score(spec, batch, model, classes)
        elif cut is None:
            yield batch.kept
        else:
            yield batch.kept.assign(y_pred=(batch.kept["y_score"] >= cut).astype(np.int32))


def write_predictions(
    path: Path,
    spec: AuditSpec,
    table: AuditTable,
    model: ModelClient | None,
    classes: tuple[str, ...],
    cut: float | None,
    progress: Callable[[float], None],
) -> int:
    """Score all rows and write them in their order; return how many. cut: see `find_cut`.

    Columns: `row`, `y_true`, `y_pred`, `y_score` (`y_score[<class>]` for multiclass), `weight`
    where declared, then the groups (see `name_group_column`). Memory is bounded by one batch.
    """
    written = 0
    writer: pq.ParquetWriter | None = None
    try:
        for kept in _scored_batches(spec, table, model, classes, cut):
            groups = [name_group_column(name) for name in table.grouped]
            ordered = [name for name in kept.columns if name not in groups]
            part = pa.Table.from_pandas(
                kept[[*ordered, *groups]], preserve_index=False
            ).replace_schema_metadata(None)
            if writer is None:
                writer = pq.ParquetWriter(
                    path, _stable_schema(part.schema, spec.audit.task), compression="zstd"
                )
            writer.write_table(part.cast(writer.schema))
            written += part.num_rows
            progress(written / table.rows)
    finally:
        if writer is not None:
            writer.close()
    return written


def _stable_schema(schema: pa.Schema, task: Task) -> pa.Schema:
    """Return the schema with types that hold for every batch: one without a true outcome would
    otherwise change the column from integers to decimals."""
    fields = []
    for field in schema:
        kind = field.type
        if pa.types.is_large_string(kind) or pa.types.is_string(kind) or pa.types.is_null(kind):
            kind = pa.string()
        elif task == "binary" and field.name in ("y_true", "y_pred"):
            kind = pa.int32()
        fields.append(pa.field(field.name, kind))
    return pa.schema(fields)
