"""Editing a row: which inputs its columns need, and what the model says to the edited row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.errors import AssayError
from audits.core.format import format_value, plain_text
from audits.models import ModelClient
from audits.recourse import RowLimits, Violation, build_rules, find_violations
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts.rows import Absent, is_missing
from dashboard.viewmodels.run import RunData

MAX_CHOICES = 200


@dataclass(frozen=True, slots=True)
class Field:
    """One column as an input. choices: the values seen in the data, None for a number.

    whole: a number without decimals. value: what the row has, None for missing.
    """

    name: str
    value: object
    choices: tuple[str, ...] | None
    whole: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says: score of the favourable outcome (or value), and what follows."""

    score: float
    text: str
    favourable: bool | None


def list_fields(
    run: RunData, row: pd.Series, sample: pd.DataFrame, features: Sequence[str]
) -> list[Field]:
    """Return the inputs for a row's features, those that may change first."""
    immutable = set(run.spec.recourse.immutable)
    fields = []
    for name in features:
        column = sample[name]
        value = row[name]
        missing = is_missing(value)
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            whole = bool(np.equal(np.mod(column.dropna(), 1), 0).all())
            number = None if missing else (int(value) if whole else float(value))
            fields.append(Field(name, number, None, whole, name in immutable))
        else:
            seen = sorted({str(item) for item in column.dropna().unique()}, key=str.casefold)
            text = None if missing else str(value)
            if text is not None and text not in seen:
                seen.insert(0, text)
            fields.append(Field(name, text, tuple(seen[:MAX_CHOICES]), False, name in immutable))
    return sorted(fields, key=lambda field: field.locked)


def compute_prediction(
    run: RunData, client: ModelClient, row: pd.Series, edits: Mapping[str, object]
) -> Prediction | Absent:
    """Ask the model about the row with `edits` put in."""
    frame = _edit(row, edits, client.info.features)
    try:
        answer = client.predict(frame)
    except AssayError as error:
        return Absent(str(error))
    return _read_prediction(run, client, np.atleast_2d(answer))


def list_violations(
    run: RunData,
    row: pd.Series,
    edits: Mapping[str, object],
    sample: pd.DataFrame,
    features: Sequence[str],
    limits: Mapping[str, RowLimits],
) -> list[str]:
    """Return as sentences the rules of the search that the edited row breaks.

    sample: rows that say what values columns have and which columns move together. limits: the
    rules for this row alone. The row's name is its id.
    """
    names = list(features)
    section = run.spec.recourse.keep_features(names)
    rules = build_rules(section, names, sample[names], limits)
    before, after = _edit(row, {}, names)[names], _edit(row, edits, names)[names]
    return [render_violation(x) for x in find_violations(rules, sample[names], before, after)]


def render_violation(violation: Violation) -> str:
    """Return a broken rule as a sentence."""
    key = f"whatif.violation_{violation.setting}"
    if violation.detail and violation.setting in ("overrides", "links"):
        key += "_range" if violation.setting == "overrides" else "_value"
    return say(key, column=plain_text(violation.column), detail=plain_text(violation.detail))


def _edit(row: pd.Series, edits: Mapping[str, object], features: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame([row.to_dict() | dict(edits)], index=[row.name])
    for name in features:
        frame[name] = _like(frame[name], row[name])
    return frame


def _like(column: pd.Series, original: object) -> pd.Series:
    """Return an edited column in the type that the data has it in."""
    if isinstance(original, bool | np.bool_):
        return column.map(lambda value: str(value) == "True")
    if isinstance(original, str) or original is None:
        return column.astype(object)
    return pd.to_numeric(column, errors="coerce")


def _read_prediction(run: RunData, client: ModelClient, answer: np.ndarray) -> Prediction:
    model = run.report.subject.model
    assert model is not None  # a client was opened from it
    if run.task == "regression":
        value = float(answer.ravel()[0])
        return Prediction(value, format_value(value, "target"), None)
    if run.task == "multiclass":
        best = int(answer[0].argmax())
        score = float(answer[0, best])
        text = say("whatif.class", name=model.classes[best], score=format_value(score, "share"))
        return Prediction(score, text, None)
    score = float(answer[0, model.classes.index(str(run.report.subject.data.positive))])
    threshold = run.spec.model.cut if run.spec.model else 0.5
    favourable = score >= threshold
    key = "whatif.favourable" if favourable else "whatif.unfavourable"
    text = say(key, score=format_value(score, "score"), threshold=f"{threshold:g}")
    return Prediction(score, text, favourable)


def list_changed(row: pd.Series, edits: Mapping[str, object]) -> list[str]:
    """Return the columns whose edited value is not the row's."""
    changed = []
    for name, new in edits.items():
        old = row[name]
        both_missing = is_missing(old) and is_missing(new)
        same = both_missing or (not is_missing(new) and _same(old, new))
        if not same:
            changed.append(name)
    return changed


def _same(old: object, new: object) -> bool:
    if isinstance(new, str):
        return str(old) == new
    return not is_missing(old) and float(str(old)) == float(str(new))
