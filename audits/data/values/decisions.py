"""Which value of a column of decisions is favourable: declared, or plain from the target and not
against known outcomes. Never guessed: else the audit asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from audits.core.errors import InputError
from audits.core.report.report import Notice
from audits.core.settings.spec import AuditSpec
from audits.core.words.harms import judge_value
from audits.data.preview.guess import says_no, says_yes
from audits.data.values.agreement import Agreement, compute_agreement
from audits.data.values.outcome import (
    BinaryColumn,
    Coding,
    count_texts,
    find_coding,
    matches,
    show_counts,
)
from audits.data.values.spelling import read_number

_FAVOURABLE = "predictions.positive"


@dataclass(frozen=True, slots=True)
class TrueOutcome:
    """The target: SQL for its outcome (1, 0, NULL), and its values."""

    sql: str
    values: tuple[str, ...]


def read_decisions(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    spec: AuditSpec,
    column: BinaryColumn,
    truth: TrueOutcome | None,
) -> tuple[Coding, tuple[Notice, ...]]:
    """Return what the values of the decisions mean, and what a reader must know of it.

    Undeclared, the words of the target mean the same; "yes", "true" or 1 is favourable beside a
    target whose favourable value is such a word too, or in a column whose name says so ("hired").
    Raises InputError, with how far either reading agrees with known outcomes, for anything else,
    and where decisions read so surely agree less often than by chance.
    """
    assert spec.predictions is not None
    given = spec.predictions
    values = count_texts(connection, view, column.text)
    if given.positive is not None:
        coding = find_coding(values, column, given.positive, given.negative)
        agreement = _agree(connection, view, column, coding.positive, truth)
        return coding, _note_declared(column, given.positive, agreement)
    positive = spec.data.positive
    plain = _find_plain(values, column, spec, truth)
    if plain is None and truth is None:
        why = "there are no known outcomes that could tell"
        raise InputError(_ask(column, values, why), setting=_FAVOURABLE)
    if plain is None and len({read_number(v) or v for v in values}) != 2:
        raise InputError(
            f"{column.title} has {len(values):,} values, none of which is plainly the favourable "
            f'one: {show_counts(values)}; declare [predictions] positive = "...", the others as '
            f"negative, or as drop what is no decision",
            setting=_FAVOURABLE,
        )
    first = plain if plain is not None else next(iter(values))
    coding = find_coding(
        values, column, first, spec.data.negative if plain == str(positive) else ()
    )
    agreement = _agree(connection, view, column, coding.positive, truth)
    if plain is None:
        why = _describe_readings(coding, agreement, str(positive))
        raise InputError(_ask(column, values, why), setting=_FAVOURABLE)
    if agreement is not None and agreement.is_worse:
        raise InputError(_describe_turned(column, coding, agreement), setting=_FAVOURABLE)
    if truth is None and positive is None:
        told = f"{column.title}: {first!r} is read as favourable, by the words alone"
        return coding, (Notice(code="predictions.positive_by_words", text=f"{told}."),)
    return coding, ()


def _find_plain(
    values: Mapping[str, int], column: BinaryColumn, spec: AuditSpec, truth: TrueOutcome | None
) -> str | None:
    """Return the value that is favourable without a proof, None where that is not plain."""
    wanted = spec.data.positive
    if truth is None:
        if wanted is not None:
            return next((v for v in values if matches(v, wanted, column.is_boolean)), None)
        good = [v for v in values if judge_value(column.name, v) > 0]
        return good[0] if len(good) == 1 and len(values) == 2 else None
    assert wanted is not None  # AuditSpec promises it beside a target
    hits = [value for value in values if matches(value, wanted, column.is_boolean)]
    same = all(any(matches(v, t) for t in truth.values) for v in values)
    if hits and (same or (len(values) > 2 and not _all_codes(values))):
        return hits[0]
    yes = [value for value in values if says_yes(value)]
    no = [value for value in values if says_no(value)]
    if len(values) != 2 or len(yes) != 1 or len(no) != 1:
        return None
    sounds = judge_value(column.name, yes[0])
    named = sounds > 0 and judge_value(str(spec.data.target), wanted) >= 0
    return yes[0] if named or (sounds == 0 and says_yes(str(wanted))) else None


def _all_codes(values: Mapping[str, int]) -> bool:
    return all(read_number(value) is not None for value in values)


def _agree(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    column: BinaryColumn,
    favourable: Sequence[str],
    truth: TrueOutcome | None,
) -> Agreement | None:
    if truth is None:
        return None
    return compute_agreement(connection, view, column.text, favourable, truth.sql)


def _describe_readings(coding: Coding, agreement: Agreement | None, positive: str) -> str:
    """Return how far either reading agrees with known outcomes. It is no proof: a decision may
    have changed what came after it."""
    assert agreement is not None
    if agreement.is_worse:
        coding, agreement = Coding(coding.negative, coding.positive), agreement.turned()
    favourable, other = coding.positive[0], coding.negative[0]
    speaks = f"speaks for {favourable!r}" if agreement.is_better else "speaks for neither"
    return (
        f"read as {favourable!r} they agree with the outcome {positive!r} on {agreement.share:.1%} "
        f"of {agreement.rows:,} rows, read as {other!r} on {1 - agreement.share:.1%}, which "
        f"{speaks}"
    )


def _ask(column: BinaryColumn, values: Mapping[str, int], why: str) -> str:
    choices = " or ".join(f'positive = "{value}"' for value in list(values)[:2])
    return (
        f"{column.title} holds {show_counts(values)}, and which decision is favourable is not "
        f"plain: {why}; declare [predictions] {choices}"
    )


def _describe_turned(column: BinaryColumn, coding: Coding, agreement: Agreement) -> str:
    read, other = coding.positive[0], coding.negative[0]
    return (
        f"{column.title} surely reads the other way round: with {read!r} as the favourable "
        f"decision it agrees with the outcome on {agreement.share:.1%} of {agreement.rows:,} rows "
        f"(by chance {agreement.chance:.1%}), with {other!r} on {1 - agreement.share:.1%}; declare "
        f'[predictions] positive = "{other}", or "{read}" if the decisions are as bad as that'
    )


def _note_declared(
    column: BinaryColumn, positive: object, agreement: Agreement | None
) -> tuple[Notice, ...]:
    if agreement is None or not agreement.is_worse:
        return ()
    told = (
        f"{column.title}: {str(positive)!r} is the favourable decision, as declared, though the "
        f"decisions then agree with the outcome on {agreement.share:.1%} of {agreement.rows:,} "
        f"rows, less than by chance ({agreement.chance:.1%})."
    )
    return (Notice(code="predictions.against_outcome", text=told),)
