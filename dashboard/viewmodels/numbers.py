"""Numbers as readers see them: "36.2% (95% interval 34.1% to 38.3%, n = 5,421)"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audits.core.format import format_interval, format_range, format_test
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement, Unit
from audits.figures import Dot
from audits.findings import find_result, render_detail, render_point, render_result

__all__ = (
    "find_result",
    "make_dot",
    "make_group_dots",
    "render_detail",
    "render_measurement",
    "render_point",
    "render_range",
    "render_result",
    "render_test",
)


def render_range(result: Estimate | Unavailable, unit: Unit) -> str:
    """Return both ends, "34.1% to 38.3%"; "" for an exact fact or no number."""
    if isinstance(result, Unavailable) or not format_interval(result, unit):
        return ""
    return format_range(result.low, result.high, unit)


def render_measurement(item: Measurement) -> str:
    """Return a measurement's number with its interval."""
    return render_result(find_result(item), item.unit)


def render_test(item: Measurement) -> str:
    """Return the p-value and whether it is adjusted, "" where no test was made."""
    return "" if item.p_value is None else format_test(item.p_value, item.adjusted_for)


def make_dot(item: Measurement, name: str, *, quiet: bool = False) -> Dot:
    """Return a measurement as a row of a dot figure; NaN where there is no number."""
    estimate = item.estimate
    if estimate is None:
        return Dot(name, np.nan, np.nan, np.nan, render_measurement(item), quiet)
    text = render_measurement(item)
    return Dot(name, estimate.value, estimate.low, estimate.high, text, quiet)


def make_group_dots(items: Sequence[Measurement], reference: str | None = None) -> list[Dot]:
    """Return one dot a group; the reference group is quiet."""
    return [make_dot(item, item.group or "", quiet=item.group == reference) for item in items]
