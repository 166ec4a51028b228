"""Whether recourse is equally hard for everyone: what the audit found, by group."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from audits.core.format import format_value, plain_text
from audits.core.groups import name_group_column
from audits.core.report.measurement import Measurement, is_significant
from audits.figures import Chart, EffortCurve, Mark, draw_dots, draw_effort_curves
from audits.findings import render_flip, render_recourse_gap
from audits.recourse import StoredBurden, compute_effort_curve, read_burden
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import make_dot, render_measurement
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric
from dashboard.viewmodels.titles import find_extremes

BURDEN = "burden.parquet"
EFFORTS = 60
"""Points of a curve: enough for a smooth line, few enough for a quick page."""


def list_groupings(run: RunData) -> tuple[str, ...]:
    """Return the protected columns, and pairs of them, whose groups were compared."""
    return tuple(name for name in run.groupings if run.by_group("recourse_dearer", name))


def list_findings(run: RunData, grouping: str) -> list[str]:
    """Return what was found on each group against the reference group, costliest first."""
    effort = run.overall("recourse_effort")
    within = {item.group: item for item in run.by_group("recourse_within_effort", grouping)}
    shifts = {item.group: item for item in run.by_group("recourse_cost_shift", grouping)}
    sentences = []
    for item in _rank_compared(run, grouping):
        sentences.append(
            render_recourse_gap(
                item,
                shifts.get(item.group),
                effort,
                (within.get(item.group), within.get(item.reference_group)),
                _list_parts(run, item),
            )
        )
    return [sentence for sentence in sentences if sentence]


def _rank_compared(run: RunData, grouping: str) -> list[Measurement]:
    """Return the comparisons: those that chance does not explain first, then by size."""
    items = run.by_group("recourse_dearer", grouping)
    return sorted(
        items, key=lambda item: (not is_significant(item), -abs((item.value or 0.5) - 0.5))
    )


def _list_parts(run: RunData, item: Measurement) -> list[Measurement]:
    found = run.by_group("recourse_mean_cost_difference", item.attribute)
    return [part for part in found if part.group == item.group and part.part is not None]


def tabulate_groups(run: RunData, grouping: str) -> pd.DataFrame:
    """Return every group: rows searched, share with recourse and within reach, cost, chance."""
    metrics = ("recourse_share", "recourse_within_effort", "recourse_median_cost")
    numbers = {
        metric: {item.group: item for item in run.by_group(metric, grouping)} for metric in metrics
    }
    compared = {item.group: item for item in run.by_group("recourse_dearer", grouping)}
    records = []
    for item in run.by_group("recourse_rows", grouping):
        record: dict[str, object] = {
            say("column.group"): plain_text(item.group or ""),
            name_metric("recourse_rows"): int(item.value or 0),
        }
        for metric, by_group in numbers.items():
            if by_group:
                found = by_group.get(item.group)
                record[name_metric(metric)] = _write(found)
        record[name_metric("recourse_dearer")] = _write(compared.get(item.group))
        records.append(record)
    return pd.DataFrame(records)


def _write(item: Measurement | None) -> str:
    return say("number.none") if item is None else render_measurement(item)


@lru_cache(maxsize=16)
def _load(run: RunData) -> tuple[StoredBurden, pd.DataFrame]:
    """Return the costs of the rows searched, and their groups in the same order."""
    stored = read_burden(pq.read_table(run.bundle.evidence_path(BURDEN)))
    path = run.bundle.evidence_path("predictions.parquet")
    wanted = list(stored.burden.rows)
    held = {name_group_column(name): name for name in run.attributes}
    table = pq.read_table(path, columns=["row", *held], filters=[("row", "in", wanted)])
    groups = table.to_pandas().drop_duplicates("row").set_index("row").loc[wanted]
    return stored, groups.rename(columns=held).astype(str)


def make_effort_chart(run: RunData, attribute: str) -> Chart | None:
    """Return, by group of one protected column, the share within reach of every effort."""
    effort = run.overall("recourse_effort")
    if attribute not in run.attributes or not run.bundle.has_evidence(BURDEN) or effort is None:
        return None
    stored, groups = _load(run)
    cost, counted = stored.burden.cost, stored.members(attribute)
    finite = cost[counted & np.isfinite(cost)]
    if not len(finite) or effort.value is None:
        return None
    efforts = np.unique([*np.linspace(0, finite.max(), EFFORTS), effort.value])
    own = groups[attribute].to_numpy()
    items = sorted(run.by_group("recourse_rows", attribute), key=lambda item: -(item.value or 0))
    curves = [
        EffortCurve(item.group or "", *compute_effort_curve(mine, efforts))
        for item in items
        if len(mine := cost[counted & (own == item.group)])
    ]
    budget = format_value(effort.value, "score")
    return draw_effort_curves(
        curves, efforts,
        title=_title_effort(run, attribute, budget),
        axes=(say("burden.effort_axis"), say("burden.share_axis")),
        mark=(effort.value, say("burden.compared_at")),
    )  # fmt: skip


def _title_effort(run: RunData, attribute: str, budget: str) -> str:
    extremes = find_extremes(run.by_group("recourse_within_effort", attribute))
    if extremes is None:
        return say("burden.effort_title_even", effort=budget)
    low, high = extremes
    return say(
        "burden.effort_title",
        effort=budget,
        low=format_value(low.value or 0.0, "share"),
        low_group=plain_text(low.group or ""),
        high=format_value(high.value or 0.0, "share"),
        high_group=plain_text(high.group or ""),
    )


def make_parts_chart(run: RunData, attribute: str) -> Chart | None:
    """Return which columns make recourse costlier or cheaper for the group furthest from its
    reference, each column's part in the difference of the mean costs."""
    compared = [item for item in _rank_compared(run, attribute) if _list_parts(run, item)]
    if not compared:
        return None
    first = compared[0]
    parts = [item for item in _list_parts(run, first) if item.estimate is not None]
    if not parts:
        return None
    dots = [make_dot(item, item.part_name, quiet=not is_significant(item)) for item in parts]
    names = {"group": plain_text(first.group or ""),
             "reference": plain_text(first.reference_group or "")}  # fmt: skip
    # Columns are named only where the groups differ at all: there are many to choose from.
    dear = [
        x for x in parts if is_significant(first) and is_significant(x) and (x.value or 0.0) > 0
    ]
    key = "burden.parts_title" if dear else "burden.parts_title_none"
    column = plain_text(dear[0].part_name) if dear else ""
    return draw_dots(
        dots, title=say(key, column=column, **names), axis=say("burden.parts_axis", **names),
        mark=Mark(0.0, say("burden.no_difference")),
    )  # fmt: skip


