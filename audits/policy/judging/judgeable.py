"""What a policy can judge: every metric that a check measures of the whole data, of a group, of a
class or of a column, with the values that it can have and the side on which it is worse.

The metrics of the cube come from their own tables; those of other checks stand here, and a test
holds them against what the checks measure. Numbers of one feature, one method of explaining or
one way of recourse carry a slice of their own and are described, not judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from audits.core.report.measurement import Direction, Unit
from audits.core.settings.spec import Task
from audits.cube import DISPARITIES, DISTANCES, METRICS, Metric

Reach = Literal["overall", "attribute", "intersection"]
"""What numbers are of: the whole data (or a column of it), groups of one protected column, groups
of two."""

_INF = math.inf
_ALL: tuple[Task, ...] = ("binary", "multiclass", "regression")
_BINARY: tuple[Task, ...] = ("binary",)
_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_MULTI: tuple[Task, ...] = ("multiclass",)
_REGRESSION: tuple[Task, ...] = ("regression",)
_WHOLE: tuple[Reach, ...] = ("overall",)
_SINGLE: tuple[Reach, ...] = ("attribute",)
_GROUPS: tuple[Reach, ...] = ("attribute", "intersection")
_EVERY: tuple[Reach, ...] = ("overall", *_GROUPS)

DOMAINS: dict[str, tuple[float, float]] = {
    "[0, 1]": (0.0, 1.0),
    "[0, 0.5]": (0.0, 0.5),
    "[0, ∞)": (0.0, _INF),
    "(−∞, ∞)": (-_INF, _INF),
    "(−∞, 1]": (-_INF, 1.0),
}
"""The values that a metric can have, as `audits.cube.metrics` writes them, as numbers."""


@dataclass(frozen=True, slots=True)
class Judgeable:
    """One metric that a rule can name. low, high: the least and the greatest value it can have."""

    name: str
    unit: Unit
    direction: Direction
    low: float
    high: float
    reach: tuple[Reach, ...]
    tasks: tuple[Task, ...]


_UP: Direction = "higher_is_better"
_DOWN: Direction = "lower_is_better"
_ZERO: Direction = "closer_to_zero"
_ONE: Direction = "closer_to_one"

_GAPS: dict[str, tuple[Task, ...]] = {
    "selection_rate": _CLASSES,
    "true_positive_rate": _CLASSES,
    "false_positive_rate": _CLASSES,
    "positive_predictive_value": _CLASSES,
    "accuracy": _CLASSES,
    "mean_residual": _REGRESSION,
    "mean_absolute_error": _REGRESSION,
    "standardized_mean_residual": _REGRESSION,
    "relative_mean_absolute_error": _REGRESSION,
}
"""In what groups are set against better-off ones: `<metric>_gap`."""

_GAP_RATIOS = ("selection_rate", "true_positive_rate", "false_positive_rate")
"""Of which the ratio is taken too: `<metric>_gap_ratio`."""

_OTHERS = (
    Judgeable("macro_roc_auc", "score", _UP, 0, 1, _EVERY, _MULTI),
    Judgeable("average_odds_difference", "points", _ZERO, -1, 1, _GROUPS, _BINARY),
    Judgeable("impact_ratio", "ratio", _ONE, 0, _INF, _GROUPS, _BINARY),
    Judgeable("selection_shortfall", "count", "none", -_INF, _INF, _GROUPS, _BINARY),
    Judgeable("selection_rate_z", "score", "none", -_INF, _INF, _GROUPS, _BINARY),
    Judgeable("selection_rate_fisher_p", "score", "none", 0, 1, _GROUPS, _BINARY),
    Judgeable("selection_rate_mid_p", "score", "none", 0, 1, _GROUPS, _BINARY),
    Judgeable("score_proxy_auc", "score", "none", 0, 1, _SINGLE, _ALL),
    Judgeable("consistency", "score", _UP, 0, 1, ("overall", "attribute"), _BINARY),
    Judgeable("flip_turned_share", "share", _DOWN, 0, 1, _SINGLE, _BINARY),
    Judgeable("gap_pairing_error", "points", _DOWN, 0, _INF, _GROUPS, ("binary", "regression")),
    Judgeable("count", "count", "none", 0, _INF, _EVERY, _ALL),
    Judgeable("missing_share", "share", "none", 0, 1, _WHOLE, _ALL),
    Judgeable("missing_share_difference", "points", _ZERO, -1, 1, _SINGLE, _ALL),
    Judgeable("constant_columns", "count", _DOWN, 0, _INF, _WHOLE, _ALL),
    Judgeable("duplicate_columns", "count", _DOWN, 0, _INF, _WHOLE, _ALL),
    Judgeable("identifier_columns", "count", _DOWN, 0, _INF, _WHOLE, _ALL),
    Judgeable("repeated_rows", "share", _DOWN, 0, 1, _WHOLE, _ALL),
    Judgeable("reference_overlap", "share", _DOWN, 0, 1, _WHOLE, _ALL),
    Judgeable("reference_overlap_expected", "share", "none", 0, 1, _WHOLE, _ALL),
    Judgeable("reference_overlap_excess", "share", _DOWN, -1, 1, _WHOLE, _ALL),
    Judgeable("unseen_share", "share", _DOWN, 0, 1, _WHOLE, _ALL),
    Judgeable("outside_range_share", "share", _DOWN, 0, 1, _WHOLE, _ALL),
    Judgeable("column_auc", "score", "none", 0, 1, _WHOLE, _ALL),
    Judgeable("strongest_column_auc", "score", _DOWN, 0, 1, _WHOLE, _ALL),
    Judgeable("typical_column_auc", "score", "none", 0, 1, _WHOLE, _ALL),
    Judgeable("slices_searched", "count", "none", 0, _INF, _WHOLE, _ALL),
    Judgeable("additivity_error", "score", _DOWN, 0, _INF, _WHOLE, _ALL),
    Judgeable("attribution_error", "score", _DOWN, 0, _INF, _WHOLE, _ALL),
    Judgeable("anchors_found", "count", "none", 0, _INF, _WHOLE, _CLASSES),
    Judgeable("reason_stability", "share", _UP, 0, 1, _WHOLE, _BINARY),
    Judgeable("reason_agreement", "share", _UP, 0, 1, _WHOLE, _BINARY),
    Judgeable("prohibited_reason_share", "share", _DOWN, 0, 1, _WHOLE, _BINARY),
    Judgeable("recourse_share", "share", _UP, 0, 1, ("overall", "attribute"), _ALL),
    Judgeable("recourse_cost", "score", _DOWN, 0, _INF, ("overall", "attribute"), _ALL),
    Judgeable("recourse_changes", "columns", _DOWN, 0, _INF, ("overall", "attribute"), _ALL),
    Judgeable("no_recourse_proven", "share", _UP, 0, 1, _WHOLE, _ALL),
    Judgeable("recourse_answers_failed", "share", _DOWN, 0, 1, _WHOLE, _ALL),
    Judgeable("recourse_effort", "score", "none", 0, _INF, _WHOLE, _ALL),
    Judgeable("recourse_rows", "count", "none", 0, _INF, _GROUPS, _ALL),
    Judgeable("recourse_median_cost", "score", _DOWN, 0, _INF, _GROUPS, _ALL),
    Judgeable("recourse_within_effort", "share", _UP, 0, 1, _GROUPS, _ALL),
    Judgeable("recourse_dearer", "share", "none", 0, 1, _GROUPS, _ALL),
    Judgeable("recourse_cost_shift", "difference", _ZERO, -_INF, _INF, _GROUPS, _ALL),
    Judgeable("recourse_share_difference", "points", _ZERO, -1, 1, _GROUPS, _ALL),
    Judgeable("recourse_share_ratio", "ratio", _ONE, 0, _INF, _GROUPS, _ALL),
    Judgeable("recourse_within_effort_difference", "points", _ZERO, -1, 1, _GROUPS, _ALL),
    Judgeable("recourse_within_effort_ratio", "ratio", _ONE, 0, _INF, _GROUPS, _ALL),
    Judgeable("recourse_mean_cost_difference", "difference", _ZERO, -_INF, _INF, _SINGLE, _ALL),
    Judgeable("recourse_change_share_difference", "points", _ZERO, -1, 1, _SINGLE, _ALL),
)


@cache
def list_judgeable() -> tuple[Judgeable, ...]:
    """Return every metric that a rule can name, those of groups' treatment first."""
    found: dict[str, Judgeable] = {}
    for item in (*_list_summaries(), *_list_gaps(), *_list_cube_metrics(), *_OTHERS):
        known = found.get(item.name)
        found[item.name] = item if known is None else _merge(known, item)
    return tuple(found.values())


