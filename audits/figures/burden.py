"""Figures of whether the way back is equally hard for every group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.cube.cube import FloatArray
from audits.figures.theme import (
    PALETTE,
    QUIET,
    Chart,
    escape_label,
    make_figure,
    use_percent_axis,
)

MAX_GROUPS = 6
"""More curves than this cannot be told apart."""


@dataclass(frozen=True, slots=True)
class EffortCurve:
    """One group: the share of its rejected rows that each effort gets accepted, with both ends of
    its interval, `[n_efforts]` each."""

    name: str
    share: FloatArray
    low: FloatArray
    high: FloatArray


def draw_effort_curves(
    curves: Sequence[EffortCurve],
    efforts: FloatArray,
    *,
    title: str,
    axes: tuple[str, str],
    mark: tuple[float, str] | None = None,
) -> Chart:
    """Draw what share of each group is within reach of every effort, intervals as bands.

    efforts: rising, `[n_efforts]`. mark: the effort at which groups are compared, with its words.
    At most `MAX_GROUPS` curves, the first ones; the alt text says so.
    """
    figure = make_figure(380, x_title=axes[0], y_title=axes[1])
    dashes = ("solid", "dash", "dot", "dashdot")
    for position, curve in enumerate(curves[:MAX_GROUPS]):
        colour = PALETTE[position]
        figure.add_scatter(
            x=[*efforts, *efforts[::-1]], y=[*curve.high, *curve.low[::-1]], fill="toself",
            mode="lines", line={"width": 0}, fillcolor=_fade(colour), hoverinfo="skip",
            showlegend=False,
        )  # fmt: skip
        figure.add_scatter(
            x=list(efforts), y=list(curve.share), mode="lines", name=escape_label(curve.name, 30),
            line={"color": colour, "width": 2.5, "dash": dashes[position % 4]},
            hovertemplate="%{x:.2f}: %{y:.1%}",
        )  # fmt: skip
    if mark is not None:
        figure.add_vline(x=mark[0], line={"color": QUIET, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=mark[0], y=1.0, yref="paper", text=escape_label(mark[1]), showarrow=False,
            yanchor="bottom", font={"size": 12, "color": QUIET},
        )  # fmt: skip
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(range=[-0.02, 1.02])
    use_percent_axis(figure, "y")
    figure.update_layout(showlegend=True, legend={"y": 1.1}, margin={"t": 32})
    return Chart(figure, title, _describe(curves, efforts, axes, mark))


def _fade(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.15)"


def _describe(
    curves: Sequence[EffortCurve],
    efforts: FloatArray,
    axes: tuple[str, str],
    mark: tuple[float, str] | None,
) -> str:
    at = len(efforts) - 1 if mark is None else int(np.argmin(np.abs(efforts - mark[0])))
    shown = curves[:MAX_GROUPS]
    listed = "; ".join(f"{curve.name}: {curve.share[at]:.1%}" for curve in shown)
    cut = (
        f" The first {len(shown)} of {len(curves)} groups are shown." if curves[MAX_GROUPS:] else ""
    )
    return f"{axes[1]} against {axes[0]}, a line a group. At {efforts[at]:.2f}: {listed}.{cut}"
