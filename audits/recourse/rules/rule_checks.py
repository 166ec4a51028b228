"""Are the settings of `[recourse]` usable on this data? Told before anything is searched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from audits.core.errors import InputError, near_misses, one_of
from audits.core.settings.recourse import RecourseSection
from audits.core.settings.rule_text import Is, Linear, Moves
from audits.recourse.columns import kind_of
from audits.recourse.rules.relations import FALSE, TRUE

_CONTRADICTIONS = (
    ("mutable", "immutable"),
    ("immutable", "increase_only"),
    ("immutable", "decrease_only"),
    ("immutable", "ranges"),
    ("immutable", "steps"),
    ("immutable", "allowed"),
    ("immutable", "transitions"),
    ("increase_only", "decrease_only"),
    ("steps", "allowed"),
)
_KINDS = {
    "increase_only": ("number", "boolean"),
    "decrease_only": ("number", "boolean"),
    "ranges": ("number",),
    "steps": ("number",),
    "transitions": ("category", "boolean"),
}


def check_section(
    section: RecourseSection, features: Sequence[str], reference: pd.DataFrame
) -> None:
    """Raise InputError for the first setting that cannot be kept: see `build_rules`."""
    known = list(dict.fromkeys([*features, *map(str, reference.columns)]))
    named = section.list_named()
    for setting, names in named.items():
        for name in names:
            check_known(setting, name, known)
    _check_contradictions(named)
    kinds = {str(name): kind_of(reference[name]) for name in reference.columns}
    _check_kinds(named, kinds)
    for name, (low, high) in section.ranges.items():
        if low > high:
            raise InputError(
                f"recourse.ranges: {name!r} goes from {low:g} down to {high:g}; "
                "give the lower end first"
            )
    _check_values(section, kinds)
    _check_clauses(section, kinds)
    _check_blocks(section, reference)
    check_rule_columns(section, features)


def check_known(setting: str, name: str, known: Sequence[str]) -> None:
    """Raise InputError where the data has no column of this name."""
    if name not in known:
        hint = near_misses(name, known) or f"; the columns are {one_of(known)}"
        raise InputError(f"recourse.{setting}: the data has no column {name!r}{hint}")


def check_rule_columns(section: RecourseSection, features: Iterable[str]) -> None:
    """Raise InputError where a rule or a link has columns of which the model uses some only."""
    used = set(features)
    groups = [("rules", rule.text, rule.columns) for rule in section.read_rules()]
    groups += [
        ("links", leader, (leader, *names)) for leader, names in section.list_followers().items()
    ]
    groups += [("one_hot", ", ".join(names), names) for names in section.list_blocks()]
    for setting, text, names in groups:
        absent = [name for name in names if name not in used]
        if absent and len(absent) < len(set(names)):
            raise InputError(
                f"recourse.{setting}: {text!r} names {absent[0]!r}, which the model does not use, "
                "so no change of a row can be held to it; leave it out"
            )


def _check_contradictions(named: Mapping[str, Sequence[str]]) -> None:
    for one, other in _CONTRADICTIONS:
        both = [name for name in named[one] if name in named[other]]
        if both:
            raise InputError(
                f"recourse: column {both[0]!r} is in both {one} and {other}; keep one of them"
            )


def _check_kinds(named: Mapping[str, Sequence[str]], kinds: Mapping[str, str]) -> None:
    for setting, fitting in _KINDS.items():
        for name in named[setting]:
            if kinds.get(name, fitting[0]) in fitting:
                continue
            if setting == "transitions":
                raise InputError(
                    f"recourse.transitions: column {name!r} holds numbers, which have no "
                    "transitions; use increase_only, ranges or allowed"
                )
            raise InputError(
                f"recourse.{setting}: column {name!r} does not hold numbers, so it has no "
                "up, down or range; use immutable to keep it as it is"
            )


def _check_values(section: RecourseSection, kinds: Mapping[str, str]) -> None:
    for name, values in section.allowed.items():
        for value in values:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if kinds.get(name) == "number" and not is_number:
                raise InputError(
                    f"recourse.allowed: column {name!r} holds numbers, but {value!r} is none"
                )
    for name, price in section.costs.items():
        if isinstance(price, Mapping) and kinds.get(name) == "number":
            raise InputError(
                f"recourse.costs: column {name!r} holds numbers, which have no transitions; "
                "give the cost of one unit"
            )


def _check_clauses(section: RecourseSection, kinds: Mapping[str, str]) -> None:
    for rule in section.read_rules():
        for clause in (*rule.when, *rule.then):
            if isinstance(clause, Linear):
                wrong = [n for n, _ in clause.terms if kinds.get(n) not in ("number", None)]
                if wrong:
                    raise InputError(
                        f"recourse.rules: {rule.text!r} compares {wrong[0]!r}, which holds no "
                        f"numbers; compare it with a text: {wrong[0]} = 'value'"
                    )
            elif isinstance(clause, Is):
                _check_text(rule.text, clause, kinds.get(clause.column))
            elif isinstance(clause, Moves):
                _check_move(rule.text, clause, kinds.get(clause.column))


def _check_blocks(section: RecourseSection, reference: pd.DataFrame) -> None:
    for name in section.list_named()["one_hot"]:
        if name not in reference or reference[name].isin([0, 1]).all():
            continue
        wrong = reference[name][~reference[name].isin([0, 1])].iloc[0]
        raise InputError(
            f"recourse.one_hot: column {name!r} holds {str(wrong)!r}; columns that encode one "
            "category hold 0 and 1, or yes and no: leave it out"
        )


def _check_text(text: str, clause: Is, kind: str | None) -> None:
    if kind == "number":
        raise InputError(
            f"recourse.rules: {text!r} compares {clause.column!r}, which holds numbers, with the "
            f"text {clause.value!r}; leave the quotes out"
        )
    if kind == "boolean" and clause.value.lower() not in TRUE + FALSE:
        raise InputError(
            f"recourse.rules: {text!r} compares {clause.column!r}, which holds yes or no, with "
            f"{clause.value!r}; write 'yes' or 'no'"
        )


def _check_move(text: str, clause: Moves, kind: str | None) -> None:
    if clause.verb in ("rises", "falls") and kind == "category":
        raise InputError(
            f"recourse.rules: {text!r} says {clause.verb!r} of {clause.column!r}, which holds "
            "texts; they only change or stay"
        )
