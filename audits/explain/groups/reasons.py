"""The principal reasons that a rejected person can be told, from attributions.

The factors that fell furthest below those of applicants at or slightly above the cut-off, which is
the first method of comment 9(b)(2)-5 to 12 CFR 1002.9. What a factor falls short by is its
attribution, in log-odds of approval, with those applicants as the reference rows: they are what
absent columns take their values from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import FloatArray, IndexArray

MAX_REASONS = 4
"""More than four reasons are not likely to be helpful (comment 9(b)(2)-1 to 12 CFR 1002.9)."""


@dataclass(frozen=True, slots=True)
class ReasonCodes:
    """Which reason each column is told by; columns that are told by the same are one factor.

    names: the reasons. owner: for each column its position in `names`. prohibited: for each
    reason whether it holds a column that may not be a reason.
    """

    names: tuple[str, ...]
    owner: tuple[int, ...]
    prohibited: tuple[bool, ...]

    def columns(self, reason: int, features: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that a reason stands for."""
        return tuple(f for f, own in zip(features, self.owner, strict=True) if own == reason)


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons of `n_rows` rejected people.

    order: `[n_rows, MAX_REASONS]` positions in the codes' names, the weightiest first, -1 where
    a person has fewer. shortfall: the same shape, log-odds of approval that the factor costs,
    above 0; 0 where there is none. total: `[n_rows]`, the sum over all factors that cost anything.
    prohibited: `[n_rows]`, whether a prohibited factor would have been among the reasons: it is
    left out of them, and the model weighs it all the same.
    """

    order: IndexArray
    shortfall: FloatArray
    total: FloatArray
    prohibited: NDArray[np.bool_]


def build_codes(
    features: Sequence[str], codes: Mapping[str, str], prohibited: Sequence[str]
) -> ReasonCodes:
    """Return the reasons of a model's columns.

    codes: column to reason in words; a column without one is a reason by its own name. A
    prohibited column is a reason of its own, whatever the codes say: it must not hide in another.
    """
    names: list[str] = []
    owner, barred = [], []
    for feature in features:
        forbidden = feature in prohibited
        name = feature if forbidden else codes.get(feature, feature)
        if name not in names:
            names.append(name)
            barred.append(forbidden)
        owner.append(names.index(name))
    return ReasonCodes(tuple(names), tuple(owner), tuple(barred))


def compute_reasons(values: FloatArray, codes: ReasonCodes) -> Reasons:
    """Return the principal reasons of each row.

    values: attributions `[n_rows, n_features]` in log-odds of approval against applicants near the
    cut-off; negative ones count against the person.
    """
    factors = np.zeros((len(values), len(codes.names)))
    for column, reason in enumerate(codes.owner):
        factors[:, reason] -= values[:, column]
    costly = np.maximum(factors, 0.0)
    total = costly.sum(axis=1)
    barred = np.asarray(codes.prohibited)
    first = np.argsort(-costly, axis=1, kind="stable")[:, :MAX_REASONS]
    weighed = np.take_along_axis(costly, first, axis=1) > 0
    prohibited: NDArray[np.bool_] = np.any(barred[first] & weighed, axis=1)
    tellable = np.where(barred[None, :], 0.0, costly)
    order = np.argsort(-tellable, axis=1, kind="stable")[:, :MAX_REASONS]
    shortfall = np.take_along_axis(tellable, order, axis=1)
    order = np.where(shortfall > 0, order, -1)
    if order.shape[1] < MAX_REASONS:
        missing = MAX_REASONS - order.shape[1]
        order = np.pad(order, ((0, 0), (0, missing)), constant_values=-1)
        shortfall = np.pad(shortfall, ((0, 0), (0, missing)))
    return Reasons(order, shortfall, total, prohibited)


def compute_overlap(one: IndexArray, other: IndexArray) -> FloatArray:
    """Return for each row how many of the reasons two explanations share, `[n_rows]` in [0, 1].

    The share is of the longer of the two lists (an order plays no part); 1 where neither gives a
    reason.
    """
    shared = ((one[:, :, None] == other[:, None, :]) & (one[:, :, None] >= 0)).any(axis=2)
    longest = np.maximum((one >= 0).sum(axis=1), (other >= 0).sum(axis=1))
    overlap: FloatArray = np.where(
        longest > 0, shared.sum(axis=1) / np.maximum(longest, 1), 1.0
    ).astype(np.float64)
    return overlap
