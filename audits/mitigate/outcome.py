"""Before and after: what a plan does on rows that it was not chosen on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray
from audits.core.report.estimate import Result
from audits.cube import (
    RATES,
    UNKNOWN,
    Cube,
    Disparity,
    Pairs,
    View,
    compute_mean,
    compute_paired_change,
    compute_spread,
    compute_view,
    to_result,
)
from audits.mitigate.goals import Costs
from audits.mitigate.plan import Plan, apply_thresholds

NO_GAP = "undefined in all but one group"
NO_ROWS = "no rows with a known outcome"


@dataclass(frozen=True, slots=True)
class Effect:
    """One number before and after, each with its interval."""

    before: Result
    after: Result


@dataclass(frozen=True, slots=True)
class Outcome:
    """What changed on the same rows. before, after: the rows by group under both decisions.

    gap: the goal's gap, None where the goal has none. accuracy_change: after minus before, the
    interval of paired rows. cost: of a row, on average.
    """

    before: View
    after: View
    gap: Effect | None
    accuracy: Effect
    accuracy_change: Result
    selection: Effect
    cost: Effect


def compute_plan_outcome(plan: Plan, held_out: View, min_rows: int = 1) -> Outcome:
    """Return what a plan does on the rows of `held_out`. min_rows: as for `compute_outcome`."""
    after = apply_thresholds(held_out, plan.thresholds)
    request = plan.request
    return compute_outcome(held_out, after, request.goal.gap, request.costs, min_rows)


def compute_outcome(
    before: View,
    decided: Cube,
    gap: Disparity | None,
    costs: Costs,
    min_rows: int = 1,
) -> Outcome:
    """Return what other decisions do. decided: the cells of `before`, in their order, with new
    decisions. min_rows: groups with fewer rows in a rate are no part of its gap."""
    after = View(decided, before.attribute, before.labels, before.cell_group)
    whole, whole_after = compute_view(before.cube), compute_view(decided)
    return Outcome(
        before=before,
        after=after,
        gap=None
        if gap is None
        else Effect(_take_gap(gap, before, min_rows), _take_gap(gap, after, min_rows)),
        accuracy=_take_rates("accuracy", whole, whole_after),
        accuracy_change=_take_change(before.cube, decided),
        selection=_take_rates("selection_rate", whole, whole_after),
        cost=Effect(_take_cost(whole, costs), _take_cost(whole_after, costs)),
    )


def _take_gap(gap: Disparity, view: View, min_rows: int) -> Result:
    found = compute_spread(gap, view, min_rows)
    return to_result(found.value, found.low, found.high, found.n, "tukey_mover", NO_GAP)


def _take_rates(name: str, before: View, after: View) -> Effect:
    return Effect(*(RATES[name].compute(view).result(0, NO_ROWS) for view in (before, after)))


def _take_change(before: Cube, after: Cube) -> Result:
    """Return the change in accuracy from the rows that were set right and those set wrong."""
    true = before.codes["y_true"]
    known = true != UNKNOWN
    right, now_right = before.codes["y_pred"] == true, after.codes["y_pred"] == true
    weight, squared = before.sums["weight"], before.sums["weight_squared"]
    total = float(weight[known].sum())
    effective = total**2 / float(squared[known].sum()) if total > 0 else 0.0
    scale = effective / total if total > 0 else 0.0

    def rows(mask: FloatArray) -> float:
        return float(weight[known & (mask > 0)].sum()) * scale

    change, low, high = compute_paired_change(
        Pairs(
            both=rows(right & now_right),
            gained=rows(~right & now_right),
            lost=rows(right & ~now_right),
            neither=rows(~right & ~now_right),
        )
    )
    n = int(before.sums["count"][known].sum())
    return to_result(change, low, high, n, "newcombe_paired", NO_ROWS)


def _take_cost(view: View, costs: Costs) -> Result:
    true, decided = view.cube.codes["y_true"], view.cube.codes["y_pred"]
    each = np.where((true == 0) & (decided == 1), costs.false_positive, 0.0)
    each = np.where((true == 1) & (decided == 0), costs.false_negative, each)
    weight = view.cube.sums["weight"]
    return compute_mean(view, weight * each, weight * each**2).result(0, NO_ROWS)
