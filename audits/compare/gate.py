"""Which numbers count when one run is held against another, and which are shown beside them.

What counts is fixed before anything is looked at: the plain rates and errors of everybody and of
every group, their gaps, and whatever a policy judges. A number that some procedure chose anew in
each run (a threshold, a slice, the group that is best off) has an interval that does not know of
the choice, so that two runs of one model differ in it beyond that interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from audits.compare.comparison import Change, Family
from audits.compare.matching import MIRRORS
from audits.core.arrays import FloatArray
from audits.core.report.measurement import Measurement


class Role(StrEnum):
    """What a number does in a comparison."""

    COUNTS = "counts"
    BESIDE = "beside"
    """Tested and shown, by itself: it makes no run worse."""
    CHOSEN = "chosen"
    """Chosen or searched anew in each run: shown, not tested."""


_RATES = ("selection_rate", "true_positive_rate", "false_positive_rate",
          "positive_predictive_value", "accuracy")  # fmt: skip
_ERRORS = ("mean_residual", "mean_absolute_error")
_OF_GROUPS = (*_RATES, *_ERRORS, "negative_predictive_value", "roc_auc", "brier_score", "log_loss")
_OF_ALL = (*_OF_GROUPS, "balanced_accuracy", "f1", "average_precision",
           "root_mean_squared_error", "r2")  # fmt: skip
_BETWEEN = (*(f"{name}_difference" for name in (*_RATES, *_ERRORS)), "impact_ratio")
_COUNTING = {
    "performance.overall": _OF_ALL,
    "performance.classes": ("true_positive_rate", "positive_predictive_value"),
    "performance.groups": _OF_GROUPS,
    "fairness.disparities": _BETWEEN,
    "fairness.adverse_impact": _BETWEEN,
}

_LEADING = {
    "binary": ("true_positive_rate", "false_positive_rate", "selection_rate_difference"),
    "multiclass": ("accuracy",),
    "regression": _ERRORS,
}
_LEADING_PART = 0.6
_PARTS = {Family.GROUPS: 0.1, Family.OVERALL: 0.15, Family.INTERSECTIONS: 0.15}

_CHOOSING = ("fairness.interventions", "fairness.proxies", "performance.slices", "explain.trust",
             "explain.anchors", "explain.gap", "explain.errors", "recourse.")  # fmt: skip
"""Checks that choose thresholds, columns, slices, rows or recourse before they measure."""

CHOSEN_GAPS = ("_gap", "_gap_ratio")
"""Set against whichever group is best off in a run: chosen anew, and told by the group's own
number and its difference to the reference group."""


def name_role(item: Measurement, judged: bool) -> Role:
    """Return what a number does in a comparison. judged: a policy has a verdict on it."""
    if item.check.startswith(_CHOOSING) or item.metric.endswith(CHOSEN_GAPS):
        return Role.CHOSEN
    listed = MIRRORS.get(item.metric, item.metric) in _COUNTING.get(item.check, ())
    if listed and (item.part is None or item.check == "performance.classes"):
        return Role.COUNTS
    return Role.COUNTS if judged and item.direction != "none" else Role.BESIDE


def name_family(item: Measurement, protected: Sequence[str], role: Role) -> Family:
    """Return with which numbers a number is tested."""
    if role is not Role.COUNTS:
        return Family.BEYOND
    return name_breadth(item, protected)


def weigh(changes: Sequence[Change], task: str) -> FloatArray:
    """Return the part of the chance of a false change that each number has.

    A group's harm is what is looked for most, so the leading numbers of single groups (its true
    and false positive rate and its gap in selection; accuracy of classes; errors of numbers) have
    six tenths together, and everything else that counts has the rest.
    """
    tiers = [
        (item.family, item.family is Family.GROUPS and item.shown.metric in _LEADING[task])
        for item in changes
    ]
    sizes = Counter(tiers)
    parts = (_LEADING_PART if leads else _PARTS.get(family, 1.0) for family, leads in tiers)
    return np.array([part / sizes[tier] for part, tier in zip(parts, tiers, strict=True)])


def name_breadth(item: Measurement, protected: Sequence[str]) -> Family:
    """Return of whom a number is: everybody, the groups of a column, or an intersection."""
    if item.attribute is None:
        return Family.OVERALL
    return Family.GROUPS if item.attribute in protected else Family.INTERSECTIONS
