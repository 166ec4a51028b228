"""What columns probably mean, from their names and values: guesses for people to correct."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from audits.core.settings.recourse import Scalar
from audits.core.settings.spec import Task
from audits.core.words.harms import looks_like_harm
from audits.data.schema import Column

FEW_GROUPS = 20
"""A column of texts with more values than this is not suggested as protected: most of its groups
would be too small to say anything about."""

MANY_NUMBERS = 12
"""A protected column of more different numbers than this is cut into ranges."""

MAX_CLASSES = 20
"""A target of more texts than this is hardly a set of classes."""

_PROTECTED = {
    "sex", "sexe", "gender", "geschlecht", "race", "racial", "ethnic", "ethnicity", "ethnie",
    "hispanic", "latino", "latinx", "minority", "caste", "tribe", "skin", "age", "alter", "dob",
    "birth", "birthdate", "religion", "religious", "faith", "disability", "disabled", "handicap",
    "nationality", "citizenship", "citizen", "foreign", "foreigner", "immigrant", "immigration",
    "native", "marital", "married", "maritalstatus", "pregnant", "pregnancy", "maternity",
    "veteran", "orientation", "lgbt", "language", "mothertongue",
}  # fmt: skip
_PROTECTED_STEMS = ("gender", "ethnic", "religio", "nationalit", "disab", "marital")
_NOT_OF_PEOPLE = {"pct", "percent", "percentage", "share", "rate", "ratio", "count", "avg", "mean"}
_TARGETS = ({"target", "label", "outcome", "y"}, {
    "approved", "repaid", "hired", "default", "defaulted", "readmitted", "recid", "churn",
})  # fmt: skip
_DECISIONS = {
    "decision", "decided", "predicted", "prediction", "pred", "selected", "invited", "shortlisted",
    "hat", "yhat", "granted", "offer", "hired", "approved",
}  # fmt: skip
_SCORES = {"score", "prob", "proba", "probability", "likelihood"}
_GOOD = {
    "yes", "y", "true", "t", "1", "1.0", "good", "approved", "approve", "accepted", "accept",
    "granted", "hired", "hire", "passed", "pass", "paid", "repaid", "selected", "admitted",
    "positive", "success", ">50k", ">50k.", "high", "favorable", "favourable",
}  # fmt: skip
_BAD = {
    "no", "n", "false", "f", "0", "0.0", "bad", "denied", "deny", "rejected", "reject", "refused",
    "failed", "fail", "unpaid", "defaulted", "default", "negative", "<=50k", "<=50k.", "low",
    "unfavorable", "unfavourable", "-1",
}  # fmt: skip
_IDS = {"id", "uuid", "guid", "key", "nr", "nbr", "number", "no", "index", "identifier"}
_WEIGHTS = {"sampleweight", "surveyweight", "samplingweight", "caseweight", "weights"}

SURE_MISSING = ("?", "na", "n/a", "#n/a", "nan", "null", ".", "<na>")
"""Texts that hardly stand for anything else than "no value", in any case."""
MAYBE_MISSING = (
    "-",
    "--",
    "none",
    "missing",
    "unknown",
    "not available",
    "not known",
    "unspecified",
)
"""Texts that may stand for "no value", or may be a value: only a person can tell."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What columns are probably there for. target, id, weight: "" where nothing looks like it."""

    target: str
    protected: tuple[str, ...]
    id: str = ""
    weight: str = ""


