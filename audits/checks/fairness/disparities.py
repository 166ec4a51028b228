"""Check `fairness.disparities`: groups against each other, and the well-known summaries."""

from __future__ import annotations

import numpy as np

from audits.checks.base import CheckResult, CubeCheck, CubeContext, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Direction, Measurement, Unit
from audits.core.report.parts import Part
from audits.cube import (
    DISTANCES,
    Comparison,
    Disparity,
    DisparityResult,
    Values,
    View,
    available_metrics,
    choose_reference,
    compute_average_odds,
    compute_comparison,
    compute_disparities,
    compute_distance,
    compute_p_values,
    to_result,
)

CODE = "fairness.disparities"
_UNDEFINED = "undefined in one of the two groups"
_DIRECTION: dict[str, Direction] = {"difference": "closer_to_zero", "ratio": "closer_to_one"}


def _unit(kind: str, unit: Unit) -> Unit:
    """Return the unit of a comparison of two numbers that are in `unit`."""
    if kind == "ratio":
        return "ratio"
    if unit == "share":
        return "points"
    return "target" if unit == "target" else "difference"


def _pairs(
    name: str, view: View, comparison: Comparison, reference: int, unit: Unit
) -> list[Measurement]:
    """Return one measurement for each group but the reference."""
    return [
        build_measurement(
            CODE, name, comparison.values.result(position, _UNDEFINED), unit=unit,
            direction=_DIRECTION[comparison.kind], attribute=view.attribute, group=label,
            reference_group=view.labels[reference], p_value=float(comparison.p_values[position]),
        )
        for position, label in enumerate(view.labels)
        if position != reference
    ]  # fmt: skip


def _compare_all(context: CubeContext, view: View, wanted: str | None) -> list[Measurement]:
    reference = choose_reference(view, wanted)
    found: list[Measurement] = []
    differences: dict[str, Values] = {}
    for metric in available_metrics(view):
        values = context.compute(metric, view)
        p_values = compute_p_values(metric, values, reference) if metric.compare else None
        for kind in metric.compare:
            comparison = compute_comparison(metric, kind, values, reference, p_values)
            unit = _unit(kind, metric.unit)
            found += _pairs(f"{metric.name}_{kind}", view, comparison, reference, unit)
            if kind == "difference":
                differences[metric.name] = comparison.values
    if view.has_scores:
        for distance in DISTANCES:
            generator = context.generator(f"{distance.name}:{view.attribute}")
            apart, p_values = compute_distance(distance, view, reference, generator)
            found += _pairs(
                distance.name, view, Comparison("difference", apart, p_values), reference, "score"
            )
    if {"true_positive_rate", "false_positive_rate"} <= differences.keys():
        average = compute_average_odds(
            differences["true_positive_rate"], differences["false_positive_rate"]
        )
        untested = Comparison("difference", average, np.full(len(view.labels), np.nan))
        found += _pairs("average_odds_difference", view, untested, reference, "points")
    return found


def measure_summaries(
    code: str, context: CubeContext, view: View, part: Part | None = None
) -> list[Measurement]:
    """Return the well-known summaries over all groups of a view of a binary cube."""
    results = compute_disparities(view, context.min_rows)
    return [_summary(code, view, item, result, part) for item, result in results]


def _summary(
    code: str, view: View, disparity: Disparity, result: DisparityResult, part: Part | None
) -> Measurement:
    defined = result.group >= 0
    return build_measurement(
        code,
        disparity.name,
        to_result(
            result.value, result.low, result.high, result.n, "tukey_mover",
            "fewer than two groups have enough rows, or every rate is zero",
        ),
        unit=_unit(disparity.kind, "share"),
        direction=_DIRECTION[disparity.kind],
        attribute=view.attribute,
        group=view.labels[result.group] if defined else None,
        reference_group=view.labels[result.reference] if defined else None,
        part=part,
        p_value=result.p_value,
        summary=True,
        left_out=tuple(view.labels[place] for place in result.left_out),
    )  # fmt: skip


def compare_groups(context: CubeContext) -> CheckResult:
    """Compare every group with its reference group, and sum each attribute up."""
    if not context.groupings:
        raise CheckNotApplicableError("no protected columns are declared")
    found: list[Measurement] = []
    for attributes in context.groupings:
        view = context.view(attributes)
        if len(view.labels) < 2:
            continue
        found += _compare_all(context, view, context.wanted_reference(attributes))
        if context.spec.audit.task == "binary":
            found += measure_summaries(CODE, context, view)
    if not found:
        raise CheckNotApplicableError("every protected column has one group only")
    return CheckResult(tuple(found))


DISPARITIES_CHECK = CubeCheck(
    CODE,
    "Fairness between groups",
    "Sets every group and intersection against its reference group, and takes demographic "
    "parity, equal opportunity, equalized odds and predictive parity.",
    compare_groups,
)
