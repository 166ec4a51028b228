"""Where the model does worst: slices as sentences and as a table."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from audits.core.format import format_count, format_interval, format_value, plain_text
from audits.core.report.estimate import Estimate, make_size
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part
from audits.core.report.report import CheckOutcome, CheckStatus
from audits.core.words.words import SLICES_CHECK, lower
from audits.figures import Chart, Spot, draw_slice_map
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import (
    find_result,
    render_range,
    render_result,
    render_test,
)
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric
from dashboard.viewmodels.titles import TITLE_ROWS

ERRORS = (
    "accuracy_difference", "mean_absolute_error_difference", "miscalibration_difference",
)  # fmt: skip
"""What slices are worse at where something is wrong; being selected less often is no mistake."""


@dataclass(frozen=True, slots=True)
class WorstSlices:
    """What the page says. table is empty, and chart None, where nothing was found."""

    note: str
    sentences: tuple[str, ...]
    table: pd.DataFrame
    chart: Chart | None = None


def make_worst_slices(run: RunData, most: int = 2) -> WorstSlices | None:
    """Return the slices, `most` sentences for each measure; None where no search was made."""
    outcome = next((one for one in run.report.checks if one.code == SLICES_CHECK), None)
    if outcome is None:
        return None
    if outcome.status is not CheckStatus.MEASURED:
        return WorstSlices(_describe_outcome(outcome), (), pd.DataFrame())
    items = [item for item in run.report.measurements if item.check == SLICES_CHECK]
    counts = {item.part: int(item.value or 0) for item in items if item.metric == "count"}
    gaps = [item for item in items if item.part is not None and item.metric != "count"]
    searched = _count_searched(run)
    sentences: list[str] = []
    for metric in dict.fromkeys(item.metric for item in gaps):
        mine = [item for item in gaps if item.metric == metric]
        sentences += [_render(item, counts[item.part], searched) for item in mine[:most]]
    note = _describe_search(run, searched)
    if not gaps:
        return WorstSlices(note, (say("slices.none"),), pd.DataFrame())
    table = _tabulate(gaps, counts, searched)
    return WorstSlices(note, tuple(sentences), table, _make_map(gaps, counts, searched))


def describe_errors(run: RunData) -> list[str]:
    """Return where decisions or predictions are wrong more often, or further off, than elsewhere:
    the worst part for each kind of error, wrong answers before scores that promise too much."""
    items = [item for item in run.report.measurements if item.check == SLICES_CHECK]
    counts = {item.part: int(item.value or 0) for item in items if item.metric == "count"}
    searched = _count_searched(run)
    found = []
    for metric in ERRORS:
        mine = [item for item in items if item.metric == metric and item.part is not None]
        found += [f"{_render(item, counts[item.part], searched)}." for item in mine[:1]]
    return found


def _make_map(gaps: list[Measurement], counts: dict[Part | None, int], searched: int) -> Chart:
    """Return every slice by its rows and its gap, numbered as in the table."""
    spots = [
        Spot(
            number, plain_text(item.part_name), say(f"slices.kind.{item.metric}"),
            counts[item.part] / searched, size.value, size.low, size.high,
            render_result(size, item.unit),
        )
        for number, item in enumerate(gaps, 1)
        for size in [_size(item)]
    ]  # fmt: skip
    unit = gaps[0].unit
    large = [
        spot
        for spot, item in zip(spots, gaps, strict=True)
        if counts[item.part] >= TITLE_ROWS and item.metric in ERRORS
    ]
    title = say("slices.map_title_none")
    if large:
        worst = max(large, key=lambda spot: spot.low)  # the surest size, not the luckiest
        title = say(
            "slices.map_title", name=worst.name, kind=lower(worst.kind),
            size=format_value(worst.size, unit), share=format_value(worst.share, "share"),
        )  # fmt: skip
    axes = (say("slices.map_share"), say("slices.map_gap"))
    return draw_slice_map(spots, title=title, axes=axes, percent=unit == "points")


def _describe_outcome(outcome: CheckOutcome) -> str:
    return say(
        f"check.{outcome.status.value}",
        title=plain_text(outcome.title),
        reason=plain_text(outcome.reason).rstrip("."),
    )


def _count_searched(run: RunData) -> int:
    rows, wanted = run.report.subject.data.rows, run.spec.slices.rows
    return rows if wanted == "all" else min(rows, wanted)


def _describe_search(run: RunData, searched: int) -> str:
    looked_at = run.report.by_id.get("slices_searched")
    rows = run.report.subject.data.rows
    return say(
        "slices.note" if searched == rows else "slices.note_drawn",
        looked_at=format_count(int(looked_at.value or 0) if looked_at else 0),
        conditions=str(run.spec.slices.conditions),
        searched=format_count(searched),
        rows=format_count(rows),
    )


def _size(item: Measurement) -> Estimate:
    """Return a gap as a size: a listed slice is always worse, so its sign says nothing more."""
    size = make_size(find_result(item))
    assert isinstance(size, Estimate)  # the check lists slices with an estimate alone
    return size


def _render(item: Measurement, count: int, searched: int) -> str:
    size = _size(item)
    detail = say(
        "slices.detail",
        interval=format_interval(size, item.unit),
        test=render_test(item),
        count=format_count(count),
        share=format_value(count / searched, "share"),
    )
    return say(
        f"slices.{item.metric}",
        name=plain_text(item.part_name),
        size=format_value(size.value, item.unit),
        detail=detail,
    )


def _tabulate(
    gaps: list[Measurement], counts: dict[Part | None, int], searched: int
) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                say("slices.number"): str(number),
                say("column.slice"): plain_text(item.part_name),
                say("column.measure"): name_metric(item.metric),
                say("column.rows"): counts[item.part],
                say("column.share"): counts[item.part] / searched,
                say("column.gap"): format_value(item.value or 0.0, item.unit),
                say("column.interval"): render_range(find_result(item), item.unit),
                say("column.chance"): render_test(item),
            }
            for number, item in enumerate(gaps, 1)
        ]
    )
