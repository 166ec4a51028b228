"""Every change of up to k columns of one row of a linear model, exactly.

What a change of a raw column adds to the model's margin does not depend on the other columns, so
the k largest gains bound every change of k columns, and the bound is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.recourse.proof.enumerate import (
    KEPT,
    TRIED_AT_ONCE,
    Budget,
    BudgetSpentError,
    Combination,
    Confirm,
)

FINEST = 64
"""From three columns on, so many of each column's options are combined, the largest gain among
them: enough to find the fewest columns, not always the cheapest change of them."""


@dataclass(frozen=True, slots=True)
class LinearProblem:
    """One row: what each option of each column that may change adds to the margin, and costs.

    need: how much must be added; met for sure from `need + slack` on, missed for sure under
    `need - slack`.
    """

    gains: tuple[FloatArray, ...]
    costs: tuple[FloatArray, ...]
    need: float
    slack: float


def find_cheapest_linear(
    problem: LinearProblem, most: int, budget: Budget, confirm: Confirm
) -> list[Combination]:
    """Return changes of the fewest columns that reach the target, cheapest first, at most `KEPT`.

    An empty list is a proof: no change of up to `most` of the columns reaches it. The first one
    is the cheapest of all where one or two columns suffice.
    Raises BudgetSpentError where the budget ends before that is known.
    """
    best = np.array([gains.max(initial=-np.inf) for gains in problem.gains])
    least = problem.need - problem.slack
    useful = np.flatnonzero(best > 0).tolist()
    options = [
        _keep_useful(gain, cost) for gain, cost in zip(problem.gains, problem.costs, strict=True)
    ]
    for changes in range(1, min(most, len(useful)) + 1):
        if np.sort(best)[-changes:].sum() < least:
            continue
        likely: list[Combination] = []
        for chosen in combinations(useful, changes):
            budget.spend(1)
            if best[list(chosen)].sum() >= least:
                likely += _cheapest_of(problem, options, chosen, budget)
        likely.sort(key=lambda one: (one.cost, one.columns, one.picks))
        answers: list[Combination] = []
        for start in range(0, len(likely), TRIED_AT_ONCE):
            budget.spend(0)
            part = likely[start : start + TRIED_AT_ONCE]
            answers += [one for one, holds in zip(part, confirm(part), strict=True) if holds]
            if len(answers) >= KEPT:
                break
        if answers:
            return answers[:KEPT]
        if likely and changes > 2:  # not all options were combined, and rounding decides
            raise BudgetSpentError
    return []


def _keep_useful(gains: FloatArray, costs: FloatArray) -> IntArray:
    """Return the options of one column that no other beats in gain and cost, gains ascending."""
    order = np.lexsort((-gains, costs))
    highest = np.maximum.accumulate(np.r_[-np.inf, gains[order]])[:-1]
    return order[gains[order] > highest]


def _cheapest_of(
    problem: LinearProblem, options: Sequence[IntArray], chosen: tuple[int, ...], budget: Budget
) -> list[Combination]:
    """Return, for every option of all columns but the last two, the cheapest that reach."""
    found: list[Combination] = []

    def extend(picks: tuple[int, ...], gain: float, cost: float) -> None:
        place = chosen[len(picks)]
        left = len(chosen) - len(picks)
        gains, costs = problem.gains[place][options[place]], problem.costs[place][options[place]]
        budget.spend(len(gains))
        if left == 1:
            found.extend(_last(problem, options, chosen, picks, gain, cost))
            return
        for number in _spread(len(gains), left):
            pick = int(options[place][number])
            extend((*picks, pick), gain + float(gains[number]), cost + float(costs[number]))

    extend((), 0.0, 0.0)
    found.sort(key=lambda one: (one.cost, one.picks))
    return found


def _last(
    problem: LinearProblem,
    options: Sequence[IntArray],
    chosen: tuple[int, ...],
    picks: tuple[int, ...],
    gain: float,
    cost: float,
) -> list[Combination]:
    """Return the cheapest option of the last column that reaches for sure, and those before it
    that rounding leaves open."""
    place = chosen[-1]
    mine = options[place]
    total = gain + problem.gains[place][mine]
    first = int(np.searchsorted(total, problem.need - problem.slack))
    sure = int(np.searchsorted(total, problem.need + problem.slack))
    return [
        Combination(chosen, (*picks, int(mine[n])), cost + float(problem.costs[place][mine[n]]))
        for n in range(first, min(sure + 1, len(mine)))
    ]


def _spread(count: int, left: int) -> IntArray:
    """Return which of `count` options are tried, the last one (the largest gain) always."""
    if left <= 2 or count <= FINEST:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, FINEST).round().astype(np.int64))
