"""What drives a gap: a group's selection rate beside the reference group's, column by column."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audits.core.findings import FEATURE, render_gap
from audits.core.format import format_value, plain_text
from audits.core.measurement import Measurement, Unit, measurement_id
from audits.figures.explanations import draw_waterfall
from audits.figures.theme import Chart
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import render_measurement, render_test
from dashboard.viewmodels.run import RunData

_CHECK = "explain.gap"


def has_gaps(run: RunData) -> bool:
    """Whether this run laid gaps on columns."""
    return any(item.check == _CHECK for item in run.report.measurements)


def list_gaps(run: RunData) -> list[str]:
    """Return the attributes that have gaps laid on columns."""
    return [name for name in run.attributes if run.by_group("gap_share", name)]


def list_groups(run: RunData, attribute: str) -> list[str]:
    """Return an attribute's groups with a gap, the widest first."""
    sums: dict[str, float] = {}
    for item in run.by_group("gap_share", attribute):
        sums[item.group or ""] = sums.get(item.group or "", 0.0) + (item.value or 0.0)
    return sorted(sums, key=lambda name: -abs(sums[name]))


def list_shares(run: RunData, attribute: str, group: str) -> list[Measurement]:
    """Return the columns' shares of a group's gap, the largest first."""
    found = [item for item in run.by_group("gap_share", attribute) if item.group == group]
    return sorted(found, key=lambda item: -abs(item.value or 0.0))


def render_sentence(run: RunData, attribute: str, group: str) -> str:
    """Return the finding, "" where the gap itself was not measured."""
    shares = list_shares(run, attribute, group)
    plain = run.report.by_id.get(
        measurement_id("selection_rate_difference", attribute, group, shares[0].reference_group)
    )
    return (render_gap(plain, shares) if plain is not None else None) or ""


def make_gap_chart(run: RunData, attribute: str, group: str) -> Chart:
    """Return the way from the reference group's selection rate to the group's."""
    shares = list_shares(run, attribute, group)
    reference = shares[0].reference_group or ""
    unit = shares[0].unit
    gap = sum(item.value or 0.0 for item in shares)
    rates = {item.group: item.value for item in run.by_group("selection_rate", attribute)}
    base = rates.get(reference) or 0.0
    total: Unit = "share" if unit == "points" else unit
    first = plain_text((shares[0].slice or "").removeprefix(FEATURE))
    return draw_waterfall(
        [plain_text((item.slice or "").removeprefix(FEATURE)) for item in shares],
        np.array([item.value or 0.0 for item in shares]),
        ["" for _ in shares],
        base,
        base + gap,
        title=say("gap.title", feature=first, group=plain_text(group),
                  reference=plain_text(reference)),
        axis=say("gap.axis") if unit == "points" else say("gap.axis_target"),
        words=(plain_text(reference), say("explanations.rest"), plain_text(group)),
        show=(lambda value: format_value(value, total), lambda value: _signed(value, unit)),
    )  # fmt: skip


def _signed(value: float, unit: Unit) -> str:
    text = format_value(value, unit)
    return f"+{text}" if value > 0 else text


def tabulate_gap(run: RunData, attribute: str, group: str) -> pd.DataFrame:
    """Return every column's share with its interval and test."""
    return pd.DataFrame(
        [
            {
                say("column.feature"): plain_text((item.slice or "").removeprefix(FEATURE)),
                say("gap.share"): render_measurement(item),
                say("column.chance"): render_test(item),
            }
            for item in list_shares(run, attribute, group)
        ]
    )
