"""From p-values to what is beyond noise: what counts is adjusted together, the rest by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from audits.compare.comparison import ALPHA, SURE, Change, Outcome
from audits.compare.gate import weigh
from audits.compare.matching import find_twin
from audits.compare.scale import find_yardstick, is_better, is_slight
from audits.core.arrays import FloatArray
from audits.core.report.report import AuditReport


def conclude(
    found: Sequence[Change], before: AuditReport, after: AuditReport, min_change: float
) -> tuple[Change, ...]:
    """Adjust the p-values of changes, and say what is beyond noise.

    min_change: see `audits.compare.scale.is_slight`.
    """
    twins = {item.id: find_twin(item.shown, after) for item in found if item.p_value is not None}
    tested = [item for item in found if item.p_value is not None and twins[item.id] is None]
    adjusted: dict[str, float] = {}
    for counts in (True, False):
        together = [item for item in tested if item.counts is counts]
        p_values = np.array([item.p_value for item in together], dtype=np.float64)
        stepped = compute_weighted_holm(p_values, weigh(together, after.subject.task))
        adjusted |= {item.id: float(p) for item, p in zip(together, stepped, strict=True)}
    yardstick = find_yardstick(before)
    return tuple(
        _weigh(_judge(item, adjusted, twins.get(item.id)), min_change, yardstick) for item in found
    )


def compute_weighted_holm(p_values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return Holm's step-down adjusted p-values of tests of unequal weight, in the order given.

    Holm 1979, Scandinavian Journal of Statistics 6:65, section 4; with equal weights the plain
    ones. weights: above 0; their sum does not matter.
    """
    ratios = p_values / weights
    order = np.argsort(ratios, kind="stable")
    left = np.cumsum(weights[order][::-1])[::-1]
    stepped = np.maximum.accumulate(ratios[order] * left)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _judge(item: Change, adjusted: dict[str, float], twin: str | None) -> Change:
    p_value = adjusted.get(twin or item.id)
    if item.p_value is None or item.change is None:
        return item
    if p_value is None:  # its twin was not compared
        return replace(item, mirrored=True)
    judged = replace(item, adjusted=p_value, mirrored=twin is not None)
    if p_value >= ALPHA or item.change.low <= 0 <= item.change.high:
        return judged
    better = is_better(item.change.value, item.shown.direction)
    outcome = {True: Outcome.IMPROVED, False: Outcome.WORSENED, None: Outcome.SHIFTED}[better]
    return replace(judged, outcome=outcome)


def _weigh(item: Change, min_change: float, yardstick: float | None) -> Change:
    """Tell a change that counts from one that is too small to, and one that never does."""
    if item.outcome not in SURE or item.change is None:
        return item
    if not item.counts:
        return replace(item, outcome=Outcome.NOTED)
    if is_slight(item.change.value, item.shown.unit, min_change, yardstick):
        return replace(item, outcome=Outcome.SLIGHT)
    return item
