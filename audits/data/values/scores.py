"""Given scores: on which scale, which end is favourable, and whether known outcomes agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb
import numpy as np

from audits.core.errors import InputError
from audits.core.report.report import Notice
from audits.core.scale import Scale
from audits.core.settings.predictions import PredictionsSection
from audits.core.words.harms import judge_value
from audits.data.preview.guess import split_words
from audits.data.sql import fetch_one
from audits.data.values.agreement import SURE
from audits.data.values.decisions import TrueOutcome

_BINS = 65_536


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """A column of scores: its name, and SQL for a row's score as DOUBLE."""

    name: str
    sql: str


def find_scale(
    connection: duckdb.DuckDBPyConnection, view: str, column: ScoreColumn, given: PredictionsSection
) -> Scale | None:
    """Return the scale of the scores; None where they are in [0, 1] and higher is favourable.

    Raises InputError for a score that is absent or infinite, for scores beyond 0 and 1 that
    nothing decides by, and for a threshold that no score is on either side of.
    """
    _check_finite(connection, view, column)
    found = fetch_one(connection, f"SELECT min({column.sql}), max({column.sql}) FROM {view}")
    assert found is not None  # an aggregate has one row
    low, high = float(found[0]), float(found[1])
    falling = given.direction == "lower"
    if low >= 0 and high <= 1:
        _check_threshold(column, given, 0.0, 1.0)
        return Scale(low=0.0, high=1.0, falling=True) if falling else None
    if not given.label and given.threshold is None and given.top is None:
        raise InputError(
            f"scores {column.name!r} go from {low:g} to {high:g}, beyond 0 and 1, so that one half "
            "is no threshold: declare [predictions] threshold (on the scores' own scale) or top "
            "(the share that is selected), or rescale them to probabilities",
            setting="predictions.threshold",
        )
    if low == high or not math.isfinite(high - low):
        what = f"are all {low:g}" if low == high else f"go from {low:g} to {high:g}, too far apart"
        raise InputError(f"scores {column.name!r} {what}; an audit needs scores that rank rows")
    _check_threshold(column, given, low, high)
    scale = Scale(low=low, high=high, falling=falling)
    if given.threshold is not None:
        _check_faithful(connection, view, column, scale, given.threshold)
    return scale


def _check_finite(connection: duckdb.DuckDBPyConnection, view: str, column: ScoreColumn) -> None:
    bad = fetch_one(
        connection,
        f"SELECT n, x FROM (SELECT row_number() OVER () AS n, {column.sql} AS x FROM {view}) "
        "WHERE x IS NULL OR isinf(x) LIMIT 1",
    )
    if bad is not None:
        what = "no score" if bad[1] is None else f"the score {bad[1]}"
        raise InputError(
            f"row {bad[0]} has {what} in {column.name!r}; every row needs a finite one: remove "
            "such rows or fill them"
        )


def _check_threshold(
    column: ScoreColumn, given: PredictionsSection, low: float, high: float
) -> None:
    if given.threshold is not None and not low <= given.threshold <= high:
        raise InputError(
            f"[predictions] threshold = {given.threshold:g} lies outside the scores "
            f"{column.name!r}, which go from {low:g} to {high:g}; give one on their own scale",
            setting="predictions.threshold",
        )


def _check_faithful(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    column: ScoreColumn,
    scale: Scale,
    threshold: float,
) -> None:
    """Raise InputError where so wide a scale would put rows on the wrong side of the threshold."""
    side = "<=" if scale.falling else ">="
    bad = fetch_one(
        connection,
        f"SELECT {column.sql} FROM {view} WHERE ({column.sql} {side} {threshold!r}) "
        f"<> ({scale.render(column.sql)} >= {scale.to_unit(threshold)!r}) LIMIT 1",
    )
    if bad is not None:
        raise InputError(
            f"scores {column.name!r} go from {scale.low:g} to {scale.high:g}, so far that "
            f"{bad[0]!r} cannot be told from the threshold {threshold:g}; remove outliers, or give "
            "ranks instead"
        )


