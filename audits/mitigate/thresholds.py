"""Choosing thresholds: the cheapest ones, for all or by group, that keep a goal's gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from audits.core.arrays import FloatArray
from audits.core.format import format_value
from audits.cube import RATES, View
from audits.mitigate.curves import Curve, compute_curves
from audits.mitigate.goals import Costs, Goal
from audits.mitigate.plan import NoPlan, Plan, Request
from audits.mitigate.windows import MAX_STEPS, Choice, OneRate, TwoRates

_ABSENT = "{goal} needs two groups with {least}rows {what}"
_WHAT = {
    "true_positive_rate": "whose true outcome is favourable",
    "false_positive_rate": "whose true outcome is not favourable",
}


class Chooser:
    """Chooses thresholds on one view; what does not depend on the gap is worked out once.

    steps: how many of a group's thresholds are tried; by default all, and `MAX_STEPS` for
    equalized odds. min_rows: a group with fewer rows in one of the goal's rates is not bound by
    the goal: chance decides its rates.
    """

    def __init__(
        self,
        view: View,
        goal: Goal,
        costs: Costs,
        steps: int | None = None,
        *,
        min_rows: int = 1,
    ) -> None:
        self.goal, self.costs, self._steps = goal, costs, steps
        curves = compute_curves(view, costs)
        rows = [RATES[rate].compute(view).n for rate in goal.rates]
        bound = [
            all(rate in curve.rates for rate in goal.rates)
            and all(n[place] >= min_rows for n in rows)
            for place, curve in enumerate(curves)
        ]
        self._min_rows = min_rows
        self.curves = tuple(curve for curve, fits in zip(curves, bound, strict=True) if fits)
        self.untouched = tuple(
            curve.label for curve, fits in zip(curves, bound, strict=True) if not fits
        )
        self._all = curves
        self._known = sum(curve.known for curve in curves)
        self._solver: OneRate | TwoRates | None = None

    def choose(self, gap: float, *, by_group: bool) -> Plan | NoPlan:
        """Return the cheapest thresholds whose gap is at most `gap`, in [0, 1]."""
        request = Request(self.goal, gap, self.costs, by_group)
        if not self._known:
            return NoPlan(request, "no rows have a known outcome")
        if self.goal.gap is not None and len(self.curves) < 2:
            return NoPlan(request, self._explain_absence())
        choice = self._choose_by_group(gap) if by_group else None
        if by_group:
            if choice is not None:
                return self._make_plan(request, choice)
            smallest = self._smallest_gap()
        else:
            sweep = self.sweep()
            place = sweep.find(gap)
            if place is not None:
                return sweep.plan(request, place)
            smallest = float(sweep.gap.min())
        subject = "no thresholds by group keep" if by_group else "no single threshold keeps"
        reason = f"{subject} the gap within {format_value(gap, 'points')}; the smallest possible "
        return NoPlan(request, f"{reason}is {format_value(smallest, 'points')}", smallest)

    def sweep(self) -> Sweep:
        """Return what every single threshold for everybody would do."""
        return Sweep(self._all, self.curves, self.goal, self._known)

    def _choose_by_group(self, gap: float) -> Choice | None:
        if self.goal.gap is None:
            steps = np.array([int(np.argmin(curve.cost)) for curve in self.curves])
            cost = sum(float(curve.cost.min()) for curve in self.curves)
            return Choice(steps, cost, 0.0)
        if self._solver is None:
            rates = self.goal.rates
            self._solver = (
                OneRate(self.curves, rates[0], self._steps)
                if len(rates) == 1
                else TwoRates(self.curves, (rates[0], rates[1]), self._steps or MAX_STEPS)
            )
        return self._solver.solve(gap)

    def _smallest_gap(self) -> float:
        # Two rates can always be equal: nobody is selected anywhere.
        return self._solver.smallest_gap() if isinstance(self._solver, OneRate) else 0.0

    def _make_plan(self, request: Request, choice: Choice) -> Plan:
        thresholds = {
            curve.label: float(curve.thresholds[step])
            for curve, step in zip(self.curves, choice.steps, strict=True)
        }
        known = sum(curve.known for curve in self.curves)
        return Plan(request, thresholds, self.untouched, choice.gap, choice.cost / known)

    def _explain_absence(self) -> str:
        lacking = [rate for rate in self.goal.rates if sum(rate in c.rates for c in self._all) < 2]
        what = _WHAT.get(lacking[0] if lacking else "", "of both true outcomes")
        title = self.goal.name.replace("_", " ")
        least = f"at least {self._min_rows} " if self._min_rows > 1 else ""
        return _ABSENT.format(goal=title, what=what, least=least)


class Sweep:
    """Every single threshold for everybody, strictest first; arrays `[n_thresholds]`."""

    def __init__(
        self, curves: Sequence[Curve], compared: Sequence[Curve], goal: Goal, known: float
    ) -> None:
        self._labels = tuple(curve.label for curve in curves)
        self._known = known
        self.thresholds: FloatArray = np.unique(
            np.concatenate([curve.thresholds for curve in curves])
        )[::-1]
        steps = {
            curve.label: np.searchsorted(-curve.thresholds, -self.thresholds, side="right") - 1
            for curve in curves
        }
        self.cost: FloatArray = np.sum([curve.cost[steps[curve.label]] for curve in curves], axis=0)
        self.gap = _compute_gap(compared, steps, goal.rates, len(self.thresholds))

    def find(self, gap: float) -> int | None:
        """Return the cheapest threshold within `gap`, of equals the one with the smallest gap."""
        allowed = np.flatnonzero(self.gap <= gap + 1e-12)
        if not len(allowed):
            return None
        order = np.lexsort((self.gap[allowed], self.cost[allowed]))
        return int(allowed[order[0]])

    def plan(self, request: Request, place: int) -> Plan:
        """Return one of the thresholds as a plan."""
        threshold = float(self.thresholds[place])
        return Plan(
            request,
            dict.fromkeys(self._labels, threshold),
            (),
            float(self.gap[place]),
            float(self.cost[place]) / self._known,
        )


def _compute_gap(
    curves: Sequence[Curve], steps: Mapping[str, np.ndarray], rates: tuple[str, ...], size: int
) -> FloatArray:
    worst = np.zeros(size)
    for rate in rates:
        each = np.array([curve.rates[rate][steps[curve.label]] for curve in curves])
        worst = np.maximum(worst, each.max(axis=0) - each.min(axis=0))
    return worst
