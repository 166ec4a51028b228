"""Reading a policy file: every fault is one line, with the file and the line on which it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from audits.core.errors import InputError, near_misses, one_of
from audits.core.report.verdict import Waiver
from audits.core.settings.toml_file import read_toml_text
from audits.core.settings.toml_lines import Path as Place, find_lines, get_line
from audits.policy.catalogue import Fault, find_faults
from audits.policy.rule import BOUNDS, Policy, Rule

_TABLES: dict[str, type[BaseModel]] = {"rules": Rule, "waivers": Waiver}

WAIVER_FORM = (
    "a waiver is a table of its own: [[waivers]] with rule, reason, owner and expires = 2027-12-31"
)
_INSTEAD = {
    "waiver": WAIVER_FORM,
    "waivers": WAIVER_FORM,
    "waived": WAIVER_FORM,
    "threshold": f"a bound is {', '.join(BOUNDS[:-1])} or {BOUNDS[-1]}",
    "limit": f"a bound is {', '.join(BOUNDS[:-1])} or {BOUNDS[-1]}",
    "min": "the least value is fail_below or warn_below",
    "max": "the greatest value is fail_above or warn_above",
    "alpha": "alpha is of the whole policy: write it above the first table",
    "min_rows": "min_rows is of the whole policy: write it above the first table",
    "least_judged": "least_judged is of the whole policy: write it above the first table",
    "reference_group": "whom groups are compared with is declared in audit.toml, "
    "[data.reference_groups]",
    "slice": "scope and attribute say of what numbers a rule is",
    "rule": "rules are tables: [[rules]]",
    "preset": "a preset is named in audit.toml, [policy]; a policy file holds the rules themselves",
}
"""What to write in place of keys that people try."""

_NUMBER = "is not a number"
_TYPES = {
    "float_type": _NUMBER,
    "int_type": "is not a whole number",
    "string_type": "is not a text",
    "string_too_short": "is empty",
    "dict_type": "is not a table",
    "finite_number": "is not a finite number",
}


def read_policy(path: Path) -> Policy:
    """Read a policy file. Raises InputError with the file, the line, and what to do."""
    if not path.is_file():
        raise InputError(f"policy file {str(path)!r}: no such file")
    return parse_policy(read_toml_text(path), path.name)


def parse_policy(text: str, file: str) -> Policy:
    """Return the policy that a TOML text holds. Raises InputError; `file` is what it is called."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(_render_syntax(text, file, error)) from error
    lines = find_lines(text)
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        faults = [_read_fault(data, problem) for problem in error.errors(include_url=False)]
    else:
        faults = list(find_faults(policy))
    if not faults:
        return policy
    # What is missing has no line, and what stands in its place may be the fault.
    first = min(faults, key=lambda one: (one.place not in lines, get_line(lines, one.place)))
    raise InputError(f"{file}, line {get_line(lines, first.place)}: {first.text}")


def _render_syntax(text: str, file: str, error: tomllib.TOMLDecodeError) -> str:
    """Return "policy.toml, line 2: not valid TOML: ..." with the line's own text."""
    said, _, where = str(error).partition(" (at ")
    line = where.partition("line ")[2].partition(",")[0]
    rows = text.splitlines() or [""]
    number = int(line) if line.isdigit() else len(rows)
    shown = rows[min(number, len(rows)) - 1].strip()
    return (
        f"{file}, line {number}: not valid TOML: {said[:1].lower()}{said[1:]}"
        f"{f' in {shown!r}' if shown else ''}; a table is [[rules]], a value is key = value, "
        "a text stands in quotes"
    )


