"""Figure of what every single threshold does: a gap between groups against what it is paid in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from audits.core.arrays import FloatArray, IntArray
from audits.figures.performance import CURVE_POINTS
from audits.figures.theme import ACCENT, QUIET, Chart, escape_label, make_figure, use_percent_axis


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """What every threshold does, `[n_thresholds]` each, in the order of the thresholds.

    gap: in [0, 1]. paid: a share of rows or a cost. best: positions of the thresholds that no
    other one beats in both, from the narrowest gap on.
    """

    thresholds: FloatArray
    gap: FloatArray
    paid: FloatArray
    best: IntArray


@dataclass(frozen=True, slots=True)
class Place:
    """A threshold marked on the path, with the words beside it."""

    name: str
    gap: float
    paid: float
    current: bool


def draw_tradeoff(
    path: Path,
    places: Sequence[Place],
    *,
    title: str,
    axes: tuple[str, str],
    words: tuple[str, str],
    share: bool,
) -> Chart:
    """Draw the path of all thresholds (grey), those that no other beats (line with dots), and the
    marked ones. words: the names of both. share: what is paid is a share of rows, else a cost."""
    figure = make_figure(400, x_title=axes[0], y_title=axes[1])
    known = np.flatnonzero(~np.isnan(path.gap) & ~np.isnan(path.paid))
    order = known[np.unique(np.linspace(0, max(len(known) - 1, 0), 2 * CURVE_POINTS).astype(int))]
    best = path.best[np.unique(np.linspace(0, max(len(path.best) - 1, 0), 60).astype(int))]
    written = "%{y:.1%}" if share else "%{y:.3f}"
    for places_of, name, line, marker in (
        (order, words[0], {"color": QUIET, "width": 1.5}, {"size": 3, "color": QUIET}),
        (best, words[1], {"color": ACCENT, "width": 2.5, "shape": "hv"},
         {"size": 6, "color": ACCENT}),
    ):  # fmt: skip
        figure.add_scatter(
            x=path.gap[places_of], y=path.paid[places_of], mode="lines+markers", name=name,
            line=line, marker=marker, customdata=path.thresholds[places_of],
            hovertemplate="%{customdata:.3f}: %{x:.1%}, " + written,
        )  # fmt: skip
    _add_places(figure, places, written)
    figure.update_xaxes(rangemode="tozero", tickformat=".0%")
    _look_closely(figure, path, places)
    if share:
        use_percent_axis(figure, "y")
    figure.update_layout(showlegend=True)
    return Chart(figure, title, _describe(path, places, axes, words))


def _look_closely(figure: go.Figure, path: Path, places: Sequence[Place]) -> None:
    """Show the part of the axes where decisions are made: what no other threshold beats, and the
    marked ones. Thresholds that select nearly nobody would flatten all else."""
    paid = [*path.paid[path.best], *(place.paid for place in places)]
    gaps = [*path.gap[path.best], *(place.gap for place in places)]
    if not len(path.best):
        return
    room = 0.15 * max(max(paid) - min(paid), 0.02 * max(abs(one) for one in paid), 1e-9)
    figure.update_yaxes(range=[min(paid) - room, max(paid) + room])
    widest = max([*gaps, 1e-9])
    figure.update_xaxes(range=[-0.02 * widest, 1.12 * widest])


def _add_places(figure: go.Figure, places: Sequence[Place], written: str) -> None:
    """Mark thresholds, their names on sides that keep them apart: a ring and a filled diamond."""
    middle = float(np.mean([place.gap for place in places])) if places else 0.0
    for place in places:
        side = "left" if place.gap > middle else "right"
        figure.add_scatter(
            x=[place.gap], y=[place.paid], mode="markers+text", showlegend=False,
            marker={"size": 14, "symbol": "diamond" if place.current else "circle-open",
                    "color": ACCENT if place.current else QUIET,
                    "line": {"width": 2.5, "color": ACCENT if place.current else QUIET}},
            text=[escape_label(place.name, 30)], cliponaxis=False,
            textposition=f"{'top' if place.current else 'bottom'} {side}",
            hovertemplate=escape_label(place.name) + ": %{x:.1%}, " + written + "<extra></extra>",
        )  # fmt: skip


def _describe(
    path: Path, places: Sequence[Place], axes: tuple[str, str], words: tuple[str, str]
) -> str:
    marked = "; ".join(f"{one.name}: {one.gap:.1%}, {one.paid:.3f}" for one in places)
    ends = ""
    if len(path.best):
        first, last = path.best[0], path.best[-1]
        ends = (
            f" {words[1]}: from {path.gap[first]:.1%}, {path.paid[first]:.3f} to "
            f"{path.gap[last]:.1%}, {path.paid[last]:.3f}."
        )
    return f"{axes[1]} against {axes[0]}, a point for each threshold.{ends} Marked: {marked}."
