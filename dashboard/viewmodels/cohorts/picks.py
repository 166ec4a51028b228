"""Which rows stand behind what a chart shows: the conditions of each mark, in the chart's order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow.parquet as pq

from audits.cohorts import DECISION, NO, OUTCOME, YES, render_group_condition
from audits.core.groups import JOIN
from audits.core.report.measurement import Measurement
from dashboard.viewmodels.run import RunData, split_grouping

Conditions = tuple[str, ...]
Picks = Sequence[Conditions]
_SLICES = "slices.parquet"


def pick_groups(run: RunData, grouping: str, groups: Sequence[str | None]) -> list[Conditions]:
    """Return the conditions of groups by their labels: one a column that makes them. A label that
    is no group of the run has none."""
    names = split_grouping(grouping, run.attributes)
    known = dict(zip(run.view(grouping).labels, _list_combinations(run, grouping), strict=True))
    spec = run.spec
    return [
        tuple(
            render_group_condition(spec, name, value)
            for name, value in zip(names, known.get(group or "", ()), strict=False)
        )
        for group in groups
    ]


@lru_cache(maxsize=64)
def _list_combinations(run: RunData, grouping: str) -> list[tuple[str, ...]]:
    """Return each group's value in every column, in the view's order. Labels are not taken apart
    at their joints: a value may have one in it."""
    cube, names = run.cube, split_grouping(grouping, run.attributes)
    places = [cube.attributes.index(name) for name in names]
    view = run.view(grouping)
    cell = np.empty(len(view.labels), dtype=np.int64)  # any cell of each group
    cell[view.cell_group] = np.arange(len(view.cell_group))
    return [
        tuple(cube.groups[name][code] for name, code in zip(names, codes, strict=True))
        for codes in cube.group_codes[cell][:, places].tolist()
    ]


def list_measured(run: RunData, metric: str, grouping: str) -> list[Measurement]:
    """Return a metric of the groups that have a number, the lowest first: as charts draw them."""
    items = [item for item in run.by_group(metric, grouping) if item.estimate is not None]
    return sorted(items, key=lambda item: item.value or 0.0)


def pick_measured(run: RunData, metric: str, grouping: str) -> list[Conditions]:
    """Return the conditions of the groups of `list_measured`, in its order."""
    items = list_measured(run, metric, grouping)
    return pick_groups(run, grouping, [item.group for item in items])


def pick_crossed(run: RunData, grouping: str) -> list[Conditions]:
    """Return the conditions of every cell where two columns meet, line by line."""
    names = split_grouping(grouping, run.attributes)
    if len(names) != 2:
        return []
    first, second = (
        [render_group_condition(run.spec, name, value) for value in run.cube.groups[name]]
        for name in names
    )
    return [(one, other) for one in first for other in second]


def pick_confusion(run: RunData, grouping: str | None, group: str) -> list[Conditions]:
    """Return the conditions of every cell of a group's confusion matrix, line by line."""
    around = pick_groups(run, grouping, [group])[0] if grouping else ()
    values = (NO, YES) if run.task == "binary" else run.cube.classes
    return [
        (*around, f"{OUTCOME} = {true}", f"{DECISION} = {decided}")
        for true in values
        for decided in values
    ]


def list_slice_conditions(run: RunData) -> dict[str, Conditions]:
    """Return the conditions of every worst slice by its name."""
    whole = run.whole
    if not whole.bundle.has_evidence(_SLICES):
        return {}
    listed = pq.read_table(whole.bundle.evidence_path(_SLICES), columns=["conditions"])
    parts = [tuple(own) for own in listed["conditions"].to_pylist()]
    return {JOIN.join(own): own for own in parts}
