"""What would help: thresholds chosen live on one half of the cube, measured on the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from audits.checks import CubeContext
from audits.core.arrays import FloatArray
from audits.core.format import format_value, list_words, lower, plain_text
from audits.core.groups import FEW_ROWS
from audits.core.report.codes import INTERVENTIONS_CHECK
from audits.core.report.estimate import Result, Unavailable
from audits.core.report.measurement import Unit
from audits.core.words.metrics import GOALS as GOAL_WORDS
from audits.cube import RATES, View
from audits.figures import Chart, Frontier, Setting, draw_frontier, draw_moved
from audits.mitigate import (
    GOALS,
    Chooser,
    Costs,
    Effect,
    GoalName,
    NoPlan,
    Outcome,
    Plan,
    Point,
    compute_frontier,
    compute_plan_outcome,
    split_cube,
)
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import render_point, render_range, render_result
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric

STILL = 0.0005
"""A change in accuracy under a twentieth of a point is written as none."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the reader chose. gap: the largest allowed, in [0, 1]."""

    grouping: str
    goal: GoalName
    by_group: bool
    gap: float
    costs: Costs


@dataclass(frozen=True, slots=True)
class Answer:
    """What it would do: a sentence; and, where there are such thresholds, tables and a chart.

    caution: which thresholds rest on few rows, "" where none does.
    """

    sentence: str
    uses_attribute: bool
    caution: str = ""
    groups: pd.DataFrame | None = None
    overall: pd.DataFrame | None = None
    chart: Chart | None = None


def find_obstacle(run: RunData) -> str:
    """Return why no thresholds can be tried in this run, "" where they can."""
    if run.task != "binary":
        return say("lab.not_binary")
    if not run.attributes:
        return say("fairness.no_groups")
    whole = run.view(None)
    if not whole.has_scores:
        return say("lab.none")
    return "" if whole.has_truth else say("interventions.no_truth")


def list_goals() -> dict[str, GoalName]:
    """Return the goals by their titles."""
    return {GOAL_WORDS[goal.name].title: goal.name for goal in GOALS.values()}


def explain_goal(goal: GoalName) -> str:
    """Return what a goal asks for."""
    return GOAL_WORDS[goal].meaning


def default_costs(run: RunData) -> Costs:
    """Return the costs that the audit's settings name."""
    section = run.spec.mitigate
    return Costs(section.cost_false_positive, section.cost_false_negative)


@lru_cache(maxsize=16)
def split_views(run: RunData, grouping: str) -> tuple[View, View]:
    """Return the groups in the half to choose on and in the other; the same as the audit's."""
    generator = CubeContext(run.spec, run.cube).generator(INTERVENTIONS_CHECK)
    first, second = split_cube(run.cube, generator)
    return run.view(grouping, first), run.view(grouping, second)


@lru_cache(maxsize=16)
def _chooser(run: RunData, grouping: str, goal: GoalName, costs: Costs) -> Chooser:
    return Chooser(split_views(run, grouping)[0], GOALS[goal], costs, min_rows=run.min_rows)


@lru_cache(maxsize=32)
def _solve(run: RunData, question: Question) -> tuple[Plan | NoPlan, Outcome | None]:
    chooser = _chooser(run, question.grouping, question.goal, question.costs)
    plan = chooser.choose(question.gap, by_group=question.by_group)
    if isinstance(plan, NoPlan):
        return plan, None
    held_out = split_views(run, question.grouping)[1]
    return plan, compute_plan_outcome(plan, held_out, run.min_rows)


def answer(run: RunData, question: Question) -> Answer:
    """Return what the best thresholds for the question would do."""
    plan, outcome = _solve(run, question)
    if isinstance(plan, NoPlan) or outcome is None:
        assert isinstance(plan, NoPlan)  # every plan has an outcome
        reason = plain_text(plan.reason)
        return Answer(say("interventions.impossible", reason=reason), question.by_group)
    return Answer(
        sentence=_render_sentence(question, outcome),
        uses_attribute=plan.uses_attribute,
        caution=_render_caution(run, question, plan),
        groups=_tabulate_groups(question, plan, outcome),
        overall=_tabulate_overall(question, outcome),
        chart=_make_chart(question, outcome),
    )