def _read_fault(data: Mapping[str, Any], problem: ErrorDetails) -> Fault:
    """Return what is wrong with the file's keys and values, in words."""
    place: Place = problem["loc"]
    if not place:
        return _find_twin(data)
    kind, given, key = problem["type"], problem["input"], str(place[-1])
    whose = _name_table(data, place)
    value = f"{key} = {_show(given)}"
    said = problem["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        text = f"unknown key {key!r}{whose}{_hint_key(place)}"
    elif place == ("rules",) and kind in ("missing", "tuple_type"):
        text = _hint_rules(given)
    elif kind == "missing":
        text = f"{key} is missing{whose}; {_hint_missing(key)}"
    elif kind == "literal_error":
        text = f"{value} is unknown{whose}{_hint_choice(problem)}"
    elif kind in _TYPES:
        text = f"{value} {_TYPES[kind]}{whose}{_hint_value(key, given)}"
    elif key == "expires":
        text = f"{value} is not a day{whose}; write it as expires = 2027-12-31"
    elif len(place) == 2:  # a rule or a waiver as a whole
        text = f"{_name_table(data, (*place, '')).removeprefix(' in ')} {said}"
    else:
        text = f"{value}: {said[:1].lower()}{said[1:]}{whose}"
    return Fault(place, text)


def _hint_choice(problem: ErrorDetails) -> str:
    """Return what a word that is none of a few may have been meant to be, and the few."""
    allowed = str(problem.get("ctx", {}).get("expected", "")).replace("'", '"')
    names = [name.strip(' "') for name in allowed.replace(" or ", ",").split(",")]
    given = problem["input"]
    near = near_misses(given, names) if isinstance(given, str) else ""
    return f"{near} (allowed: {allowed})"


def _name_table(data: Mapping[str, Any], place: Place) -> str:
    """Return " in rule 'air'" for the key of a rule or waiver, "" for one of the policy."""
    if len(place) < 3 or place[0] not in _TABLES:
        return ""
    table = data[str(place[0])][place[1]]
    word = {"rules": "rule", "waivers": "waiver"}[str(place[0])]
    name = table.get("name" if word == "rule" else "rule") if isinstance(table, dict) else None
    of = " of " if word == "waiver" else " "
    return f" in {word}{of}{name!r}" if isinstance(name, str) and name else f" in {word} {place[1]}"


def _find_twin(data: Mapping[str, Any]) -> Fault:
    seen: set[str] = set()
    for number, rule in enumerate(data["rules"]):
        if rule["name"] in seen:
            return Fault(
                ("rules", number, "name"),
                f"two rules are called {rule['name']!r}; give each a name of its own",
            )
        seen.add(rule["name"])
    raise AssertionError("the policy as a whole has no other fault")


def _hint_key(place: Place) -> str:
    """Return what a key that nobody knows may have been meant to be, and what is allowed."""
    model = _TABLES[str(place[0])] if len(place) > 2 else Policy
    key, allowed = str(place[-1]), tuple(model.model_fields)
    if key in _INSTEAD and not (model is Waiver and "waive" in key):
        return f"; {_INSTEAD[key]}"
    return f"{near_misses(key, allowed)} (allowed: {one_of(allowed, 20)})"


def _hint_rules(given: object) -> str:
    if isinstance(given, dict) and "name" in given and "metric" in given:
        return "rules is one table; write [[rules]], with two brackets, for each rule"
    return "there are no rules, so that nothing would be judged; write a [[rules]] table for each"


def _hint_missing(key: str) -> str:
    return {
        "name": 'give it a short name, as name = "four-fifths"',
        "title": 'say in one sentence what is asked, as title = "..."',
        "metric": "name what is judged (docs/policy.md lists every metric)",
        "reason": "say why the breach is accepted for now",
        "owner": "say who answers for it",
        "expires": "say until when it holds, as expires = 2027-12-31",
        "rule": "name the rule whose breaches are accepted",
    }[key]


def _hint_value(key: str, given: object) -> str:
    """Return what a value of the wrong kind may have been meant to be."""
    if isinstance(given, str) and key not in ("name", "title", "source"):
        number = given.strip().removesuffix("%").strip()
        try:
            value = float(number.replace(",", "."))
        except ValueError:
            value = None
        if value is not None:
            share = value / 100 if given.strip().endswith("%") else value
            return f"; write {key} = {share:g}, without quotes"
    if isinstance(given, bool):
        return "; true and false are no values here"
    if key in BOUNDS:
        return f"; write a number, as {key} = 0.1"
    if isinstance(given, int | float) and key in ("name", "title", "metric", "attribute", "group"):
        return f'; write it in quotes, as {key} = "{given}"'
    return "; " + {"alpha": "it is between 0 and 1, as alpha = 0.05"}.get(key, "write a value")


def _show(given: object) -> str:
    """Return a value as TOML would write it, cut short."""
    if isinstance(given, bool):
        return str(given).lower()
    text = f'"{given}"' if isinstance(given, str) else str(given)
    return text if len(text) <= 60 else text[:57] + "..."
