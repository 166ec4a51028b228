"""Figures of interventions: what each gap between groups costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audits.core.arrays import FloatArray
from audits.figures.performance import Curve, thin_curve
from audits.figures.theme import PALETTE, QUIET, Chart, escape_label, make_figure, use_percent_axis


@dataclass(frozen=True, slots=True)
class Frontier:
    """One way to set thresholds: the gap and what is paid for it, `[n_points]` each, on the rows
    that thresholds were chosen on and on the other rows."""

    name: str
    chosen_gap: FloatArray
    chosen_value: FloatArray
    held_out_gap: FloatArray
    held_out_value: FloatArray


@dataclass(frozen=True, slots=True)
class Setting:
    """One marked point of the figure, with how it is written."""

    name: str
    gap: float
    value: float
    text: str


def draw_frontier(
    frontiers: Sequence[Frontier],
    spots: Sequence[Setting],
    *,
    title: str,
    axes: tuple[str, str],
    share: bool,
) -> Chart:
    """Draw what is paid (up) against the gap (across), and marked points upon it.

    Each frontier's gaps fall: between two of its points nothing better is to be had than the
    narrower one's. Dotted lines are of the rows that thresholds were chosen on. Dots are of other
    rows, without a line: from one to the next their gap may rise. share: what is paid is a share
    of rows (accuracy), else a cost.
    """
    figure = make_figure(400, x_title=axes[0], y_title=axes[1])
    for position, frontier in enumerate(frontiers):
        colour = PALETTE[position]
        fitted = thin_curve(Curve(frontier.name, frontier.chosen_gap, frontier.chosen_value))
        seen = thin_curve(Curve(frontier.name, frontier.held_out_gap, frontier.held_out_value))
        figure.add_scatter(
            x=fitted.x, y=fitted.y, mode="lines", hoverinfo="skip", showlegend=False,
            line={"color": colour, "width": 1.5, "dash": "dot", "shape": "vh"}, opacity=0.7,
        )  # fmt: skip
        figure.add_scatter(
            x=seen.x, y=seen.y, mode="markers",
            name=escape_label(frontier.name, 40),
            marker={"size": 7, "color": colour, "symbol": ("circle", "diamond")[position % 2]},
            hovertemplate="%{x:.1%}, " + ("%{y:.1%}" if share else "%{y:.3f}"),
        )  # fmt: skip
    symbols = ("circle-open", "star", "diamond")
    widest = max((spot.gap for spot in spots), default=0.0)
    reach = max([widest, *(float(frontier.chosen_gap.max()) for frontier in frontiers)])
    for position, spot in enumerate(spots):
        figure.add_scatter(
            x=[spot.gap], y=[spot.value], mode="markers+text", showlegend=False,
            marker={"size": 13, "symbol": symbols[position % 3], "color": QUIET,
                    "line": {"width": 2, "color": QUIET}},
            text=[escape_label(spot.name, 30)], cliponaxis=False,
            textposition="bottom left" if spot.gap > reach / 2 else "bottom right",
            hovertemplate=escape_label(spot.text) + "<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(rangemode="tozero", tickformat=".0%")
    if share:
        use_percent_axis(figure, "y")
    figure.update_layout(showlegend=True)
    marked = "; ".join(f"{spot.name}: {spot.text}" for spot in spots)
    names = ", ".join(frontier.name for frontier in frontiers)
    alt = f"{axes[1]} against {axes[0]}. Lines: {names}. Marked: {marked}."
    return Chart(figure, title, alt)