def split_words(name: str) -> list[str]:
    """Return the words of a column's name in lower case: "maritalStatus_2" has marital, status."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[^a-zA-Z]+", spaced.lower()) if word]


def guess_roles(
    columns: Sequence[Column],
    *,
    rows: int,
    features: Collection[str] = (),
    task: Task | None = None,
    classes: int = 0,
) -> Roles:
    """Return what the columns are probably there for.

    features, task, classes: the model's, where it is known: a column that the model reads is not
    its target.
    """
    named = [c.name for c in columns if _is_id_name(c.name) and _names_rows(c, rows)]
    texts = [c.name for c in columns if c.kind == "text" and _names_rows(c, rows)]
    identity = next(iter((*named, *texts)), "")
    weight = next((c.name for c in columns if c.is_numeric and _is_weight(c.name)), "")
    free = [c for c in columns if c.name not in (identity, weight)]
    target = guess_target(free, features=features, task=task, classes=classes)
    protected = suggest_protected([c for c in free if c.name != target])
    return Roles(target, protected, identity, weight)


def guess_target(
    columns: Sequence[Column],
    *,
    features: Collection[str] = (),
    task: Task | None = None,
    classes: int = 0,
) -> str:
    """Return the column that looks most like the true outcome, "" where none does.

    One that is called so comes first, else the last one: that is where most files have it. A
    column with a single value is no outcome.
    """
    free = [c for c in columns if c.name not in features and c.distinct > 1]
    if task == "regression":
        free = [c for c in free if c.is_numeric] or free
    elif task is not None:
        free = [c for c in free if c.distinct <= max(classes, 2)]
    elif not features:
        free = [c for c in free if c.is_numeric or c.distinct <= MAX_CLASSES]
    for names in _TARGETS:
        named = [c for c in free if names.intersection(split_words(c.name))]
        if named:
            return named[-1].name
    return free[-1].name if free else ""


def guess_predictions(columns: Sequence[Column]) -> tuple[str, str]:
    """Return the column that looks like decisions and the one that looks like scores, "" where
    none does."""
    labels = [
        c for c in columns if c.distinct == 2 and _DECISIONS.intersection(split_words(c.name))
    ]
    scores = [c for c in columns if c.is_numeric and c.distinct > 2
              and _SCORES.intersection(split_words(c.name))]  # fmt: skip
    return (labels[0].name if labels else ""), (scores[0].name if scores else "")


def guess_task(target: Column) -> Task:
    """Return what kind of prediction a true outcome asks for: two values are a decision, few are
    classes, many numbers are a number."""
    if target.distinct <= 2:
        return "binary"
    few = MAX_CLASSES if not target.is_numeric else MANY_NUMBERS
    return "regression" if target.is_numeric and target.distinct > few else "multiclass"


def guess_positive(target: str, values: Sequence[Scalar]) -> Scalar | None:
    """Return which of two outcomes is probably the favourable one, None where nothing says so.

    1 and "yes" are favourable, unless the column is named after something that nobody wants
    (default, readmitted, recidivism); 1 and 2 say nothing.
    """
    if len(values) != 2:
        return None
    texts = [str(value).strip().casefold() for value in values]
    good = [position for position, text in enumerate(texts) if text in _GOOD]
    bad = [position for position, text in enumerate(texts) if text in _BAD]
    plain = {"1", "1.0", "0", "0.0", "true", "false", "yes", "no", "y", "n"}
    if len(good) != 1 and len(bad) != 1:
        return None
    chosen = good[0] if len(good) == 1 else 1 - bad[0]
    if texts[chosen] == "1" and texts[1 - chosen] == "2":
        return None
    harmful = looks_like_harm(target, values[chosen])
    return values[1 - chosen] if harmful and set(texts) <= plain else values[chosen]


def says_yes(value: str) -> bool:
    """Whether a value by itself says that what was asked for happened: yes, 1, approved."""
    return value.strip().casefold() in _GOOD


def says_no(value: str) -> bool:
    """Whether a value by itself says that it did not: no, 0, denied."""
    return value.strip().casefold() in _BAD


def suggest_protected(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the columns whose names speak of what the law protects, and that make groups: few
    texts, or numbers that can be cut."""
    return tuple(
        column.name
        for column in columns
        if is_protected_name(column.name)
        and column.distinct > 1
        and (column.is_numeric or column.distinct <= FEW_GROUPS)
    )


def is_protected_name(name: str) -> bool:
    """Whether a column's name speaks of a protected attribute: of people, not of their share."""
    words = split_words(name)
    if _NOT_OF_PEOPLE.intersection(words):
        return False
    joined = "".join(words)
    return bool(_PROTECTED.intersection(words)) or any(s in joined for s in _PROTECTED_STEMS)


def round_edges(name: str, edges: Sequence[float], low: float, high: float) -> tuple[float, ...]:
    """Return edges that people would choose: ages in steps of 5, others to two digits.

    low, high: the column's least and largest value; an edge that leaves a side empty is dropped.
    """
    is_age = "age" in split_words(name)
    rounded = [5.0 * round(edge / 5) if is_age else float(f"{edge:.2g}") for edge in edges]
    return tuple(sorted({edge for edge in rounded if low < edge <= high}))


def _is_id_name(name: str) -> bool:
    words = split_words(name)
    return bool(words) and (words[-1] in _IDS or words[0] == "id")


def _names_rows(column: Column, rows: int) -> bool:
    # The number of different values is an estimate, a few percent off.
    return column.kind in ("integer", "text") and column.distinct >= 0.9 * rows > 9


def _is_weight(name: str) -> bool:
    return "".join(split_words(name)) in _WEIGHTS
