"""The frontier: the least cost that each gap between groups can be had for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.cube import RATES, View
from audits.mitigate.curves import Curve, compute_curves
from audits.mitigate.goals import Costs, Goal
from audits.mitigate.plan import NoPlan, Plan, Request
from audits.mitigate.thresholds import Chooser

POINTS = 60
"""How many gaps are tried by group, evenly from the widest that makes sense down to none."""


@dataclass(frozen=True, slots=True)
class Point:
    """A plan that no other beats in both gap and cost, and what it does on other rows.

    held_out_gap, held_out_cost: on the rows it was not chosen on; cost of a row, on average.
    """

    plan: Plan
    held_out_gap: float
    held_out_cost: float


STEPS = {1: 5000, 2: 300}
"""Thresholds of a group that are tried, by how many rates the goal bounds, evenly along its
curve: sixty solutions are wanted here, and a figure shows no more."""

SWEEP_POINTS = 400
"""Of one threshold for all, so many points are kept, evenly spread."""


def compute_frontier(
    view: View, held_out: View, goal: Goal, costs: Costs, *, by_group: bool, min_rows: int = 1
) -> tuple[Point, ...]:
    """Return the frontier from the widest gap to the narrowest; empty where there is no plan.

    By group, each point is an optimum, exact where no group has more thresholds than `STEPS`; of
    optima whose gaps are nearer to one another than a `POINTS`-th of the widest, not every one is
    sought. The goal must have a gap. view: the rows that thresholds are chosen on. min_rows: as for
    `Chooser`.
    """
    chooser = Chooser(view, goal, costs, STEPS[len(goal.rates)], min_rows=min_rows)
    plans = _walk(chooser) if by_group else _sweep(chooser)
    judge = _Judge(chooser, held_out)
    return tuple(judge.measure(plan) for plan in _keep_best(plans))


def _walk(chooser: Chooser) -> list[Plan]:
    plans: list[Plan] = []
    gap = 1.0
    while True:
        plan = chooser.choose(gap, by_group=True)
        if isinstance(plan, NoPlan):
            return plans
        plans.append(plan)
        if plan.gap <= 0:
            return plans
        # The plan is the best for every gap down to its own: the next lies below that.
        gap = max(plan.gap - max(plans[0].gap / POINTS, 1e-9), 0.0)


def _sweep(chooser: Chooser) -> list[Plan]:
    sweep = chooser.sweep()
    if isinstance(chooser.choose(1.0, by_group=False), NoPlan):
        return []
    order = np.lexsort((sweep.cost, -sweep.gap))
    cheapest = np.minimum.accumulate(sweep.cost[order][::-1])[::-1]
    best = order[sweep.cost[order] <= cheapest]
    if len(best) > SWEEP_POINTS:
        best = best[np.linspace(0, len(best) - 1, SWEEP_POINTS).round().astype(int)]
    return [
        sweep.plan(Request(chooser.goal, float(sweep.gap[i]), chooser.costs, False), int(i))
        for i in best
    ]


def _keep_best(plans: Sequence[Plan]) -> list[Plan]:
    """Return the plans that no other beats: narrower means costlier from one to the next."""
    kept: list[Plan] = []
    for plan in sorted(plans, key=lambda plan: (plan.gap, plan.cost)):
        if not kept or plan.cost < kept[-1].cost - 1e-12:
            kept.append(plan)
    return kept[::-1]


class _Judge:
    """Takes plans' gap and cost on other rows."""

    def __init__(self, chooser: Chooser, held_out: View) -> None:
        self._rates = chooser.goal.rates
        self._bound = {curve.label for curve in chooser.curves}
        self._curves = compute_curves(held_out, chooser.costs)
        self._known = sum(curve.known for curve in self._curves)
        weight = held_out.weight
        self._kept = {name: RATES[name].share(weight) for name in self._rates}
        costs = chooser.costs
        self._kept_cost = (
            costs.false_positive * weight[:, 0, 1] + costs.false_negative * weight[:, 1, 0]
        )

    def measure(self, plan: Plan) -> Point:
        """Return the plan with its gap and cost on the other rows."""
        cost, shares = 0.0, [[np.nan] * len(self._rates)]
        for position, curve in enumerate(self._curves):
            threshold = plan.thresholds.get(curve.label)
            if threshold is None:  # the group keeps its decisions
                cost += float(self._kept_cost[position])
                shares.append(
                    [
                        self._kept[name][position] if curve.label in self._bound else np.nan
                        for name in self._rates
                    ]
                )
            else:
                step = _find_step(curve, threshold)
                cost += float(curve.cost[step])
                shares.append(
                    [
                        curve.rates[r][step]
                        if r in curve.rates and curve.label in self._bound
                        else np.nan
                        for r in self._rates
                    ]
                )
        columns = np.array(shares)
        known = (column[~np.isnan(column)] for column in columns.T)
        gaps = [np.ptp(column) if len(column) else 0.0 for column in known]
        return Point(plan, float(max(gaps)), cost / self._known)


def _find_step(curve: Curve, threshold: float) -> int:
    """Return the step of a curve that a threshold falls on."""
    return int(np.searchsorted(-curve.thresholds, -threshold, side="right")) - 1
