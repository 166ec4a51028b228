"""Changes from one run to another: a dot with its interval for each, to the right the better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from audits.figures.theme import (
    DOWN,
    QUIET,
    UP,
    Chart,
    make_figure,
    row_height,
    unique_labels,
)

Kind = Literal["better", "worse", "same"]
_LOOKS: dict[Kind, tuple[str, str]] = {
    "better": (UP, "circle"),
    "worse": (DOWN, "diamond"),
    "same": (QUIET, "circle-open"),
}
"""Colour and shape: neither alone."""

_ROOM_A_LETTER = 0.08
_LONGEST_NAME = 34


@dataclass(frozen=True, slots=True)
class ChangeDot:
    """One row. value, low and high: the change, turned so that above zero is for the better.
    text: the change as it is written."""

    name: str
    value: float
    low: float
    high: float
    text: str
    kind: Kind


def draw_changes(dots: Sequence[ChangeDot], *, title: str, axis: str) -> Chart:
    """Draw rows of changes with intervals around a line of no change, first row on top.

    Better, worse and no change beyond noise differ in colour and in shape.
    """
    labels = unique_labels([dot.name for dot in dots], _LONGEST_NAME)
    figure = make_figure(row_height(len(dots)), x_title=axis)
    for dot, label in zip(dots, labels, strict=True):
        figure.add_scatter(
            x=[dot.low, dot.high], y=[label] * 2, mode="lines", hoverinfo="skip",
            line={"color": _LOOKS[dot.kind][0], "width": 5}, opacity=0.38,
        )  # fmt: skip
    figure.add_scatter(
        x=[dot.value for dot in dots], y=labels, mode="markers", cliponaxis=False,
        marker={
            "size": 11, "color": [_LOOKS[dot.kind][0] for dot in dots],
            "symbol": [_LOOKS[dot.kind][1] for dot in dots],
        },
        customdata=[dot.text for dot in dots], hovertemplate="%{y}: %{customdata}<extra></extra>",
    )  # fmt: skip
    # Away from the line, so that no text crosses it.
    figure.add_scatter(
        x=[dot.high if dot.value >= 0 else dot.low for dot in dots], y=labels, mode="text",
        text=[f"  {dot.text}  " for dot in dots], hoverinfo="skip", cliponaxis=False,
        textposition=[f"middle {'right' if dot.value >= 0 else 'left'}" for dot in dots],
        textfont={"size": 13},
    )  # fmt: skip
    figure.update_yaxes(
        range=[len(dots) - 0.4, -0.6], showgrid=False, categoryorder="array", categoryarray=labels
    )
    _set_range(figure, dots)
    figure.add_vline(x=0, line={"color": QUIET, "width": 1.5, "dash": "dot"})
    figure.add_annotation(
        x=0, y=1.0, yref="paper", text="no change", showarrow=False, yanchor="bottom",
        font={"size": 12, "color": QUIET},
    )  # fmt: skip
    figure.update_layout(margin={"t": 32})
    return Chart(figure, title, _describe(dots, axis))


def _set_range(figure: go.Figure, dots: Sequence[ChangeDot]) -> None:
    ends = [0.0, *(end for dot in dots for end in (dot.low, dot.high, dot.value))]
    low, high = min(ends), max(ends)
    span = (high - low) or 0.1
    room = span * _ROOM_A_LETTER * max((len(dot.text) for dot in dots), default=0)
    left, right = (any((dot.value >= 0) == side for dot in dots) for side in (False, True))
    margin = 0.06 * span
    figure.update_xaxes(
        range=[low - (room if left else margin), high + (room if right else margin)]
    )


def _describe(dots: Sequence[ChangeDot], axis: str) -> str:
    words = {"better": "for the better", "worse": "for the worse", "same": "within noise"}
    listed = "; ".join(f"{dot.name}: {dot.text}, {words[dot.kind]}" for dot in dots[:12])
    more = f"; and {len(dots) - 12} more" if len(dots) > 12 else ""
    return f"{axis}, a dot with an interval for each; a line marks no change. {listed}{more}."