def get_judgeable(name: str) -> Judgeable | None:
    """Return what is known of a metric; None where no rule can name it."""
    return next((item for item in list_judgeable() if item.name == name), None)


def _merge(one: Judgeable, other: Judgeable) -> Judgeable:
    """Return a metric that several tasks have; of two ranges of values, the wider."""
    return Judgeable(
        one.name, one.unit, one.direction, min(one.low, other.low), max(one.high, other.high),
        tuple(dict.fromkeys((*one.reach, *other.reach))),
        tuple(dict.fromkeys((*one.tasks, *other.tasks))),
    )  # fmt: skip


def _list_summaries() -> Iterator[Judgeable]:
    for item in DISPARITIES:
        if item.kind == "ratio":
            yield Judgeable(item.name, "ratio", _ONE, 0, 1, _GROUPS, _CLASSES)
        else:
            yield Judgeable(item.name, "points", _ZERO, 0, 1, _GROUPS, _CLASSES)
    for distance in DISTANCES:
        yield Judgeable(distance.name, "score", _ZERO, 0, 1, _GROUPS, _BINARY)


def _list_gaps() -> Iterator[Judgeable]:
    units = {metric.name: metric.unit for table in METRICS.values() for metric in table}
    for name, tasks in _GAPS.items():
        share = units[name] == "share"
        unit: Unit = "points" if share else units[name]
        end = 1.0 if share else _INF
        yield Judgeable(f"{name}_gap", unit, _ZERO, -end, end, _GROUPS, tasks)
    for name in _GAP_RATIOS:
        yield Judgeable(f"{name}_gap_ratio", "ratio", _ONE, 0, _INF, _GROUPS, _GAPS[name])


def _list_cube_metrics() -> Iterator[Judgeable]:
    for task, table in METRICS.items():
        # A model of several classes has the metrics of yes or no for each class against the others.
        tasks = _CLASSES if task == "binary" else (task,)
        for metric in table:
            low, high = DOMAINS[metric.domain]
            reach = _GROUPS if "groups" in metric.needs else _EVERY
            yield Judgeable(metric.name, metric.unit, metric.direction, low, high, reach, tasks)
            for kind in metric.compare:
                yield _compare(metric, kind, task)


def _compare(metric: Metric, kind: str, task: Task) -> Judgeable:
    name, (low, high) = f"{metric.name}_{kind}", DOMAINS[metric.domain]
    if kind == "ratio":
        return Judgeable(name, "ratio", _ONE, 0, _INF, _GROUPS, (task,))
    unit = compare_unit(metric.unit)
    return Judgeable(name, unit, _ZERO, low - high, high - low, _GROUPS, (task,))


def compare_unit(unit: Unit) -> Unit:
    """Return the unit of a difference of two numbers that are in `unit`."""
    if unit == "share":
        return "points"
    return "target" if unit == "target" else "difference"