def _render_caution(run: RunData, question: Question, plan: Plan) -> str:
    chosen_on = split_views(run, question.grouping)[0]
    few = [
        plain_text(label)
        for label, rows in zip(chosen_on.labels, chosen_on.rows, strict=True)
        if rows < FEW_ROWS and label in plan.thresholds
    ]
    if not question.by_group or not few:
        return ""
    return say("interventions.few", n=FEW_ROWS, groups=list_words(few, limit=12))


def _name_way(question: Question) -> str:
    if not question.by_group:
        return say("interventions.way_one")
    return say("interventions.way_groups", attribute=plain_text(question.grouping))


def _render_sentence(question: Question, outcome: Outcome) -> str:
    fields = {"how": _name_way(question), "effect": _render_effect(outcome.accuracy_change)}
    goal = GOALS[question.goal]
    effect, unit, name = outcome.gap, "points", goal.gap.name if goal.gap else ""
    if effect is None:
        effect, unit, name = outcome.cost, "score", ""
    before, after = effect.before, effect.after
    if isinstance(before, Unavailable) or isinstance(after, Unavailable):
        return say("interventions.unknown", **fields)
    known: Unit = "points" if unit == "points" else "score"
    fields |= {
        "gap": lower(name_metric(name)),
        "before": format_value(before.value, known).removesuffix(" points"),
        "after": format_value(after.value, known),
    }
    if not name:
        return say("interventions.cost_sentence", **fields)
    key = "shrink" if after.value < before.value else "widen"
    return say(f"interventions.{key}", **fields)


def _render_effect(change: Result) -> str:
    if isinstance(change, Unavailable):
        return say("interventions.effect_unknown")
    if abs(change.value) < STILL:
        return say("interventions.effect_none")
    key = "interventions.effect_cost" if change.value < 0 else "interventions.effect_gain"
    return say(key, value=format_value(abs(change.value), "points"))


def _list_rates(question: Question) -> tuple[str, ...]:
    return GOALS[question.goal].rates or ("selection_rate",)


def _tabulate_groups(question: Question, plan: Plan, outcome: Outcome) -> pd.DataFrame:
    """Return each group's threshold and its rates before and after."""
    columns: dict[str, list[object]] = {
        say("column.group"): [plain_text(label) for label in outcome.before.labels],
        say("column.rows"): [int(rows) for rows in outcome.before.rows],
        say("interventions.threshold"): [
            _render_threshold(plan.thresholds.get(label)) for label in outcome.before.labels
        ],
    }
    for rate in _list_rates(question):
        old, new = (RATES[rate].compute(view) for view in (outcome.before, outcome.after))
        title = name_metric(rate)
        places = range(len(outcome.before.labels))
        results = [(old.result(i, "–"), new.result(i, "–")) for i in places]
        columns[say("interventions.rate_before", title=title)] = [
            render_point(before, "share") for before, _ in results
        ]
        columns[say("interventions.rate_after", title=title)] = [
            render_point(after, "share") for _, after in results
        ]
        columns[say("interventions.rate_interval", title=title)] = [
            render_range(after, "share") for _, after in results
        ]
    return pd.DataFrame(columns)


def _render_threshold(threshold: float | None) -> str:
    if threshold is None:
        return say("interventions.kept")
    if math.isinf(threshold):
        return say("interventions.nobody")
    return format_value(threshold, "score")


