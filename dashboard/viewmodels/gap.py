"""What drives a gap: a group's selection rate beside the reference group's, column by column."""

from __future__ import annotations

import pandas as pd

from audits.core.findings import FEATURE, render_gap
from audits.core.format import plain_text
from audits.core.measurement import Measurement, measurement_id
from audits.figures.dots import Mark, draw_dots
from audits.figures.theme import MAX_BARS, Chart
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import make_dot, render_measurement, render_test
from dashboard.viewmodels.run import RunData


def list_gaps(run: RunData) -> list[str]:
    """Return the attributes that have gaps laid on columns, that with the widest gap first."""
    found = [name for name in run.attributes if run.by_group("gap_share", name)]
    return sorted(found, key=lambda name: -_measure_widest(run, name))


def _sum_shares(run: RunData, attribute: str) -> dict[str, float]:
    sums: dict[str, float] = {}
    for item in run.by_group("gap_share", attribute):
        sums[item.group or ""] = sums.get(item.group or "", 0.0) + (item.value or 0.0)
    return sums


def _measure_widest(run: RunData, attribute: str) -> float:
    return max(abs(gap) for gap in _sum_shares(run, attribute).values())


def list_groups(run: RunData, attribute: str) -> list[str]:
    """Return an attribute's groups with a gap, the widest first."""
    sums = _sum_shares(run, attribute)
    return sorted(sums, key=lambda name: -abs(sums[name]))


def list_shares(run: RunData, attribute: str, group: str) -> list[Measurement]:
    """Return the columns' shares of a group's gap, the largest first."""
    found = [item for item in run.by_group("gap_share", attribute) if item.group == group]
    return sorted(found, key=lambda item: -abs(item.value or 0.0))


def render_sentence(run: RunData, attribute: str, group: str) -> str:
    """Return the finding, "" where the gap itself was not measured."""
    shares = list_shares(run, attribute, group)
    plain = _find_gap(run, attribute, group, shares)
    return (render_gap(plain, shares) if plain is not None else None) or ""


def _find_gap(
    run: RunData, attribute: str, group: str, shares: list[Measurement]
) -> Measurement | None:
    reference = shares[0].reference_group
    return run.report.by_id.get(
        measurement_id("selection_rate_difference", attribute, group, reference)
    )


def _name(item: Measurement) -> str:
    return plain_text((item.slice or "").removeprefix(FEATURE))


def make_gap_chart(run: RunData, attribute: str, group: str) -> Chart:
    """Return the whole gap, then every column's share of it, each with its interval."""
    shares = list_shares(run, attribute, group)
    reference = plain_text(shares[0].reference_group or "")
    whole = _find_gap(run, attribute, group, shares)
    dots = [make_dot(whole, say("gap.whole"), quiet=True)] if whole is not None else []
    dots += [make_dot(item, _name(item)) for item in shares[: MAX_BARS - 1]]
    points = shares[0].unit == "points"
    return draw_dots(
        dots,
        title=say("gap.title", feature=_name(shares[0]), group=plain_text(group),
                  reference=reference),
        axis=say("gap.axis" if points else "gap.axis_target"),
        percent=points,
        mark=Mark(0.0, say("gap.none_mark")),
    )  # fmt: skip


def tabulate_gap(run: RunData, attribute: str, group: str) -> pd.DataFrame:
    """Return every column's share with its interval and test."""
    return pd.DataFrame(
        [
            {
                say("column.feature"): _name(item),
                say("gap.share"): render_measurement(item),
                say("column.chance"): render_test(item),
            }
            for item in list_shares(run, attribute, group)
        ]
    )