def check_direction(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    column: ScoreColumn,
    given: PredictionsSection,
    scale: Scale | None,
    truth: TrueOutcome | None,
) -> tuple[Notice, ...]:
    """Return what a reader must know of the scores.

    Raises InputError where `direction` is not declared, and the scores surely rank people with
    the favourable outcome lower (AUC below one half), or nothing but their name tells, and that
    speaks of a harm.
    """
    told = []
    if scale is not None and scale.only_ranks:
        text = _describe_scale(column, scale, given.threshold)
        told.append(Notice(code="predictions.scale", text=text))
    if truth is None:
        if given.direction is None and _sounds_bad(column.name):
            raise InputError(
                f"scores {column.name!r} sound as if high ones were bad for people, and there are "
                'no known outcomes that could tell; declare [predictions] direction = "lower" '
                '(low scores are favourable) or "higher"',
                setting="predictions.direction",
            )
        return tuple(told)
    place = scale.render(column.sql) if scale else column.sql
    auc, z = _compute_auc(connection, view, place, truth.sql)
    if z >= -SURE:
        return tuple(told)
    if given.direction is None:
        raise InputError(
            f"scores {column.name!r} surely rank people with the favourable outcome lower (AUC "
            f'{auc:.3f}, where chance is 0.5); declare [predictions] direction = "lower" if low '
            'scores are favourable, or "higher" if the scores are as bad as that',
            setting="predictions.direction",
        )
    text = (
        f"{given.direction.capitalize()} scores {column.name!r} are favourable, as declared, "
        f"though they then rank people with the favourable outcome lower (AUC {auc:.3f})."
    )
    return (*told, Notice(code="predictions.against_outcome", text=text))


def _sounds_bad(name: str) -> bool:
    return judge_value(name, 1) < 0 or "risk" in split_words(name)


def _describe_scale(column: ScoreColumn, scale: Scale, threshold: float | None) -> str:
    cut = (
        ""
        if threshold is None
        else f"; the threshold {threshold:g} is {scale.to_unit(threshold):.4g}"
    )
    first, last = (scale.high, scale.low) if scale.falling else (scale.low, scale.high)
    return (
        f"Scores {column.name!r} go from {scale.low:g} to {scale.high:g} and only their order "
        f"counts: in numbers, figures and evidence they stand on a straight line from 0 "
        f"({first:g}) to 1 ({last:g}, the most favourable){cut}. What takes scores for "
        "probabilities (calibration, Brier score, log loss, mean score) does not apply."
    )


def _compute_auc(
    connection: duckdb.DuckDBPyConnection, view: str, place: str, outcome: str
) -> tuple[float, float]:
    """Return the AUC of scores in [0, 1], and how many standard errors it is from one half if
    scores told nothing (Mann and Whitney 1947, with ties); (0.5, 0) without both outcomes."""
    rows = connection.execute(
        f"SELECT count(*) FILTER (WHERE y = 1), count(*) FILTER (WHERE y = 0) FROM (SELECT "
        f"floor({place} * {_BINS}) AS b, {outcome} AS y FROM {view}) GROUP BY b ORDER BY b"
    ).fetchall()
    counts = np.asarray(rows, dtype=np.float64).reshape(-1, 2)
    ones, zeros = counts[:, 0], counts[:, 1]
    n, pairs = counts.sum(), ones.sum() * zeros.sum()
    if not pairs or n < 2:
        return 0.5, 0.0
    below = np.cumsum(zeros) - zeros
    won = float((ones * (below + zeros / 2)).sum())
    tied = counts.sum(axis=1)
    ties = float((tied**3 - tied).sum()) / (n * (n - 1))
    spread = math.sqrt(max(pairs / 12 * (n + 1 - ties), 0.0))
    return won / pairs, (won - pairs / 2) / spread if spread else 0.0
