"""What moves the model for each group, and which differences between groups a test supports."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audits.core.format import format_count, plain_text
from audits.core.report.measurement import Measurement
from audits.figures import Chart, GroupSeries, draw_group_importance
from audits.findings import list_tested, name_column, render_group_push
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import render_measurement, render_test
from dashboard.viewmodels.run import RunData

MEASURES = ("mean_absolute_attribution", "mean_attribution")
"""In either direction, and with the sign."""
MAX_GROUPS = 6
SENTENCES = 3


def list_attributes(run: RunData) -> list[str]:
    """Return the protected columns whose groups were compared."""
    return [name for name in run.attributes if run.by_group(MEASURES[0], name)]


def list_differences(run: RunData, measure: str, attribute: str) -> list[Measurement]:
    """Return the differences between groups that a test supports, the largest first."""
    return list_tested(run.by_group(f"{measure}_difference", attribute))


def list_sentences(run: RunData, measure: str, attribute: str) -> list[str]:
    """Return the largest differences as sentences; one that says so where there is none."""
    found = [f"{render_group_push(item)}." for item in list_differences(run, measure, attribute)]
    if not found:
        return [say("moves.none", attribute=plain_text(attribute))]
    return found[:SENTENCES]


def _list_groups(run: RunData, measure: str, attribute: str) -> list[tuple[str, int]]:
    """Return the groups with their explained rows, the largest first."""
    sizes: dict[str, int] = {}
    for item in run.by_group(measure, attribute):
        if item.estimate is not None:
            sizes[item.group or ""] = item.estimate.n
    return sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))


def make_group_chart(run: RunData, measure: str, attribute: str) -> Chart | None:
    """Return every group's mean attributions with their intervals; None where there are none."""
    items = {(x.part, x.group): x for x in run.by_group(measure, attribute)}
    groups = _list_groups(run, measure, attribute)[:MAX_GROUPS]
    if not groups:
        return None
    slices = list(dict.fromkeys(part for part, _ in items))
    series = []
    for group, n in groups:
        found = [items[part, group].estimate for part in slices]
        ends = [
            (np.nan, np.nan, np.nan) if one is None else (one.value, one.low, one.high)
            for one in found
        ]
        value, low, high = np.array(ends, dtype=np.float64).T
        name = say("moves.group", group=plain_text(group), n=format_count(n))
        series.append(GroupSeries(name, value, low, high))
    title = say("moves.title", attribute=plain_text(attribute))
    features = [name_column(items[part, groups[0][0]]) for part in slices]
    return draw_group_importance(features, series, title=title, axis=say(f"moves.axis_{measure}"))


def tabulate_groups(run: RunData, measure: str, attribute: str) -> pd.DataFrame:
    """Return every column and group with its mean, and its gap from the reference group."""
    gaps = {(x.part, x.group): x for x in run.by_group(f"{measure}_difference", attribute)}
    records = []
    for item in run.by_group(measure, attribute):
        gap = gaps.get((item.part, item.group))
        records.append(
            {
                say("column.feature"): name_column(item),
                say("column.group"): plain_text(item.group or ""),
                say("column.attribution"): render_measurement(item),
                say("column.difference"): "" if gap is None else render_measurement(gap),
                say("column.chance"): "" if gap is None else render_test(gap),
            }
        )
    return pd.DataFrame(records)
