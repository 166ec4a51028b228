"""What drives a gap: a group's selection rate beside another group's, column by column."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.figures import MAX_BARS, Chart, Mark, draw_dots
from audits.findings import choose_columns, find_selection_gap, render_gap, turn_gap
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import make_dot, render_measurement, render_test
from dashboard.viewmodels.run import RunData


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups whose gap is attributed to columns. label: how the page names them."""

    group: str
    reference: str

    @property
    def label(self) -> str:
        """The pair's name on the page."""
        return say("gap.pair", group=plain_text(self.group), reference=plain_text(self.reference))


def list_gaps(run: RunData) -> list[str]:
    """Return the attributes that have gaps attributed to columns, that with the widest gap first;
    those of two columns together after the others."""
    found = [name for name in run.groupings if run.by_group("gap_share", name)]
    return sorted(found, key=lambda name: (name in run.pairs, -_measure_widest(run, name)))


def _sum_shares(run: RunData, attribute: str) -> dict[Pair, float]:
    sums: dict[Pair, float] = {}
    for item in run.by_group("gap_share", attribute):
        pair = Pair(item.group or "", item.reference_group or "")
        sums[pair] = sums.get(pair, 0.0) + (item.value or 0.0)
    return sums


def _measure_widest(run: RunData, attribute: str) -> float:
    return max(abs(gap) for gap in _sum_shares(run, attribute).values())


def list_pairs(run: RunData, attribute: str) -> dict[str, Pair]:
    """Return an attribute's pairs of groups with a gap by their labels, the widest first."""
    sums = _sum_shares(run, attribute)
    return {pair.label: pair for pair in sorted(sums, key=lambda pair: -abs(sums[pair]))}


def list_shares(run: RunData, attribute: str, pair: Pair) -> list[Measurement]:
    """Return the columns' shares of a pair's gap, the largest first."""
    found = [
        item
        for item in run.by_group("gap_share", attribute)
        if (item.group, item.reference_group) == (pair.group, pair.reference)
    ]
    return sorted(found, key=lambda item: -abs(item.value or 0.0))


def render_sentence(run: RunData, attribute: str, pair: Pair) -> str:
    """Return which columns make a gap, "" where the gap itself was not measured."""
    plain = find_selection_gap(run.report, attribute, pair.group, pair.reference)
    shares = list_shares(run, attribute, pair)
    return (render_gap(plain, shares) if plain is not None else None) or ""


def _name(item: Measurement) -> str:
    return plain_text(item.part_name)


def make_gap_chart(run: RunData, attribute: str, pair: Pair) -> Chart:
    """Return the whole gap, then every column's share of it, each with its interval."""
    shares = list_shares(run, attribute, pair)
    whole = find_selection_gap(run.report, attribute, pair.group, pair.reference)
    whole = None if whole is None else turn_gap(whole)
    dots = [make_dot(whole, say("gap.whole"), quiet=True)] if whole is not None else []
    dots += [make_dot(item, _name(item)) for item in shares[: MAX_BARS - 1]]
    points = shares[0].unit == "points"
    return draw_dots(
        dots,
        title=_title(pair, shares),
        axis=say("gap.axis" if points else "gap.axis_target"),
        percent=points,
        mark=Mark(0.0, say("gap.none_mark")),
    )


def _title(pair: Pair, shares: list[Measurement]) -> str:
    """Return the chart's title: a column is in it only where its share is sure."""
    groups = {"group": plain_text(pair.group), "reference": plain_text(pair.reference)}
    gap = sum(item.value or 0.0 for item in shares)
    named = choose_columns(gap, [item for item in shares if item.estimate is not None])
    if not named:
        return say("gap.title_none", **groups)
    return say("gap.title", feature=_name(named[0]), **groups)


def tabulate_gap(run: RunData, attribute: str, pair: Pair) -> pd.DataFrame:
    """Return every column's share with its interval and test."""
    return pd.DataFrame(
        [
            {
                say("column.feature"): _name(item),
                say("gap.share"): render_measurement(item),
                say("column.chance"): render_test(item),
            }
            for item in list_shares(run, attribute, pair)
        ]
    )
