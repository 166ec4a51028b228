"""Classes without a model: true ones, predicted ones, and the probabilities of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from audits.core.errors import InputError, near_misses, one_of
from audits.core.report.report import Notice
from audits.core.settings.predictions import PredictionsSection
from audits.core.settings.spec import AuditSpec
from audits.data.schema import Column, find_column
from audits.data.sql import fetch_one, literal, quote
from audits.data.values.outcome import (
    check_spelled_alike,
    count_texts,
    render_spelling,
    tabulate_classes,
)
from audits.data.values.spelling import read_number, render_spelled

_SUM_ERROR = 0.01


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """SQL for `y_true`, `y_pred` and `y_score[<class>]`; the classes, sorted."""

    columns: Mapping[str, str]
    classes: tuple[str, ...]
    notices: tuple[Notice, ...] = ()


def read_classes(
    connection: duckdb.DuckDBPyConnection, spec: AuditSpec, view: str, columns: tuple[Column, ...]
) -> ClassColumns:
    """Return true and predicted classes. Raises InputError where they do not fit each other, or
    probabilities are none."""
    data, given = spec.data, spec.predictions
    assert data.target is not None  # AuditSpec promises it
    target = find_column(columns, data.target, "target")
    true = render_spelled(target.name, data.spellings.get(target.name, {}))
    values = count_texts(connection, view, true)
    classes = tabulate_classes(values, target.name)
    if given is None:
        return ClassColumns({"y_true": true}, classes)
    names, kept = set(classes), {"y_true": true}
    notices: tuple[Notice, ...] = ()
    if given.label:
        label = find_column(columns, given.label, "predictions label")
        text = render_spelled(label.name, data.spellings.get(label.name, {}))
        predicted = count_texts(connection, view, text)
        renamed = _match(predicted, values, label.name, target.name)
        kept["y_pred"] = render_spelled("", {c: (v,) for v, c in renamed.items() if v != c}, text)
        new = sorted(set(renamed.values()) - names)
        names |= set(new)
        if new:
            told = (
                f"Predicted classes that no row truly has, in {label.name!r}: {one_of(new)}; if "
                "they are no classes, fix the data or leave their rows out ([predictions] drop)."
            )
            notices = (Notice(code="predictions.unknown_classes", text=told),)
    if given.scores:
        kept |= _keep_scores(connection, view, given, columns, names)
        names |= set(given.scores)
        if not given.label:
            kept["y_pred"] = _render_most_likely(kept, sorted(given.scores))
    return ClassColumns(kept, tuple(sorted(names)), notices)


def _match(
    predicted: Mapping[str, int], true: Mapping[str, int], name: str, target: str
) -> dict[str, str]:
    """Return what each predicted class is called among the true ones: numbers by their value."""
    if not predicted:
        raise InputError(f"predictions label {name!r} has no values at all")
    numbers = {number: one for one in true if (number := read_number(one)) is not None}
    renamed = {
        value: value if value in true else numbers.get(read_number(value) or "", value)
        for value in predicted
    }
    if not set(renamed.values()) & set(true):
        raise InputError(
            f"predictions label {name!r} has no class of target {target!r}: it has "
            f"{one_of(predicted)}, the target has {one_of(sorted(true))}; say which is which, "
            f"{render_spelling(name, sorted(true)[0], (next(iter(predicted)),))}"
        )
    together = {value: true.get(value, 0) for value in (*true, *renamed.values())}
    check_spelled_alike(together, f"predictions label {name!r} beside target {target!r}", name)
    return renamed


def _keep_scores(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    given: PredictionsSection,
    columns: tuple[Column, ...],
    names: set[str],
) -> dict[str, str]:
    kept = {}
    for name, column_name in sorted(given.scores.items()):
        column = find_column(columns, column_name, f"predictions scores.{name}:")
        if not column.is_numeric:
            raise InputError(
                f"predictions scores.{name}: {column.name!r} holds {column.kind} values, not "
                "probabilities"
            )
        kept[f"y_score[{name}]"] = f"CAST({quote(column.name)} AS DOUBLE)"
    if absent := sorted(names - set(given.scores)):
        hint = near_misses(absent[0], given.scores)
        raise InputError(
            f"[predictions] scores has no column for the class {absent[0]!r}{hint}; name one for "
            f"each of {one_of(sorted(names))}"
        )
    _check_probabilities(connection, view, list(kept.values()))
    return kept


def _check_probabilities(
    connection: duckdb.DuckDBPyConnection, view: str, scores: list[str]
) -> None:
    """Raise InputError for the first row whose scores are no probabilities."""
    wrong = " OR ".join(f"{x} IS NULL OR {x} < 0 OR {x} > 1" for x in scores)
    total = " + ".join(scores)
    bad = fetch_one(
        connection,
        f"SELECT n, s FROM (SELECT row_number() OVER () AS n, {total} AS s, ({wrong}) AS w "
        f"FROM {view}) WHERE w OR abs(s - 1) > {_SUM_ERROR} LIMIT 1",
    )
    if bad is not None:
        shown = "one is absent" if bad[1] is None else f"they add up to {bad[1]:.6g}"
        raise InputError(
            f"[predictions] scores of row {bad[0]} are no probabilities of classes, each in [0, 1] "
            f"and together 1: {shown}; rescale them (softmax), or give the predicted classes alone "
            "as label"
        )


def _render_most_likely(kept: Mapping[str, str], names: list[str]) -> str:
    """Return SQL for the class of the highest probability, the first one where several tie."""
    scores = [kept[f"y_score[{name}]"] for name in names]
    best = f"greatest({', '.join(scores)})"
    arms = " ".join(
        f"WHEN {score} = {best} THEN {literal(name)}"
        for name, score in zip(names, scores, strict=True)
    )
    return f"CASE {arms} END"
