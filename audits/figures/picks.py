"""Marks that can be clicked where a figure has none of its own: the cells of a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go

from audits.figures.theme import QUIET, Chart

_SIDE = 40
"""Pixels: inside most cells that we draw, and large enough for a finger."""


def make_pickable(chart: Chart) -> Chart:
    """Return the chart with its marks ready to be clicked.

    A click on a heat map selects nothing in Plotly, so that each of its numbers gets an invisible
    square over it. Marks that were not clicked stay as they are, instead of fading.
    """
    figure = go.Figure(chart.figure)
    cells = [labels for labels in chart.picks if len(labels) == 2]
    if cells:
        _cover_cells(figure, cells)
    for trace in figure.data:
        if trace.type == "scatter" and trace.mode == "markers":
            trace.unselected = {"marker": {"opacity": 0.0 if cells else 1.0}}
        elif trace.type == "scatter" and trace.mode == "text":
            trace.unselected = {"textfont": {"color": QUIET}}
    return replace(chart, figure=figure)


def _cover_cells(figure: go.Figure, cells: Sequence[tuple[str, ...]]) -> None:
    heat = next(trace for trace in figure.data if trace.type == "heatmap")
    places = [(list(heat.y).index(down), list(heat.x).index(across)) for down, across in cells]
    held = heat.customdata
    room = figure.layout.height / max(len(heat.y), 1)
    figure.add_scatter(
        x=[across for _, across in cells], y=[down for down, _ in cells], mode="markers",
        text=[heat.text[i][j] for i, j in places],
        customdata=None if held is None else [held[i][j] for i, j in places],
        hovertemplate=heat.hovertemplate, showlegend=False,
        marker={"size": min(_SIDE, room / 2), "symbol": "square", "color": "rgba(0,0,0,0)"},
    )  # fmt: skip
