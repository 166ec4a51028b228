"""Figures of what people could change, and whether recourse is equally hard for every group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray
from audits.figures.theme import (
    PALETTE,
    QUIET,
    Chart,
    escape_label,
    make_figure,
    row_height,
    unique_labels,
    use_percent_axis,
)

MAX_GROUPS = 6
"""More curves than this cannot be told apart."""


MAX_COLUMNS = 15


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


def draw_changed_columns(
    columns: Sequence[str], shares: Sequence[float], *, title: str, axis: str
) -> Chart:
    """Draw in what share of the best answers each column has to change, most often first."""
    pairs = sorted(zip(columns, shares, strict=True), key=lambda pair: -pair[1])[:MAX_COLUMNS]
    labels = unique_labels([name for name, _ in pairs], 26)
    figure = make_figure(row_height(len(pairs)), x_title=axis)
    figure.add_bar(
        x=[share for _, share in pairs], y=labels, orientation="h",
        marker={"color": PALETTE[0], "cornerradius": 3},
        text=[f"{share:.1%}" for _, share in pairs], textposition="outside", cliponaxis=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    top = max((share for _, share in pairs), default=1.0)
    figure.update_xaxes(range=[0, 1.18 * (top or 1.0)], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(bargap=0.35)
    listed = "; ".join(f"{name}: {share:.1%}" for name, share in pairs)
    return Chart(figure, title, f"{axis}. {listed}.")
