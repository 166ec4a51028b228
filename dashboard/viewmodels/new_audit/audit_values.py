"""What the values of an outcome, or of decisions, mean: as people say, else as plain words do."""

from __future__ import annotations

from dataclasses import dataclass

from audits.core.format import format_count, plain_text
from audits.core.settings.recourse import Scalar
from audits.data import (
    ColumnPreview,
    find_similar,
    fold,
    guess_positive,
    looks_missing,
    says_no,
    says_yes,
)
from dashboard.catalogue import say
from dashboard.viewmodels.new_audit.audit_form import AuditForm

MEANINGS = ("positive", "negative", "missing", "drop")
"""What a value may mean, in the order in which it is offered."""
SPELLED = "spelled:"
"""Begins what is said of a value that is another spelling of the one that follows."""
MAX_VALUES = 12
"""So many values are asked about one by one; a column of more is hardly yes or no."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the values of a column mean. spellings: other ways to write a value. unsaid: values
    that nothing is said of. rival: a second value that is called favourable, "" where none is."""

    positive: Scalar | None = None
    negative: tuple[Scalar, ...] = ()
    missing: tuple[str, ...] = ()
    drop: tuple[Scalar, ...] = ()
    spellings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unsaid: tuple[str, ...] = ()
    rival: str = ""


def needs_meanings(one: ColumnPreview | None) -> bool:
    """Whether it has to be said what a column's values mean: there are more than two, two are
    written alike, or one may be no value at all."""
    texts = [str(value) for value in one.values] if one else []
    if not 2 <= len(texts) <= MAX_VALUES:
        return False
    return len(texts) > 2 or bool(find_similar(texts)) or any(map(looks_missing, texts))


def guess_meanings(one: ColumnPreview) -> dict[str, str]:
    """Return what plain words say: which value is favourable and which is its opposite, or
    nothing."""
    kept = {fold(str(value)): value for value in reversed(one.values)
            if not looks_missing(str(value))}  # fmt: skip
    plain = [value for value in kept.values() if says_yes(str(value)) or says_no(str(value))]
    positive = guess_positive(one.column.name, plain)
    if positive is None:
        return {}
    return {str(value): "positive" if value == positive else "negative" for value in plain}


def list_meanings(form: AuditForm, one: ColumnPreview) -> dict[str, str]:
    """Return what is said of each value, or guessed of it; values that nobody knows of are out."""
    said = form.meanings.get(one.column.name)
    return guess_meanings(one) if said is None else dict(said)


def read_said(form: AuditForm, one: ColumnPreview | None) -> Said:
    """Return what a column's values mean, where that has to be said."""
    if one is None or not needs_meanings(one):
        return Said()
    meanings = list_meanings(form, one)
    by: dict[str, list[Scalar]] = {}
    for value in one.values:
        by.setdefault(meanings.get(str(value), ""), []).append(value)
    spelled = {
        meaning.removeprefix(SPELLED): tuple(map(str, values))
        for meaning, values in by.items()
        if meaning.startswith(SPELLED)
    }
    favourable = by.get("positive", [])
    # Another spelling of a value that is itself another spelling says nothing.
    lost = [text for best, texts in spelled.items()
            if meanings.get(best, "").startswith(SPELLED) for text in texts]  # fmt: skip
    return Said(
        positive=favourable[0] if favourable else None,
        negative=tuple(by.get("negative", ())),
        missing=tuple(map(str, by.get("missing", ()))),
        drop=tuple(by.get("drop", ())),
        spellings=tuple(spelled.items()),
        unsaid=(*map(str, by.get("", ())), *lost),
        rival=str(favourable[1]) if len(favourable) > 1 else "",
    )


def choose_positive(form: AuditForm, one: ColumnPreview | None) -> Scalar | None:
    """Return the favourable value: as chosen, else as the values' words say."""
    if one is None:
        return None
    if needs_meanings(one):
        return read_said(form, one).positive
    chosen = [value for value in one.values if str(value) == form.positive]
    return chosen[0] if chosen else guess_positive(one.column.name, one.values)


def choose_decision(form: AuditForm, one: ColumnPreview | None) -> Said:
    """Return what a column of decisions means as far as anybody said it: two plain values may be
    left to the audit."""
    if one is None or needs_meanings(one):
        return read_said(form, one)
    said = form.meanings.get(one.column.name, {})
    return Said(next((v for v in one.values if said.get(str(v)) == "positive"), None))


def list_outcomes(one: ColumnPreview, said: Said) -> tuple[Scalar, ...]:
    """Return the two outcomes of a column, as far as they are known: its values, without those
    that are said to be none."""
    if not needs_meanings(one):
        return one.values
    return tuple(v for v in (*said.negative, said.positive) if v is not None)


def offer_meanings(one: ColumnPreview, value: Scalar, *, is_decision: bool) -> tuple[str, ...]:
    """Return what may be said of a value; every row needs a decision, so that none is missing."""
    plain = [meaning for meaning in MEANINGS if not (is_decision and meaning == "missing")]
    others = [str(other) for other in one.values if other != value]
    others.sort(key=lambda other: fold(other) != fold(str(value)))
    is_text = one.column.kind == "text"
    return (*plain, *(f"{SPELLED}{other}" for other in others if is_text))


def name_meaning(meaning: str) -> str:
    """Return a meaning in words."""
    if meaning.startswith(SPELLED):
        return say("form.means_spelled", value=meaning.removeprefix(SPELLED))
    return say(f"form.means_{meaning}")


def render_values(one: ColumnPreview) -> str:
    """Return a column's values with their rows, and which of them differ only in how they are
    written."""
    counts = {str(value): n for value, n in list_counts(one)}
    shown = ", ".join(f"“{value}” ({format_count(n)})" for value, n in counts.items())
    told = say("form.values", column=one.column.name, n=len(counts), values=shown)
    for same in find_similar(counts):
        told += " " + say("form.values_alike", values=", ".join(f"“{value}”" for value in same))
    return plain_text(told)


def list_counts(one: ColumnPreview) -> list[tuple[Scalar, int]]:
    """Return a column's values with their rows, the most frequent first."""
    counted = zip(one.values, one.counts, strict=True)
    return sorted(counted, key=lambda item: (-item[1], str(item[0])))


def find_values_problem(one: ColumnPreview | None, said: Said) -> str:
    """Return what still has to be said of a column's values, "" where nothing."""
    if one is None or not needs_meanings(one):
        return ""
    if said.unsaid:
        names = ", ".join(f"“{value}”" for value in said.unsaid)
        return plain_text(say("form.values_unsaid", values=names))
    if said.rival:
        return plain_text(say("form.values_rival", first=str(said.positive), second=said.rival))
    if said.positive is None:
        return say("form.need_positive")
    return "" if said.negative else say("form.need_negative")
