"""What moves groups, errors and cohorts, in sentences that never say more than their tests."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.format import format_interval, format_test, format_value, plain_text
from audits.core.report.estimate import Estimate, make_size
from audits.core.report.measurement import Measurement, is_significant


def name_column(item: Measurement) -> str:
    """Return the column that a measurement is of."""
    return plain_text(item.part_name)


def list_tested(items: Sequence[Measurement]) -> list[Measurement]:
    """Return those that a test supports (adjusted p under 0.05), the largest first."""
    found = [item for item in items if is_significant(item)]
    return sorted(found, key=lambda item: -abs(item.value or 0.0))


def render_group_push(gap: Measurement) -> str:
    """Return a `mean_attribution_difference` or `mean_absolute_attribution_difference` that a test
    supports: "district pushes the scores of Group B 0.625 lower than those of Group A (...)"."""
    column, size, detail = name_column(gap), _size(gap), _detail(gap)
    group, base = (plain_text(name or "") for name in (gap.group, gap.reference_group))
    above = (gap.value or 0.0) > 0
    if gap.metric == "mean_attribution_difference":
        way = "higher" if above else "lower"
        return f"{column} pushes the scores of {group} {size} {way} than those of {base} ({detail})"
    way = "more" if above else "less"
    return f"{column} moves the scores of {group} {size} {way} than those of {base} ({detail})"


def render_error_driver(item: Measurement) -> str:
    """Return a `mean_loss_attribution` that a test supports, e.g. "luck makes predictions worse:
    knowing it adds 0.047 to the log loss of a row on average (...)"."""
    worse = (item.value or 0.0) > 0
    loss = "the log loss" if item.unit == "nats" else "the squared error"
    where = f" of {plain_text(item.group)}" if item.group else ""
    change = f"adds {_size(item)} to" if worse else f"takes {_size(item)} from"
    return (
        f"{name_column(item)} makes predictions{where} {'worse' if worse else 'better'}: knowing "
        f"it {change} {loss} of a row on average ({_detail(item)})"
    )


def _size(item: Measurement) -> str:
    return format_value(abs(item.value or 0.0), item.unit)


def _detail(item: Measurement) -> str:
    """Return interval, test and rows; the interval of the size, whose way the words tell."""
    size = None if item.estimate is None else make_size(item.estimate)
    assert isinstance(size, Estimate)  # `list_tested` has numbers only
    test = "" if item.p_value is None else f", {format_test(item.p_value, item.adjusted_for)}"
    return f"{format_interval(size, item.unit)}{test}, n = {size.n:,}"
