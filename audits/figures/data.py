"""Figures of the data itself: how large groups are, how much is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audits.figures.theme import (
    ACCENT,
    MAX_BARS,
    QUIET,
    Chart,
    make_figure,
    row_height,
    unique_labels,
    use_percent_axis,
)

_ROOM_A_LETTER = 0.036
"""Of the axis, for each letter beside a bar: so wide it is on a narrow screen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a name, a length from 0 on, a few letters written beside it, and all that is to be
    said of it. quiet: drawn in grey."""

    name: str
    value: float
    label: str
    text: str
    quiet: bool = False


def draw_bars(
    bars: Sequence[Bar], *, title: str, axis: str, alt: str, percent: bool = False
) -> Chart:
    """Draw horizontal bars with the text beside each, first row on top. At most `MAX_BARS`, the
    first ones; the alt text says so. alt: what the bars are."""
    shown = list(bars[:MAX_BARS])
    labels = unique_labels([bar.name for bar in shown])
    figure = make_figure(row_height(len(shown)), x_title=axis)
    figure.add_bar(
        x=[bar.value for bar in shown], y=labels, orientation="h",
        marker={"color": [QUIET if bar.quiet else ACCENT for bar in shown]},
        text=[f" {bar.label}" for bar in shown], textposition="outside", cliponaxis=False,
        textfont={"size": 13}, customdata=[bar.text for bar in shown], width=0.62,
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(
        range=[len(shown) - 0.4, -0.6], showgrid=False, categoryorder="array", categoryarray=labels
    )
    ends = [bar.value / max(1 - _ROOM_A_LETTER * (len(bar.label) + 1), 0.4) for bar in shown]
    figure.update_xaxes(range=[0, max(ends, default=0.0) or 1.0], nticks=6, tickformat=",~r")
    if percent:
        use_percent_axis(figure)
    listed = "; ".join(f"{bar.name}: {bar.text}" for bar in shown[:12])
    more = f"; and {len(shown) - 12} more" if len(shown) > 12 else ""
    cut = f" The first {len(shown)} of {len(bars)} are shown." if len(bars) > len(shown) else ""
    return Chart(figure, title, f"{alt} {listed}{more}.{cut}")