def list_flips(run: RunData, attribute: str) -> list[str]:
    """Return what became of decisions when rows were made rows of another group."""
    items = run.by_group("flip_turned_share", attribute)
    sentences = [render_flip(item) for item in items]
    reasons = [
        say("burden.no_flip", reason=plain_text(item.unavailable.reason))
        for item in items
        if item.unavailable is not None
    ]
    return [sentence for sentence in sentences if sentence] + reasons


def tabulate_flips(run: RunData, attribute: str) -> pd.DataFrame:
    """Return every direction: rows, decisions that turn either way, change of the prediction."""
    metrics = ("flip_gained_share", "flip_lost_share", "flip_score_change")
    by_metric = {
        name: {(item.group, item.part): item for item in run.by_group(name, attribute)}
        for name in metrics
    }
    records = []
    for (group, other), item in by_metric["flip_score_change"].items():
        if group is None:
            continue
        record: dict[str, object] = {
            say("burden.flip_from"): plain_text(group),
            say("burden.flip_to"): plain_text(other.name if other else ""),
            say("column.rows"): 0 if item.estimate is None else item.estimate.n,
        }
        for name in metrics:
            found = by_metric[name].get((group, other))
            record[name_metric(name)] = _write(found)
        records.append(record)
    return pd.DataFrame(records)
