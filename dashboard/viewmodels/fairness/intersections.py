"""Where two attributes meet: a metric as a heat map, as a table, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from audits.core.format import format_count, lower, plain_text
from audits.core.groups import JOIN
from audits.core.report.measurement import Measurement
from audits.figures import FEW_ROWS, MAX_SIDE, Chart, draw_intersections
from dashboard.catalogue import say
from dashboard.viewmodels.fairness.fairness import tabulate_metric
from dashboard.viewmodels.numbers import find_result, render_point
from dashboard.viewmodels.run import RunData, split_grouping
from dashboard.viewmodels.sentences import name_metric


def make_intersection_chart(run: RunData, metric: str, grouping: str) -> Chart | None:
    """Return a metric over two attributes as a heat map; None where `grouping` is not two."""
    names = split_grouping(grouping, run.attributes)
    items = {x.group: x for x in run.by_group(metric, grouping) if x.group is not None}
    if len(names) != 2 or not items:
        return None
    first, second = (run.cube.groups[name] for name in names)
    values = np.full((len(first), len(second)), np.nan)
    rows = np.zeros(values.shape, dtype=np.int64)
    texts = [["" for _ in second] for _ in first]
    counts = {x.group: int(x.value or 0) for x in run.by_group("count", grouping)}
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            item = items.get(JOIN.join((one, other)))
            if item is not None and item.estimate is not None:
                values[i, j] = item.estimate.value
                rows[i, j] = counts.get(item.group, 0)
                texts[i][j] = render_point(item.estimate, item.unit)
    if np.isnan(values).all():
        return None
    low, high = _find_extremes(items, counts)
    return draw_intersections(
        [plain_text(name) for name in first],
        [plain_text(name) for name in second],
        values,
        rows,
        texts,
        title=say(
            "fairness.intersection_title",
            lower=lower(name_metric(metric)),
            low=plain_text(low.group or ""),
            low_value=render_point(find_result(low), low.unit),
            high=plain_text(high.group or ""),
            high_value=render_point(find_result(high), high.unit),
        ),
        axes=(plain_text(names[0]), plain_text(names[1])),
    )


def _find_extremes(
    items: Mapping[str, Measurement], counts: Mapping[str | None, int]
) -> tuple[Measurement, Measurement]:
    """Return the lowest and the highest, of groups with enough rows where two have them."""
    known = [item for item in items.values() if item.estimate is not None]
    enough = [item for item in known if counts.get(item.group, 0) >= FEW_ROWS]
    ranked = sorted(enough if len(enough) > 1 else known, key=lambda item: item.value or 0.0)
    return ranked[0], ranked[-1]


def tabulate_intersections(run: RunData, metric: str, grouping: str) -> pd.DataFrame:
    """Return the metric of every group that two attributes make, the lowest first; groups without
    a number come last."""
    table = tabulate_metric(run, metric, grouping)
    items = run.by_group(metric, grouping)
    values = [np.inf if item.value is None else item.value for item in items]
    ordered: pd.DataFrame = table.iloc[np.argsort(values, kind="stable")].reset_index(drop=True)
    return ordered


def list_notes(run: RunData, metric: str, grouping: str) -> list[str]:
    """Return what a reader of the heat map has to know: its marks, and what is not drawn."""
    names = split_grouping(grouping, run.attributes)
    counts = {x.group: int(x.value or 0) for x in run.by_group("count", grouping)}
    notes = []
    for name in names:
        groups = run.cube.groups[name]
        if len(groups) > MAX_SIDE:
            notes.append(
                say("fairness.intersection_cut", shown=MAX_SIDE, n=format_count(len(groups)),
                    attribute=plain_text(name))
            )  # fmt: skip
    if any(rows < FEW_ROWS for rows in counts.values()):
        notes.append(say("fairness.intersection_note", n=FEW_ROWS))
    possible = int(np.prod([len(run.cube.groups[name]) for name in names]))
    empty = possible - len(run.by_group(metric, grouping))
    if empty:
        notes.append(say("fairness.intersection_empty", n=format_count(empty)))
    return notes
