"""Counting comparisons: p-values after all that a policy compares of groups."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audits.cube import compute_holm
from audits.policy.judging.cases import Case, find_p, is_chosen
from audits.policy.rule import Rule

Judged = Sequence[tuple[Rule, Sequence[Case]]]
"""A policy's rules with what they judge."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The p-values of a rule's numbers after counting all comparisons, by measurement id."""

    adjusted: Mapping[str, float]
    comparisons: int


@dataclass(frozen=True, slots=True)
class _Test:
    """One comparison. key: what it is of, the same in two rules that ask the same. p_value: the
    smallest of its numbers', which are given by measurement id."""

    key: Hashable
    p_value: float
    numbers: Mapping[str, float]


def count_comparisons(judged: Judged, min_rows: int) -> list[Counted]:
    """Return, for every rule, its p-values adjusted by Holm over all comparisons of groups that the
    policy makes, so that an audit without any true difference accuses anybody with a chance of at
    most alpha. Groups that are too small are no part. Numbers of the whole data, and of rows that
    were searched for recourse, count with those of their own rule alone.

    A group that is set against better-off ones is tested to one side, once for every group that
    could have been the worse one. Of two groups that gives the two-sided p-value of the pair, and
    so does a rule for one group, which is then the only one that could have been the worse.
    """
    tests = [[*_list_tests(rule, cases, min_rows)] for rule, cases in judged]
    smallest: dict[Hashable, float] = {}
    for test in (test for found in tests for test in found):
        smallest[test.key] = min(test.p_value, smallest.get(test.key, 1.0))
    unseen = {key for rule, cases in judged for key in _list_unseen(rule, cases, min_rows)}
    steps = _Steps.of(smallest, len(unseen - smallest.keys()))
    return [
        _adjust(found, steps) if found else _count_apart(rule, cases, min_rows)
        for (rule, cases), found in zip(judged, tests, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Steps:
    """Holm's steps. adjusted and factor: by the key of each test; total: of all comparisons."""

    adjusted: Mapping[Hashable, float]
    factor: Mapping[Hashable, int]
    total: int

    @classmethod
    def of(cls, smallest: Mapping[Hashable, float], unseen: int) -> _Steps:
        """Return the steps of p-values by key; unseen: comparisons that could have been tested."""
        p_values = np.array(list(smallest.values()), dtype=np.float64)
        total = len(p_values) + unseen
        ranks = np.argsort(np.argsort(p_values, kind="stable"), kind="stable")
        steps = compute_holm(p_values, unseen)
        adjusted = {key: float(step) for key, step in zip(smallest, steps, strict=True)}
        factor = {key: total - int(rank) for key, rank in zip(smallest, ranks, strict=True)}
        return cls(adjusted, factor, total)


def _adjust(tests: Sequence[_Test], steps: _Steps) -> Counted:
    adjusted: dict[str, float] = {}
    for test in tests:
        for name, p_value in test.numbers.items():
            own = max(steps.adjusted[test.key], p_value * steps.factor[test.key])
            adjusted[name] = float(min(1.0, own))
    return Counted(adjusted, steps.total)


def _list_tests(rule: Rule, cases: Sequence[Case], min_rows: int) -> Iterator[_Test]:
    for case in cases:
        if case.is_small(min_rows) or case.first.attribute is None or case.is_apart:
            continue
        chosen = is_chosen(rule, case.first)
        numbers = {
            item.id: p_value / 2 if chosen else p_value
            for item in case.items
            if (p_value := find_p(rule, item)) is not None
        }
        if chosen:
            smallest = min(numbers.values(), default=0.5)
            yield _Test((*case.family, case.first.group), smallest, numbers)
            continue
        for name, p_value in numbers.items():
            own = case.first.reference_group is None  # how surely it keeps this rule's bound
            yield _Test((name, rule.name if own else ""), p_value, {name: p_value})


def _list_unseen(rule: Rule, cases: Sequence[Case], min_rows: int) -> Iterator[Hashable]:
    """Yield the groups that could have been the worse one, too."""
    for case in cases:
        if case.is_small(min_rows) or not is_chosen(rule, case.first):
            continue
        if rule.group is not None:
            yield (*case.family, case.first.group, "the other side")
            continue
        for name, rows in case.rows.items():
            if rows >= min_rows:
                yield (*case.family, name)


def _count_apart(rule: Rule, cases: Sequence[Case], min_rows: int) -> Counted:
    """Adjust numbers of the whole data, of single columns or of searched rows within their rule."""
    tested = [
        (item.id, p_value)
        for case in cases
        if not case.is_small(min_rows)
        for item in case.items
        if (p_value := find_p(rule, item)) is not None
    ]
    steps = compute_holm(np.array([p for _, p in tested], dtype=np.float64))
    adjusted = {name: float(p) for (name, _), p in zip(tested, steps, strict=True)}
    return Counted(adjusted, len(tested))
