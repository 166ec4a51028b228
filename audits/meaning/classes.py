"""What a model's outputs are called in the data: declared, the same names, or proven from rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from audits.core.errors import InputError, one_of
from audits.core.report.report import Notice
from audits.core.settings.spec import AuditSpec
from audits.data import MARK, ROWS_VIEW, AuditTable, quote
from audits.meaning.evidence import Ranking, rank_known_rows
from audits.models import ModelClient

_MAX_VALUES = 200


class UndecidedError(InputError):
    """Both readings of two outputs fit. `names`: one of them; the other is its reverse."""

    def __init__(self, message: str, names: tuple[str, str]) -> None:
        super().__init__(message, setting="model.classes")
        self.names = names


@dataclass(frozen=True, slots=True)
class Meaning:
    """classes: the model's outputs in their order, as the data spells them (`()` for regression).
    output: which of them is audited (see `Context.output`). ranking: what rows with known outcomes
    said, for a binary model. notices: what a reader must know of it."""

    classes: tuple[str, ...]
    output: int | None
    ranking: Ranking | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A binary target's values as texts: the favourable ones and the others. positive: the
    favourable one's name in the settings."""

    positive: str
    favourable: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def other(self) -> str:
        """The unfavourable outcome's name."""
        return self.others[0] if len(self.others) == 1 else f"not {self.positive}"


def find_meaning(spec: AuditSpec, table: AuditTable, model: ModelClient) -> Meaning:
    """Return what the model's outputs mean.

    Raises InputError, saying what to declare, where that is neither declared nor the same names
    nor told by rows with known outcomes; and where an undeclared reading ranks people with the
    favourable outcome surely lower.
    """
    assert spec.model is not None
    declared, classes = spec.model.classes, model.info.classes
    if spec.audit.task == "regression":
        return Meaning((), None)
    if declared and len(declared) != len(classes):
        raise InputError(
            f"[model] classes names {len(declared)} classes, the model has {len(classes)}"
        )
    if spec.audit.task == "multiclass":
        return Meaning(match_classes(declared or classes, table.classes, declared != ()), 0)
    check_two(classes)
    outcomes = read_outcomes(spec, table)
    if declared:
        return _obey(outcomes, declared, table, model)
    names = match_outcomes(classes, outcomes)
    output = 1 if names is None else names.index(outcomes.positive)
    ranking = rank_known_rows(table, model, output)
    if names is None:
        return _prove(outcomes, classes, ranking)
    if ranking.is_below:
        raise InputError(
            f"the model's output {outcomes.positive!r} ranks rows with {outcomes.positive!r} lower "
            f"than others: {ranking}, surely below one half; declare what its outputs are, in "
            f"their order: [model] classes = {_list(names[::-1])} if they are the other way round, "
            f"{_list(names)} if the model is as wrong as that",
            setting="model.classes",
        )
    return Meaning(names, output, ranking)


def check_two(classes: Sequence[str]) -> None:
    """Raise InputError where a model has other than two classes."""
    if len(classes) != 2:
        raise InputError(
            f"the model has {len(classes)} classes ({one_of(classes)}), "
            'so it is not binary; use task = "multiclass"'
        )


def _obey(
    outcomes: Outcomes, declared: tuple[str, ...], table: AuditTable, model: ModelClient
) -> Meaning:
    if outcomes.positive not in declared:
        raise InputError(
            f"[model] classes = {_list(declared)} does not name positive = {outcomes.positive!r}; "
            "name the model's outputs in their order, as the data spells them"
        )
    output = declared.index(outcomes.positive)
    ranking = rank_known_rows(table, model, output)
    against = "; that is surely below one half, but is obeyed" if ranking.is_below else ""
    text = (
        f"The model's outputs are {declared[0]!r} and {declared[1]!r}, in this order, as declared: "
        f"by {outcomes.positive!r}, {ranking}{against}."
    )
    return Meaning(declared, output, ranking, (Notice(code="model.classes", text=text),))


