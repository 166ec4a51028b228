"""The names in a policy against an audit's own: attributes and groups, before any work is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from audits.core.errors import InputError, near_misses, one_of
from audits.core.groups import JOIN
from audits.core.report.verdict import Waiver
from audits.core.settings.toml_file import read_toml_text
from audits.core.settings.toml_lines import Path as Place, find_lines, get_line
from audits.policy.catalogue import Fault
from audits.policy.rule import Policy, Rule


def check_policy_names(
    policy: Policy,
    protected: Sequence[str],
    groups: Mapping[str, Sequence[str]] | None = None,
    path: Path | None = None,
) -> None:
    """Raise InputError for a rule or waiver of an attribute or group that the audit does not have.

    protected: the protected columns in the audit's order. groups: the groups of each attribute
    ("sex", "sex & race"), once they are known; an attribute that has none is not looked into.
    path: the policy's file, so that the line can be told.
    """
    faults = list(_find_faults(policy, protected, groups or {}))
    if not faults:
        return
    if path is None:
        raise InputError(f"policy {policy.name!r}: {faults[0].text}")
    lines = find_lines(read_toml_text(path))
    first = min(faults, key=lambda fault: get_line(lines, fault.place))
    raise InputError(f"{path.name}, line {get_line(lines, first.place)}: {first.text}")


def _find_faults(
    policy: Policy, protected: Sequence[str], groups: Mapping[str, Sequence[str]]
) -> Iterator[Fault]:
    attributes = (*protected, *(JOIN.join(pair) for pair in combinations(protected, 2)))
    named: list[tuple[Place, str, Rule | Waiver]] = [
        (("rules", place), f"rule {one.name!r}", one) for place, one in enumerate(policy.rules)
    ]
    named += [
        (("waivers", place), f"waiver of rule {one.rule!r}", one)
        for place, one in enumerate(policy.waivers)
    ]
    for place, whose, item in named:
        if item.attribute is None:
            continue
        if item.attribute not in attributes:
            text = _explain_attribute(item.attribute, attributes)
            yield Fault((*place, "attribute"), f"{whose}: {text}")
            continue
        if JOIN in item.attribute and item.attribute in protected and _is_crossed(item):
            text = f"attribute = {item.attribute!r} is one column of this audit"
            yield Fault((*place, "scope"), f'{whose}: {text}; write scope = "groups"')
        if item.group is not None and item.attribute in groups:
            known = groups[item.attribute]
            if item.group not in known:
                text = (
                    f"group = {item.group!r} is no group of {item.attribute!r}"
                    f"{near_misses(item.group, known)} (there are {one_of(known)})"
                )
                yield Fault((*place, "group"), f"{whose}: {text}")


def _is_crossed(item: Rule | Waiver) -> bool:
    return isinstance(item, Rule) and item.scope == "intersection"


def _explain_attribute(name: str, attributes: Sequence[str]) -> str:
    if not attributes:
        return f"attribute = {name!r}, but the audit declares no protected columns"
    turned = JOIN.join(reversed(name.split(JOIN)))
    near = f"; did you mean {turned!r}?" if turned in attributes else near_misses(name, attributes)
    said = f"attribute = {name!r} is not a protected column of this audit"
    return f"{said}{near} (there are {one_of(attributes)})"
