"""Check `fairness.interventions`: what other thresholds would do to each attribute's gaps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from audits.checks.base import CheckResult, CubeCheck, CubeContext, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.estimate import Estimate, Result, Unavailable
from audits.core.measurement import Measurement
from audits.core.words import GOALS as WORDS
from audits.core.words import lower
from audits.cube.view import View, compute_view
from audits.mitigate.goals import GOALS, Costs
from audits.mitigate.halves import split_cube
from audits.mitigate.outcome import Outcome, compute_plan_outcome
from audits.mitigate.plan import NoPlan, Plan
from audits.mitigate.thresholds import Chooser

CODE = "fairness.interventions"
AIMS = ("demographic_parity", "equal_opportunity", "equalized_odds")
"""The goals that every audit looks at; the dashboard offers all of `GOALS`."""

_NOBODY = "nobody is selected"
_UNTOUCHED = "the group keeps its decisions: it lacks rows of an outcome"


@dataclass(frozen=True, slots=True)
class _Halves:
    """One attribute's groups in the half that thresholds are chosen on, and in the other."""

    attribute: str
    chosen_on: View
    held_out: View


def name_slice(goal: str, attribute: str, *, by_group: bool) -> str:
    """Return the slice of an intervention, "demographic parity, thresholds by sex"."""
    how = f"thresholds by {attribute}" if by_group else "one threshold for all"
    return f"{lower(WORDS[goal].title)}, {how}"


def _measure(
    halves: _Halves, name: str, plan: Plan | NoPlan, outcome: Outcome | None, *, by_group: bool
) -> list[Measurement]:
    """Return what a plan does; without one, its numbers are the reason why there is none."""
    slice_name = name_slice(name, halves.attribute, by_group=by_group)
    reason = Unavailable(reason=plan.reason) if isinstance(plan, NoPlan) else None

    def number(metric: str, result: Result | None) -> Measurement:
        change = metric in ("gap_before", "gap_after", "accuracy_change")
        found = result if result is not None else reason
        assert found is not None  # either there is a plan, or a reason
        return build_measurement(
            CODE, metric, found, unit="points" if change else "share",
            direction="closer_to_zero" if metric.startswith("gap") else "higher_is_better",
            attribute=halves.attribute, slice_name=slice_name,
        )  # fmt: skip

    gap = outcome.gap if outcome else None
    accuracy = outcome.accuracy if outcome else None
    found = [
        number("gap_before", gap.before if gap else None),
        number("gap_after", gap.after if gap else None),
        number("accuracy_before", accuracy.before if accuracy else None),
        number("accuracy_after", accuracy.after if accuracy else None),
        number("accuracy_change", outcome.accuracy_change if outcome else None),
    ]
    if isinstance(plan, NoPlan):
        return found
    return [*found, *_list_thresholds(halves, plan, slice_name)]


def _list_thresholds(halves: _Halves, plan: Plan, slice_name: str) -> list[Measurement]:
    """Return the thresholds: one a group, or the one for all."""
    rows = dict(zip(halves.chosen_on.labels, halves.chosen_on.rows.tolist(), strict=True))
    results: dict[str | None, Result] = {
        group: _make_threshold(threshold, rows[group])
        for group, threshold in plan.thresholds.items()
    }
    for group in plan.untouched:
        results[group] = Unavailable(reason=_UNTOUCHED)
    if not plan.request.by_group:
        threshold = next(iter(plan.thresholds.values()))
        results = {None: _make_threshold(threshold, sum(rows.values()))}
    return [
        build_measurement(
            CODE, "score_threshold", result, unit="score", direction="none",
            attribute=halves.attribute, group=group, slice_name=slice_name,
        )
        for group, result in results.items()
    ]  # fmt: skip


def _make_threshold(threshold: float, rows: int) -> Result:
    if math.isinf(threshold):
        return Unavailable(reason=_NOBODY)
    return Estimate.exact(threshold, rows)


def _intervene(context: CubeContext, halves: _Halves) -> list[Measurement]:
    section = context.spec.mitigate
    costs = Costs(section.cost_false_positive, section.cost_false_negative)
    found: list[Measurement] = []
    least = max(1, context.min_rows // 2)  # half of the rows are measured
    for name in AIMS:
        chooser = Chooser(halves.chosen_on, GOALS[name], costs)
        for by_group in (False, True):
            plan = chooser.choose(section.gap, by_group=by_group)
            outcome = (
                compute_plan_outcome(plan, halves.held_out, least)
                if isinstance(plan, Plan)
                else None
            )
            found += _measure(halves, name, plan, outcome, by_group=by_group)
    return found


def compute_interventions(context: CubeContext) -> CheckResult:
    """Choose thresholds on one random half of the rows and measure them on the other."""
    if context.spec.audit.task != "binary":
        raise CheckNotApplicableError("thresholds apply to yes-or-no predictions only")
    if not context.groupings:
        raise CheckNotApplicableError("no protected columns are declared")
    whole = context.view()
    if not whole.has_scores:
        raise CheckNotApplicableError("the rows have decisions but no scores to cut elsewhere")
    if not whole.has_truth:
        raise CheckNotApplicableError("the rows have no true outcome, so no threshold is better")
    first, second = split_cube(context.cube, context.generator(CODE))
    found: list[Measurement] = []
    for attribute in context.spec.data.protected:
        views = (compute_view(half, (attribute,)) for half in (first, second))
        halves = _Halves(attribute, *views)
        if min(len(halves.chosen_on.labels), len(halves.held_out.labels)) > 1:
            found += _intervene(context, halves)
    if not found:
        raise CheckNotApplicableError("every protected column has one group only")
    return CheckResult(tuple(found))


INTERVENTIONS = CubeCheck(
    CODE,
    "Interventions",
    "Finds the thresholds, one for all or one for each group, that bring the gaps of demographic "
    "parity, equal opportunity and equalized odds within bounds at the least cost: chosen on one "
    "random half of the rows, measured on the other.",
    compute_interventions,
)
