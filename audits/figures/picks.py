"""Marks that can be clicked where a figure has none of its own: the cells of a heat map."""

from __future__ import annotations

import plotly.graph_objects as go

from audits.figures.theme import Chart

_SIDE = 40
"""Pixels: inside every cell that we draw, and large enough for a finger."""


def make_pickable(chart: Chart) -> Chart:
    """Return the chart with its marks ready to be clicked.

    A click on a heat map selects nothing in Plotly, so that each of its cells gets an invisible
    square on it. Marks that were not clicked stay as they are, instead of fading.
    """
    cells = [labels for labels in chart.picks if len(labels) == 2]
    figure = go.Figure(chart.figure)
    if cells:
        figure.add_scatter(
            x=[across for _, across in cells], y=[down for down, _ in cells], mode="markers",
            marker={"size": _SIDE, "symbol": "square", "color": "rgba(0,0,0,0)"},
            hovertemplate=_hover(chart.figure), text=_texts(chart.figure, cells),
            showlegend=False,
        )  # fmt: skip
    for trace in figure.data:
        if trace.type == "scatter" and trace.mode == "markers":
            trace.unselected = {"marker": {"opacity": 0.0 if cells else 1.0}}
    return Chart(figure, chart.title, chart.alt, chart.picks)