def _tabulate_overall(question: Question, outcome: Outcome) -> pd.DataFrame:
    """Return the gap, accuracy, selection and cost before and after, with intervals."""
    goal = GOALS[question.goal]
    rows: list[tuple[str, Effect, Unit]] = []
    if goal.gap is not None and outcome.gap is not None:
        rows.append((name_metric(goal.gap.name), outcome.gap, "points"))
    rows += [
        (name_metric("accuracy"), outcome.accuracy, "share"),
        (name_metric("selection_rate"), outcome.selection, "share"),
    ]
    if not question.costs.equal:
        rows.append((say("interventions.cost"), outcome.cost, "score"))
    records = [
        {
            say("column.measure"): title,
            say("interventions.before"): render_result(effect.before, unit),
            say("interventions.after"): render_result(effect.after, unit),
        }
        for title, effect, unit in rows
    ]
    records.append(
        {
            say("column.measure"): name_metric("accuracy_change"),
            say("interventions.before"): "",
            say("interventions.after"): render_result(outcome.accuracy_change, "points"),
        }
    )
    return pd.DataFrame(records)


def _make_chart(question: Question, outcome: Outcome) -> Chart | None:
    rate = _list_rates(question)[0]
    old, new = (RATES[rate].compute(view).value for view in (outcome.before, outcome.after))
    if not (~np.isnan(old) & ~np.isnan(new)).any():
        return None
    return draw_moved(
        [plain_text(label) for label in outcome.before.labels],
        old,
        new,
        ["" if np.isnan(value) else format_value(float(value), "share") for value in new],
        title=say("interventions.chart_title", title=name_metric(rate)),
        axis=name_metric(rate),
        legend=(say("interventions.before"), say("interventions.after")),
    )


@lru_cache(maxsize=32)
def _find_frontier(
    run: RunData, grouping: str, goal: GoalName, costs: Costs, by_group: bool
) -> tuple[Point, ...]:
    first, second = split_views(run, grouping)
    return compute_frontier(
        first, second, GOALS[goal], costs, by_group=by_group, min_rows=run.min_rows
    )


def make_frontier_chart(run: RunData, question: Question) -> Chart | None:
    """Return what every gap costs, by group and with one threshold; None for the least cost."""
    goal, costs = GOALS[question.goal], question.costs
    if goal.gap is None:
        return None
    lines = []
    for by_group in (True, False):
        points = _find_frontier(run, question.grouping, question.goal, costs, by_group)
        if points:
            way = Question(question.grouping, question.goal, by_group, question.gap, costs)
            lines.append(_make_line(_name_way(way), points, costs))
    if not lines:
        return None
    paid = name_metric("accuracy") if costs.equal else say("interventions.cost")
    return draw_frontier(
        lines,
        _list_spots(run, question),
        title=say("interventions.frontier_title", paid=lower(paid)),
        axes=(name_metric(goal.gap.name), paid),
        share=costs.equal,
    )


def _make_line(name: str, points: tuple[Point, ...], costs: Costs) -> Frontier:
    def paid(cost: FloatArray) -> FloatArray:
        return 1 - cost / costs.false_positive if costs.equal else cost

    return Frontier(
        name,
        np.array([point.plan.gap for point in points]),
        paid(np.array([point.plan.cost for point in points])),
        np.array([point.held_out_gap for point in points]),
        paid(np.array([point.held_out_cost for point in points])),
    )


def _list_spots(run: RunData, question: Question) -> list[Setting]:
    """Return where decisions are now, and where the answer would take them."""
    plan, outcome = _solve(run, question)
    if isinstance(plan, NoPlan) or outcome is None or outcome.gap is None:
        return []
    paid, unit = (outcome.accuracy, "share") if question.costs.equal else (outcome.cost, "score")
    spots = []
    for when in ("before", "after"):
        gap, value = getattr(outcome.gap, when), getattr(paid, when)
        if isinstance(gap, Unavailable) or isinstance(value, Unavailable):
            continue
        known: Unit = "share" if unit == "share" else "score"
        text = say("interventions.spot", gap=format_value(gap.value, "points"),
                   paid=format_value(value.value, known))  # fmt: skip
        spots.append(Setting(say(f"interventions.{when}"), gap.value, value.value, text))
    return spots
