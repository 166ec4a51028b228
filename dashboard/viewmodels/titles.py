"""What may make a title: differences that are sure, of groups that are no handful."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.report.measurement import Measurement, is_significant, measurement_id
from audits.core.words.words import base_metric
from dashboard.viewmodels.run import RunData

TITLE_ROWS = 100
"""A number that rests on fewer rows makes no title."""


def find_extremes(items: Sequence[Measurement]) -> tuple[Measurement, Measurement] | None:
    """Return the groups with the lowest and the highest number, of those on `TITLE_ROWS` rows or
    more; None where their intervals overlap, so that which is which is not sure."""
    known = [item for item in items if item.estimate is not None and item.estimate.n >= TITLE_ROWS]
    known.sort(key=lambda item: item.value or 0.0)
    if len(known) < 2:
        return None
    low, high = known[0], known[-1]
    assert low.estimate is not None and high.estimate is not None  # chosen so
    return (low, high) if low.estimate.high < high.estimate.low else None


def find_widest(run: RunData, compared: Sequence[Measurement]) -> Measurement | None:
    """Return the widest of some groups' differences from their reference group that a test
    supports, all of them counted; None where there is none."""
    tested = [item for item in compared if item.p_value is not None]
    large = [
        item for item in tested if is_significant(item, len(tested)) and _rests_on_many(run, item)
    ]
    return max(large, key=lambda item: abs(item.value or 0.0), default=None)


def _rests_on_many(run: RunData, item: Measurement) -> bool:
    ids = (
        measurement_id(base_metric(item.metric), item.attribute, group, None, item.part)
        for group in (item.group, item.reference_group)
    )
    own = [run.report.by_id.get(name) for name in ids]
    return all(
        one is not None and one.estimate is not None and one.estimate.n >= TITLE_ROWS for one in own
    )