def _prove(outcomes: Outcomes, classes: Sequence[str], ranking: Ranking) -> Meaning:
    """Return the reading under which the AUC is above one half, where that is sure.

    ranking: by output 1, read as the favourable outcome.
    """
    straight = (outcomes.other, outcomes.positive)
    if not ranking.is_significant:
        raise UndecidedError(
            f"the model's file calls its outputs {one_of(classes)}, the target says "
            f"{one_of(straight)}, and rows with known outcomes do not tell which is which: if "
            f"output 1 is {outcomes.positive!r}, {ranking}; if output 0 is, {ranking.turned()}; "
            "declare the outputs in the model's order: [model] classes = "
            f"{_list(straight)} or {_list(straight[::-1])}",
            straight,
        )
    names = straight if ranking.z > 0 else straight[::-1]
    found = ranking if ranking.z > 0 else ranking.turned()
    output = names.index(outcomes.positive)
    text = (
        f"The model's file calls its outputs {one_of(classes)}. Output {output} is read as "
        f"{outcomes.positive!r}, because it ranks rows with {outcomes.positive!r} higher: {found}; "
        f"[model] classes = {_list(names)} declares it."
    )
    return Meaning(names, output, found, (Notice(code="model.classes", text=text),))


def _list(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)


def read_outcomes(spec: AuditSpec, table: AuditTable) -> Outcomes:
    """Return the values of a binary target, by what the settings say of them."""
    assert spec.data.target is not None  # AuditSpec promises it beside a model
    rows = table.connection.execute(
        f"SELECT DISTINCT CAST({quote(spec.data.target)} AS VARCHAR) AS v, "
        f"{quote(MARK + 'y_true')} AS y FROM {ROWS_VIEW} WHERE y IS NOT NULL ORDER BY v "
        f"LIMIT {_MAX_VALUES}"
    ).fetchall()
    sides = {side: tuple(str(value) for value, y in rows if y == side) for side in (0, 1)}
    return Outcomes(str(spec.data.positive), sides[1], sides[0])


def match_outcomes(classes: Sequence[str], outcomes: Outcomes) -> tuple[str, ...] | None:
    """Return the names of two outputs where the file's are the data's values, else None.

    Both have to be: of classes 0 and 1 beside the values 1 and 2, "1" may be either.
    """
    names = []
    for name in classes:
        favourable = _find_same(name, outcomes.favourable)
        other = _find_same(name, outcomes.others)
        if (favourable is None) == (other is None):
            return None
        names.append(outcomes.positive if favourable is not None else str(other))
    return tuple(names) if len(set(names)) == 2 and outcomes.positive in names else None


def match_classes(
    classes: Sequence[str], values: Collection[str], is_declared: bool
) -> tuple[str, ...]:
    """Return the names of a multiclass model's outputs as the data spells them.

    Raises InputError where the data has a class that the model does not predict.
    """
    names = tuple(_find_same(name, values) or name for name in classes)
    unknown = sorted(set(values) - set(names))
    if unknown and is_declared:
        raise InputError(
            f"the target has a class {unknown[0]!r} that [model] classes does not name (it has "
            f"{one_of(classes)}); name the model's outputs in their order"
        )
    if unknown:
        raise InputError(
            f"the target has a class {unknown[0]!r} that the model does not predict (its classes "
            f"are {one_of(classes)}); name the model's classes in order: [model] classes = [...]"
        )
    return names


def _find_same(name: str, values: Collection[str]) -> str | None:
    """Return the value that is the class `name`: the same text, number or boolean."""
    if name in values:
        return name
    return next((value for value in values if _key(value) == _key(name)), None)


def _key(text: str) -> str | float:
    """Return what two spellings of one value have in common: 1, 1.0 and true are one."""
    plain = {"true": "1", "false": "0"}.get(text.lower(), text)
    try:
        return float(plain)
    except ValueError:
        return plain
