"""One edited row against the rules: which of them the edit breaks."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from audits.recourse.columns import build_columns, encode_frame
from audits.recourse.rules.blocks import name_block
from audits.recourse.rules.relations import build_relations
from audits.recourse.rules.rules import ActionRules, RowLimits, Value


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that an edit breaks.

    setting: its name under `[recourse]`, "missing" where a value was taken away, "already" for a
    rule between columns that the row itself breaks and the edit makes no worse. column: the edited
    column, "" for rules between columns. detail: the rule's text, a range, or the value that a
    following column would take.
    """

    setting: str
    column: str
    detail: str = ""


def find_violations(
    rules: ActionRules, reference: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame
) -> list[Violation]:
    """Return what the edit breaks, single columns first.

    before, after: the row as it is and as edited, one row each, with the model's columns; the
    index of `before` is the row's id. reference: rows that say what values columns have.
    """
    found: list[Violation] = []
    limits = rules.limits.get(str(before.index[0]), RowLimits())
    for name in before.columns:
        old, new = before[name].iloc[0], after[name].iloc[0]
        broken = rules.find_broken(str(name), old, new)
        found += [Violation(setting, str(name), _detail(rules, setting, str(name))) for setting in
                  broken]  # fmt: skip
        if not broken and not _same(old, new):
            found += _break_limits(limits, str(name), new)
    return [
        *found,
        *_break_links(rules, before, after),
        *_break_blocks(rules, before, after),
        *_break_relations(rules, reference, before, after),
    ]


def _break_limits(limits: RowLimits, name: str, new: object) -> list[Violation]:
    if name in limits.immutable:
        return [Violation("overrides", name)]
    low, high = limits.ranges.get(name, (float("-inf"), float("inf")))
    if name in limits.ranges and not low <= float(str(new)) <= high:
        return [Violation("overrides", name, f"{low:g} to {high:g}")]
    return []


def _break_links(rules: ActionRules, before: pd.DataFrame, after: pd.DataFrame) -> list[Violation]:
    found = []
    for link in rules.links:
        old, new = before[link.leader].iloc[0], after[link.leader].iloc[0]
        wanted = link.table.get(new)
        if not _same(old, new) and wanted is not None:
            if not _same(after[link.follower].iloc[0], wanted):
                found.append(Violation("links", link.follower, str(wanted)))
        elif _same(old, new) and not _same(
            before[link.follower].iloc[0], after[link.follower].iloc[0]
        ):
            found.append(Violation("links", link.follower))
    return found


def _break_blocks(rules: ActionRules, before: pd.DataFrame, after: pd.DataFrame) -> list[Violation]:
    found = []
    for names in rules.blocks:
        old, new = (frame[list(names)].iloc[0].tolist() for frame in (before, after))
        edited = not all(_same(one, other) for one, other in zip(old, new, strict=True))
        if edited and (sum(value == 1 for value in new) != 1 or any(map(pd.isna, new))):
            found.append(Violation("one_hot", name_block(names), ", ".join(names)))
    return found


def _break_relations(
    rules: ActionRules, reference: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame
) -> list[Violation]:
    both = pd.concat([before, after])
    columns = build_columns(both, reference)
    codes = encode_frame(columns, both)
    old, new = codes[:1], codes[1:]
    found = []
    for rule in rules.relations:
        relation = build_relations([rule], columns)
        if relation.find_broken(old, new)[0]:
            worse = not relation.compute_kept(old, new)[0]
            found.append(Violation("rules" if worse else "already", "", rule.text))
    return found


def _same(old: Value, new: Value) -> bool:
    absent = bool(pd.isna(old)), bool(pd.isna(new))
    return all(absent) or (not any(absent) and bool(old == new))


def _detail(rules: ActionRules, setting: str, name: str) -> str:
    if setting == "ranges":
        low, high = rules.ranges[name]
        return f"{low:g} to {high:g}"
    if setting == "steps":
        return f"{rules.steps[name]:g}"
    if setting == "allowed":
        return ", ".join(str(value) for value in rules.allowed[name])
    if setting == "transitions":
        return ", ".join(f"{old} -> {new}" for old, new in sorted(rules.transitions[name]))
    return ""
