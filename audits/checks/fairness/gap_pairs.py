"""Which groups' gaps are attributed to columns: those that people read about, each with whom the
policy sets it against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from audits.checks.base import Context
from audits.core.arrays import FloatArray
from audits.core.groups import JOIN
from audits.core.limits import MIN_ROWS_TO_PAIR
from audits.cube import METRICS, Values, View, choose_reference, find_comparators, list_rivals

MAX_GROUPS = 8
"""Of an attribute with more, the largest are taken against the reference group, and those with the
widest gaps against better-off groups."""
MAX_RIVALS = 2
"""A group is set against so many better-off ones: the best-off, and one from which the gap is
surer."""


@dataclass(frozen=True, slots=True)
class People:
    """Every row's decision (or prediction), what it stands for, and its protected values."""

    output: FloatArray
    weights: FloatArray
    groups: dict[str, np.ndarray]

    def find_rows(self, attributes: tuple[str, ...], group: str) -> np.ndarray:
        """Return the positions of a group's rows that count, of one attribute or of two."""
        inside = self.weights > 0
        own = [pd.unique(self.groups[name]) for name in attributes]
        parts = next(parts for parts in product(*own) if JOIN.join(parts) == group)
        for name, part in zip(attributes, parts, strict=True):
            inside &= self.groups[name] == part
        return np.flatnonzero(inside)

    def mean(self, rows: np.ndarray) -> float:
        """Return the mean decision or prediction of some rows."""
        return float(np.average(self.output[rows], weights=self.weights[rows]))


@dataclass(frozen=True, slots=True)
class NamedPair:
    """A group and whom it is set against, of one attribute or of two."""

    attributes: tuple[str, ...]
    group: str
    reference: str


def read_people(context: Context) -> People:
    """Return the audited rows as decisions with their groups."""
    names = [name for name in context.spec.data.protected if name in context.cube.attributes]
    weight = ["weight"] if context.spec.data.weight else []
    columns = context.read_predictions(["y_pred", *weight])
    output = columns.pop("y_pred").astype(np.float64)
    weights = columns.pop("weight").astype(np.float64) if weight else np.ones(len(output))
    return People(output, weights, context.read_groups(names))


def list_pairs(context: Context) -> Iterator[NamedPair]:
    """Yield the pairs, each once: the large enough groups of every protected column against its
    reference group, and against the groups that are better off; of every two columns the group
    with the widest gap alone."""
    seen: set[NamedPair] = set()
    for attributes in context.groupings:
        view = context.view(attributes)
        if len(view.labels) < 2:
            continue
        places = _list_against_rivals(context, view, single=len(attributes) == 1)
        if len(attributes) == 1:
            places = [*_list_against_reference(context, attributes, view), *places]
        for group, reference in places:
            pair = NamedPair(attributes, view.labels[group], view.labels[reference])
            if pair not in seen:
                seen.add(pair)
                yield pair


def _list_against_reference(
    context: Context, attributes: tuple[str, ...], view: View
) -> list[tuple[int, int]]:
    reference = choose_reference(view, context.wanted_reference(attributes))
    if view.rows[reference] < MIN_ROWS_TO_PAIR:
        return []
    largest = [int(place) for place in np.argsort(-view.rows, kind="stable")]
    chosen = [p for p in largest if p != reference and view.rows[p] >= MIN_ROWS_TO_PAIR]
    return [(place, reference) for place in chosen[:MAX_GROUPS]]


def _list_against_rivals(context: Context, view: View, *, single: bool) -> list[tuple[int, int]]:
    """Return the judgeable groups, that with the widest gap first, with their better-off ones."""
    if context.spec.audit.task != "binary":
        return []
    metric = next(one for one in METRICS["binary"] if one.name == "selection_rate")
    values = context.compute(metric, view)
    least = max(context.min_rows, MIN_ROWS_TO_PAIR)
    comparators = find_comparators(view, values, least)
    judged = [int(p) for p in np.flatnonzero(comparators) if values.n[p] >= least]
    judged.sort(key=lambda place: float(values.value[place]))
    found = []
    for group in judged[: MAX_GROUPS if single else 1]:
        rivals = list_rivals(values, group, comparators, lower_is_worse=True)
        found += [
            (group, rival) for rival in rivals[:MAX_RIVALS] if _is_large(values, rival, least)
        ]
    return found


def _is_large(values: Values, place: int, least: int) -> bool:
    return bool(values.n[place] >= least)
