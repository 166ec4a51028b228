"""Every change of up to k columns of one row, exactly, over the cells of a tree ensemble.

Branch and bound (Land and Doig 1960): the sum over trees of the best leaf that a set of columns
can reach bounds whatever these columns may become. Sets that cannot reach the target are never
opened; the others are counted out in full, two columns at a time as one matrix product over
leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb

import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.recourse.proof.trees import Leaves

SETS_AT_ONCE = 2_000_000
"""Sets of columns times leaves that are bounded in one go: bounds the memory."""
KEPT = 8
"""How many of the cheapest answers are handed back."""
TRIED_AT_ONCE = 256


class BudgetSpentError(Exception):
    """The work or the time allowed for a row is spent."""


@dataclass(slots=True)
class Budget:
    """How much may be done for one row: multiply-adds, and whatever else `expired` looks at."""

    work: float
    expired: Callable[[], bool]

    def spend(self, work: float) -> None:
        """Raises BudgetSpentError where the work is more than is left."""
        self.work -= work
        if self.work < 0 or self.expired():
            raise BudgetSpentError


@dataclass(frozen=True, slots=True)
class Problem:
    """One row and what its columns may become.

    own: the row's cell in each raw column. columns: those that may change. cells, costs: for
    each of these its other cells, and what the cheapest value of each costs. target: the sum of
    leaves that is wanted; it is met for sure from `target + slack` on and missed for sure under
    `target - slack`, which is what rounding leaves open.
    """

    own: IntArray
    columns: tuple[int, ...]
    cells: tuple[IntArray, ...]
    costs: tuple[FloatArray, ...]
    target: float
    slack: float


@dataclass(frozen=True, slots=True)
class Combination:
    """Changes of some columns: `columns` are places in `Problem.columns`, `picks` their cells'
    places in `Problem.cells`."""

    columns: tuple[int, ...]
    picks: tuple[int, ...]
    cost: float


Confirm = Callable[[Sequence[Combination]], BoolArray]
"""Asks the model itself which combinations get the wanted outcome."""


def count_changes(sizes: Sequence[int], most: int) -> int:
    """Return how many changes of 1 to `most` columns there are, for columns of so many cells."""
    ways = [1] + [0] * most
    for size in sizes:
        for changes in range(most, 0, -1):
            ways[changes] += ways[changes - 1] * size
    return sum(ways[1:])


def find_cheapest(
    leaves: Leaves, problem: Problem, most: int, budget: Budget, confirm: Confirm
) -> list[Combination]:
    """Return the cheapest changes of the fewest columns that reach the target, at most `KEPT`.

    An empty list is a proof: no change of up to `most` of the columns reaches it.
    Raises BudgetSpentError where the budget ends before that is known.
    """
    search = _Search(leaves, problem, most, budget)
    if not search.may_reach_at_all():
        return []
    for changes in range(1, min(most, len(problem.columns)) + 1):
        likely = [
            one for chosen in search.iterate_open(changes) for one in search.count_out(chosen)
        ]
        answers = _confirm_cheapest(likely, confirm, budget)
        if answers:
            return answers
    return []


def _confirm_cheapest(
    likely: list[Combination], confirm: Confirm, budget: Budget
) -> list[Combination]:
    likely.sort(key=lambda one: (one.cost, one.columns, one.picks))
    answers: list[Combination] = []
    for start in range(0, len(likely), TRIED_AT_ONCE):
        budget.spend(0)
        part = likely[start : start + TRIED_AT_ONCE]
        answers += [one for one, holds in zip(part, confirm(part), strict=True) if holds]
        if len(answers) >= KEPT:
            break
    return answers[:KEPT]


class _Search:
    """The leaves that one row can reach by up to `most` changes, and what they bound."""

    def __init__(self, leaves: Leaves, problem: Problem, most: int, budget: Budget) -> None:
        self._leaves, self._problem, self._budget = leaves, problem, budget
        self._least = problem.target - problem.slack - leaves.offset
        width = len(problem.columns)
        needed = np.zeros((len(leaves.value), width), dtype=np.bool_)
        alive = np.ones(len(leaves.value), dtype=np.bool_)
        place_of = {column: place for place, column in enumerate(problem.columns)}
        for column, meets in enumerate(leaves.meets):
            own = meets[:, problem.own[column]]
            if column not in place_of:
                alive &= own
                continue
            place = place_of[column]
            needed[:, place] = ~own
            alive &= own | meets[:, problem.cells[place]].any(axis=1)
        alive &= needed.sum(axis=1) <= most
        self._alive = np.flatnonzero(alive)
        self._needed = needed[self._alive].astype(np.float32)
        self._tree = leaves.tree[self._alive]
        self._value = leaves.value[self._alive]
        self._starts = _starts_of(self._tree)

    def may_reach_at_all(self) -> bool:
        """Whether the bound for all columns together leaves the target open."""
        best = np.maximum.reduceat(self._value, self._starts).sum()
        return bool(best >= self._least)

    def iterate_open(self, changes: int) -> Iterator[tuple[int, ...]]:
        """Yield the sets of so many columns whose bound leaves the target open."""
        width = len(self._problem.columns)
        self._budget.spend(comb(width, changes) * len(self._value))
        at_once = max(1, SETS_AT_ONCE // len(self._value))
        every = combinations(range(width), changes)
        while part := list(islice(every, at_once)):
            self._budget.spend(0)
            kept = np.ones((width, len(part)), dtype=np.float32)
            for number, chosen in enumerate(part):
                kept[list(chosen), number] = 0
            reached = (self._needed @ kept).T == 0
            best = np.where(reached, self._value, -np.inf)
            bound = np.maximum.reduceat(best, self._starts, axis=1).sum(axis=1)
            for open_ in np.flatnonzero(bound >= self._least).tolist():
                yield part[open_]

    def count_out(self, chosen: tuple[int, ...]) -> list[Combination]:
        """Return the set's combinations that may reach the target, the cheapest that matter."""
        others = np.ones(self._needed.shape[1], dtype=np.bool_)
        others[list(chosen)] = False
        here = np.flatnonzero(~self._needed[:, others].any(axis=1))
        tables = [self._table(place, here) for place in chosen]
        order = sorted(range(len(chosen)), key=lambda slot: tables[slot].shape[1])
        picks, sums = self._sum_leaves(
            [tables[slot] for slot in order], self._value[here], self._tree[here]
        )
        if not len(sums):
            return []
        costs = sum(
            (self._problem.costs[chosen[slot]][picks[:, n]] for n, slot in enumerate(order)),
            np.zeros(len(sums)),
        )
        back = np.argsort(order)
        return self._keep_cheapest(chosen, picks[:, back], costs, sums)

    def _table(self, place: int, here: IntArray) -> BoolArray:
        meets = self._leaves.meets[self._problem.columns[place]]
        table: BoolArray = meets[np.ix_(self._alive[here], self._problem.cells[place])]
        return table

    def _sum_leaves(
        self, tables: list[BoolArray], value: FloatArray, tree: IntArray
    ) -> tuple[IntArray, FloatArray]:
        """Return the picks `[n, n_columns]` whose leaves add up to enough, and these sums."""
        if len(tables) <= 2:
            return self._sum_pairs(tables, value)
        first, rest = tables[0], tables[1:]
        found: list[IntArray] = [np.empty((0, len(tables)), dtype=np.int64)]
        sums: list[FloatArray] = [np.empty(0)]
        for pick in range(first.shape[1]):
            here = np.flatnonzero(first[:, pick])
            self._budget.spend(len(first))
            best = np.maximum.reduceat(value[here], _starts_of(tree[here])).sum()
            if best < self._least:
                continue
            picks, some = self._sum_leaves([one[here] for one in rest], value[here], tree[here])
            found.append(np.column_stack([np.full(len(picks), pick), picks]))
            sums.append(some)
        return np.concatenate(found), np.concatenate(sums)

    def _sum_pairs(self, tables: list[BoolArray], value: FloatArray) -> tuple[IntArray, FloatArray]:
        one = tables[0].astype(np.float64) * value[:, None]
        if len(tables) == 1:
            self._budget.spend(one.size)
            total = one.sum(axis=0)
            picks = np.flatnonzero(total >= self._least)
            return picks[:, None], total[picks]
        self._budget.spend(float(one.size) * tables[1].shape[1])
        total = one.T @ tables[1].astype(np.float64)
        rows, columns = np.nonzero(total >= self._least)
        return np.column_stack([rows, columns]), total[rows, columns]

    def _keep_cheapest(
        self, chosen: tuple[int, ...], picks: IntArray, costs: FloatArray, sums: FloatArray
    ) -> list[Combination]:
        """Keep what is no costlier than the last of the `KEPT` cheapest that are met for sure."""
        sure = np.sort(costs[sums >= self._least + 2 * self._problem.slack])
        if len(sure) >= KEPT:
            near = costs <= sure[KEPT - 1]
            picks, costs = picks[near], costs[near]
        order = np.argsort(costs, kind="stable")
        return [Combination(chosen, tuple(picks[n].tolist()), float(costs[n])) for n in order]


def _starts_of(tree: IntArray) -> IntArray:
    return np.flatnonzero(np.r_[True, tree[1:] != tree[:-1]])
