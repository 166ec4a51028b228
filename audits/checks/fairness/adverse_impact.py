"""Check `fairness.adverse_impact`: every group against the one that is selected most often."""

from __future__ import annotations

import numpy as np

from audits.checks.base import CheckResult, CubeCheck, CubeContext, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement, Unit
from audits.cube import (
    BINARY,
    RATES,
    Gaps,
    Values,
    View,
    compute_gaps,
    find_comparators,
    find_yardsticks,
    to_result,
)
from audits.rules import AdverseImpact, compute_adverse_impact

CODE = "fairness.adverse_impact"
MIN_SHARE = 0.02
"""Groups under 2% of the rows are no yardstick for impact ratios, but are measured against one
(29 CFR 1607.4(A) and Questions and Answers 16; 6 RCNY 5-301(d) allows the same)."""

_METHOD = "dunnett_mover"
_NO_TEST = "nobody or everybody was selected in both groups"
_SELECTION = next(metric for metric in BINARY if metric.name == "selection_rate")


def compute_groupings(context: CubeContext) -> CheckResult:
    """Compare the groups of every attribute and every intersection of two."""
    if context.cube.task != "binary":
        raise CheckNotApplicableError("adverse impact is about decisions of yes or no")
    if not context.groupings:
        raise CheckNotApplicableError("no protected columns are declared")
    found: list[Measurement] = []
    for attributes in context.groupings:
        view = context.view(attributes)
        if len(view.labels) > 1:
            found += _compare(view, context.compute(_SELECTION, view), context.min_rows)
    if not found:
        raise CheckNotApplicableError("every protected column has one group only")
    return CheckResult(tuple(found))


def _compare(view: View, values: Values, min_rows: int) -> list[Measurement]:
    """Set every group against the one selected most often, among those that are no handful."""
    comparators = find_comparators(view, values, min_rows)
    if not comparators.any():
        return []
    yardsticks = find_yardsticks(view, comparators, MIN_SHARE)
    best = int(np.argmax(np.where(yardsticks, values.value, -1.0)))
    selected, rows = count_selected(view)
    found: list[Measurement] = []
    others = [position for position in range(len(view.labels)) if position != best]
    worse = [
        (position, best) for position in others if values.value[position] <= values.value[best]
    ]
    together = compute_gaps(values, worse, yardsticks, lower_is_worse=True) if worse else None
    for position in others:
        pair = (position, best)
        if together is not None and pair in worse:
            gaps = together.at(worse.index(pair))
        else:
            gaps = _turn_round(values, *pair)
        impact = compute_adverse_impact(
            int(selected[position]), int(rows[position]), int(selected[best]), int(rows[best])
        )
        found += _measure(view, (position, best), gaps, impact)
    return found


def _turn_round(values: Values, group: int, best: int) -> Gaps:
    """Return the gap of a small group that is selected more often still than the yardstick, as of
    one pair that nobody chose, the other way round."""
    alone = np.zeros(len(values.value), dtype=bool)
    alone[group] = True
    turned = compute_gaps(values, [(best, group)], alone, lower_is_worse=True)
    with np.errstate(divide="ignore"):
        return Gaps(
            turned.other, turned.group, -turned.value, -turned.high, -turned.low,
            1 / turned.ratio, 1 / turned.ratio_high, 1 / turned.ratio_low, turned.p_value,
        )  # fmt: skip


def count_selected(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Return how many people of each group were selected, and how many there are: whole rows."""
    rate = RATES["selection_rate"]
    selected = (view.count * rate.hits).sum(axis=(1, 2))
    return np.rint(selected).astype(np.int64), view.rows


def _measure(
    view: View, pair: tuple[int, int], gaps: Gaps, impact: AdverseImpact
) -> list[Measurement]:
    """Return a group's impact ratio and what bears on how to read it."""
    group, reference = (view.labels[position] for position in pair)
    n = int(view.rows[list(pair)].sum())

    def build(
        metric: str, result: Estimate | Unavailable, unit: Unit, p_value: float | None = None
    ) -> Measurement:
        return build_measurement(
            CODE, metric, result, unit=unit, p_value=p_value, attribute=view.attribute, group=group,
            direction="closer_to_one" if unit == "ratio" else "none", reference_group=reference,
        )  # fmt: skip

    ratio = _ratio(gaps, impact, n, weighted=view.cube.weighted)
    found = [build("impact_ratio", ratio, "ratio", float(gaps.p_value[0]))]
    if view.cube.weighted:
        return found
    found.append(build("selection_shortfall", _shortfall(view, pair, gaps, impact), "count"))
    tests = {
        "selection_rate_z": impact.z,
        "selection_rate_fisher_p": impact.fisher_p,
        "selection_rate_mid_p": impact.mid_p,
    }
    found += [build(name, _fact(value, n), "score") for name, value in tests.items()]
    return found


def _ratio(gaps: Gaps, impact: AdverseImpact, n: int, *, weighted: bool) -> Estimate | Unavailable:
    """Return the impact ratio: of whole numbers, unless the rows are weighted."""
    if impact.undefined is not None:
        return Unavailable(reason=impact.undefined.value)
    assert impact.impact_ratio is not None
    exact = float(gaps.ratio[0]) if weighted else impact.impact_ratio
    return to_result(
        exact, float(gaps.ratio_low[0]), float(gaps.ratio_high[0]), n, _METHOD,
        "undefined in one of the two groups",
    )  # fmt: skip


def _shortfall(
    view: View, pair: tuple[int, int], gaps: Gaps, impact: AdverseImpact
) -> Estimate | Unavailable:
    """Return the shortfall in persons. It is the difference of the rates times n₁n₂/(n₁+n₂), so
    its interval is that of the difference, times the same."""
    if impact.shortfall is None:
        return Unavailable(reason="nobody is in one of the two groups")
    n, ref_n = (int(view.rows[position]) for position in pair)
    scale = n * ref_n / (n + ref_n)
    return to_result(
        impact.shortfall, scale * float(gaps.low[0]), scale * float(gaps.high[0]), n + ref_n,
        _METHOD, "nobody is in one of the two groups",
    )  # fmt: skip


def _fact(value: float | None, n: int) -> Estimate | Unavailable:
    """Return a test's number, which is a fact about the counts."""
    return Unavailable(reason=_NO_TEST) if value is None else Estimate.exact(value, n)


ADVERSE_IMPACT = CubeCheck(
    CODE,
    "Adverse impact",
    "Takes every group's selection rate over that of the most selected group (four-fifths rule), "
    "with the z test, Fisher's exact test and the shortfall in persons.",
    compute_groupings,
)
