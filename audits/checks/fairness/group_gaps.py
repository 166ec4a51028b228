"""Check `fairness.gaps`: every group against those that are better off, as the policy judges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.checks.base import CheckResult, CubeCheck, CubeContext, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement, Unit
from audits.core.report.parts import Part
from audits.cube import (
    Gaps,
    Metric,
    Values,
    View,
    available_metrics,
    compute_gaps,
    find_comparators,
    list_rivals,
    to_result,
)

CODE = "fairness.gaps"
_METHOD = "dunnett_mover"


@dataclass(frozen=True, slots=True)
class Compared:
    """A metric in which groups are set against better-off ones.

    lower_is_worse: whether the group with the lower value is the worse off. ratio: whether the
    group's value over the other's is of interest too.
    """

    metric: str
    lower_is_worse: bool = True
    ratio: bool = False


GAPS: dict[str, tuple[Compared, ...]] = {
    "binary": (
        Compared("selection_rate", ratio=True),
        Compared("true_positive_rate", ratio=True),
        Compared("false_positive_rate", ratio=True),
        Compared("positive_predictive_value"),
        Compared("accuracy"),
    ),
    "multiclass": (Compared("accuracy"),),
    "regression": (
        Compared("mean_residual"),
        Compared("mean_absolute_error", lower_is_worse=False),
        Compared("standardized_mean_residual"),
        Compared("relative_mean_absolute_error", lower_is_worse=False),
    ),
}
"""By task, what groups can be worse off in. Being selected is taken as the better outcome, also
of those who do not deserve it."""


def compute_groupings(context: CubeContext) -> CheckResult:
    """Compare the groups of every attribute and every intersection of two."""
    if not context.groupings:
        raise CheckNotApplicableError("no protected columns are declared")
    found: list[Measurement] = []
    for attributes in context.groupings:
        found += measure_gaps(CODE, context, context.view(attributes))
    if not found:
        raise CheckNotApplicableError("every protected column has one group only")
    return CheckResult(tuple(found))


def measure_gaps(
    code: str, context: CubeContext, view: View, part: Part | None = None
) -> list[Measurement]:
    """Return the gaps of a view's groups in every metric of `GAPS` that its rows allow."""
    if len(view.labels) < 2:
        return []
    metrics = {metric.name: metric for metric in available_metrics(view)}
    found: list[Measurement] = []
    for compared in GAPS[view.cube.task]:
        metric = metrics.get(compared.metric)
        if metric is not None:
            values = context.compute(metric, view)
            found += _Writer(code, view, compared, metric, part).write(values, context.min_rows)
    return found


@dataclass(frozen=True, slots=True)
class _Writer:
    """Turns the gaps of one metric into measurements."""

    code: str
    view: View
    compared: Compared
    metric: Metric
    part: Part | None

    def write(self, values: Values, min_rows: int) -> list[Measurement]:
        comparators = find_comparators(self.view, values, min_rows)
        if not comparators.any():
            return []
        lower = self.compared.lower_is_worse
        signed = values.value if lower else -values.value
        best = int(np.argmax(np.where(comparators, signed, -np.inf)))
        pairs: list[tuple[int, int]] = []
        found: list[Measurement] = []
        for group in range(len(self.view.labels)):
            if group == best:
                continue
            if np.isnan(values.value[group]):
                found += self._build(group, best, None, 0)
                continue
            rivals = list_rivals(values, group, comparators, lower_is_worse=lower) or [best]
            if values.n[group] < min_rows:  # it is not judged: one number is enough
                rivals = rivals[:1]
            pairs += [(group, rival) for rival in rivals]
        if pairs:
            gaps = compute_gaps(values, pairs, comparators, lower_is_worse=lower)
            for place, (group, other) in enumerate(pairs):
                found += self._build(group, other, gaps, place, int(values.n[[group, other]].sum()))
        return found

    def _build(
        self, group: int, other: int, gaps: Gaps | None, place: int, n: int = 0
    ) -> list[Measurement]:
        points: Unit = "points" if self.metric.unit == "share" else self.metric.unit
        kinds: list[tuple[str, Unit, str]] = [("gap", points, "value")]
        if self.compared.ratio:
            kinds.append(("gap_ratio", "ratio", "ratio"))
        found = []
        for kind, unit, name in kinds:
            result: Estimate | Unavailable = Unavailable(reason=self.metric.undefined)
            p_value = None
            if gaps is not None:
                ends = ("low", "high") if name == "value" else ("ratio_low", "ratio_high")
                numbers = [float(getattr(gaps, part)[place]) for part in (name, *ends)]
                nobody = "nobody is counted in the group that is better off"
                result = to_result(numbers[0], numbers[1], numbers[2], n, _METHOD, nobody)
                p_value = float(gaps.p_value[place])
            found.append(
                build_measurement(
                    self.code, f"{self.metric.name}_{kind}", result, unit=unit, p_value=p_value,
                    direction="closer_to_one" if unit == "ratio" else "closer_to_zero",
                    attribute=self.view.attribute, group=self.view.labels[group],
                    reference_group=self.view.labels[other], part=self.part,
                )
            )  # fmt: skip
        return found


GROUP_GAPS = CubeCheck(
    CODE,
    "Groups that are worse off",
    "Sets every group against those that are better off, in selection, in errors and in how right "
    "decisions are; groups of fewer rows than the policy judges are nobody's yardstick.",
    compute_groupings,
)
