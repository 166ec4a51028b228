"""Check `fairness.interventions`: what other thresholds would do to each attribute's gaps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from audits.checks.base import CheckResult, CubeCheck, CubeContext, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.report.codes import INTERVENTIONS_CHECK
from audits.core.report.estimate import Estimate, Result, Unavailable
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part
from audits.cube import (
    METRICS,
    RATES,
    View,
    compute_difference,
    compute_view,
    find_comparators,
    list_rivals,
    to_result,
)
from audits.mitigate import (
    GOAL_OF,
    GOALS,
    NO_GAP,
    Chooser,
    Costs,
    NoPlan,
    Outcome,
    Plan,
    compute_plan_outcome,
    name_intervention,
    split_cube,
)

CODE = INTERVENTIONS_CHECK
AIMS = ("demographic_parity", "equal_opportunity", "equalized_odds")
"""The goals that every audit looks at; the dashboard offers all of `GOALS`."""

_NOBODY = "nobody is selected"
_UNTOUCHED = "the group keeps its decisions: it has too few rows"


@dataclass(frozen=True, slots=True)
class _Halves:
    """One attribute's groups in the half that thresholds are chosen on, and in the other."""

    attribute: str
    chosen_on: View
    held_out: View


def _measure(
    halves: _Halves, name: str, plan: Plan | NoPlan, outcome: Outcome | None, *, by_group: bool
) -> list[Measurement]:
    """Return what a plan does; without one, its numbers are the reason why there is none."""
    part = name_intervention(name, halves.attribute, by_group=by_group)
    reason = Unavailable(reason=plan.reason) if isinstance(plan, NoPlan) else None

    def number(metric: str, result: Result | None) -> Measurement:
        change = metric in ("gap_before", "gap_after", "accuracy_change")
        found = result if result is not None else reason
        assert found is not None  # either there is a plan, or a reason
        return build_measurement(
            CODE, metric, found, unit="points" if change else "share",
            direction="closer_to_zero" if metric.startswith("gap") else "higher_is_better",
            attribute=halves.attribute, part=part,
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
    return [*found, *_list_thresholds(halves, plan, part)]


def _list_thresholds(halves: _Halves, plan: Plan, part: Part) -> list[Measurement]:
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
            attribute=halves.attribute, group=group, part=part,
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
    for name in AIMS:
        chooser = Chooser(halves.chosen_on, GOALS[name], costs, min_rows=context.min_rows)
        pairs = _list_pairs(context, halves, name)
        for by_group in (False, True):
            plan = chooser.choose(section.gap, by_group=by_group)
            if isinstance(plan, NoPlan):
                found += _measure(halves, name, plan, None, by_group=by_group)
                continue
            outcome = compute_plan_outcome(plan, halves.held_out, context.min_rows)
            found += _measure(halves, name, plan, outcome, by_group=by_group)
            part = name_intervention(name, halves.attribute, by_group=by_group)
            found += [item for pair in pairs for item in _measure_pair(halves, pair, outcome, part)]
    return found


@dataclass(frozen=True, slots=True)
class _Pair:
    """A group and one that is better off in a rate, over all rows."""

    rate: str
    group: str
    reference: str


def _list_pairs(context: CubeContext, halves: _Halves, goal: str) -> list[_Pair]:
    """Return the pairs that the policy judges in the goal's own rate and that are large enough in
    the half that is measured on, so that a finding's own gap can be followed."""
    rate = next(rate for rate, name in GOAL_OF.items() if name == goal)
    metric = next(one for one in METRICS["binary"] if one.name == rate)
    view = context.view((halves.attribute,))
    values = context.compute(metric, view)
    comparators = find_comparators(view, values, context.min_rows)
    rows = dict(
        zip(halves.held_out.labels, RATES[rate].compute(halves.held_out).n.tolist(), strict=True)
    )
    large = [rows.get(label, 0) >= context.min_rows for label in view.labels]
    return [
        _Pair(rate, view.labels[group], view.labels[rival])
        for group in range(len(view.labels))
        for rival in list_rivals(values, group, comparators, lower_is_worse=True)
        if large[group] and large[rival]
    ]


def _measure_pair(halves: _Halves, pair: _Pair, outcome: Outcome, part: Part) -> list[Measurement]:
    """Return by how much the pair's first group is worse off, before and after."""
    found = []
    for metric, view in (("gap_before", outcome.before), ("gap_after", outcome.after)):
        values = RATES[pair.rate].compute(view)
        group, other = (view.labels.index(name) for name in (pair.group, pair.reference))
        low, high = compute_difference(
            values.value[other], (values.low[other], values.high[other]),
            values.value[group], (values.low[group], values.high[group]),
        )  # fmt: skip
        result = to_result(
            float(values.value[other] - values.value[group]), float(low), float(high),
            int(values.n[group] + values.n[other]), f"mover_{values.method}", NO_GAP,
        )  # fmt: skip
        found.append(
            build_measurement(
                CODE, metric, result, unit="points", direction="closer_to_zero",
                attribute=halves.attribute, group=pair.group, reference_group=pair.reference,
                part=part,
            )
        )  # fmt: skip
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
