"""The map of the worst slices: how many rows each has, and how much worse it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.figures.theme import MAX_BARS, PALETTE, Chart, escape_label, make_figure

_SYMBOLS = ("circle", "diamond", "square", "triangle-up")


@dataclass(frozen=True, slots=True)
class Spot:
    """One slice. number: its place in the list beside the map. share: of the rows, in (0, 1].
    size, low, high: the gap to all other rows as a size, with its interval. kind: what is worse.
    text: the gap in words."""

    number: int
    name: str
    kind: str
    share: float
    size: float
    low: float
    high: float
    text: str


def draw_slice_map(
    spots: Sequence[Spot], *, title: str, axes: tuple[str, str], percent: bool
) -> Chart:
    """Draw slices by their rows (across, each step of the axis a multiple) and by their gap (up),
    numbered as in the list; a colour and a shape for each kind. At most `MAX_BARS`, the first."""
    shown = list(spots[:MAX_BARS])
    figure = make_figure(400, x_title=axes[0], y_title=axes[1])
    for position, kind in enumerate(dict.fromkeys(spot.kind for spot in shown)):
        mine = [spot for spot in shown if spot.kind == kind]
        colour = PALETTE[position % len(PALETTE)]
        figure.add_scatter(
            x=[spot.share for spot in mine], y=[spot.size for spot in mine],
            mode="markers+text", name=escape_label(kind, 48),
            marker={"size": 12, "color": colour, "symbol": _SYMBOLS[position % 4]},
            error_y={"type": "data", "array": [spot.high - spot.size for spot in mine],
                     "arrayminus": [spot.size - spot.low for spot in mine], "color": colour,
                     "width": 0, "thickness": 2},
            text=[f"  {spot.number}" for spot in mine], textposition="middle right",
            cliponaxis=False,
            customdata=[f"{escape_label(spot.name, 80)}: {escape_label(spot.text)}"
                        for spot in mine],
            hovertemplate="%{customdata}, %{x:.1%}<extra></extra>",
        )  # fmt: skip
    shares = [spot.share for spot in shown]
    low, high = np.log10(min(shares)), np.log10(max(shares))
    ticks = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
    figure.update_xaxes(
        type="log", range=[low - 0.15, min(high + 0.25, 0.05)], tickvals=ticks,
        ticktext=[f"{tick:.1%}" if tick < 0.01 else f"{tick:.0%}" for tick in ticks],
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", tickformat=".0%" if percent else None)
    figure.update_layout(showlegend=True)
    listed = "; ".join(f"{spot.number}: {spot.name}, {spot.text}" for spot in shown[:12])
    return Chart(figure, title, f"{axes[1]} against {axes[0]}, a dot for each part. {listed}.")
