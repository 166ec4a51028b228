"""The dot with its interval: one row a group, the figure that most findings rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from audits.figures.theme import (
    ACCENT,
    MAX_BARS,
    QUIET,
    Chart,
    add_upright,
    make_figure,
    row_height,
    unique_labels,
    use_percent_axis,
)

_ROOM_A_LETTER = 0.036
"""Of the axis, for each letter of the longest number."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One row: a name, a number with its interval, and how the number is written.

    quiet: drawn in grey (the reference group, too few rows).
    """

    name: str
    value: float
    low: float
    high: float
    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across all rows that the dots are read against."""

    value: float
    text: str


def choose_shown(dots: Sequence[Dot], limit: int = MAX_BARS) -> list[Dot]:
    """Return at most `limit` dots: the lowest and the highest, in the order given."""
    if len(dots) <= limit:
        return list(dots)
    order = np.argsort([dot.value for dot in dots], kind="stable")
    kept = {int(i) for i in (*order[: limit // 2], *order[-(limit - limit // 2) :])}
    return [dot for position, dot in enumerate(dots) if position in kept]


def _add_mark(figure: go.Figure, mark: Mark) -> None:
    add_upright(figure, mark.value, width=1.5, dash="dot")
    figure.add_annotation(
        x=mark.value, y=1.0, yref="paper", text=mark.text, showarrow=False,
        yanchor="bottom", font={"size": 12, "color": QUIET},
    )  # fmt: skip
    figure.update_layout(margin={"t": 32})


def draw_dots(
    dots: Sequence[Dot],
    *,
    title: str,
    axis: str,
    percent: bool = False,
    mark: Mark | None = None,
    least: float | None = None,
    most: float | None = None,
) -> Chart:
    """Draw rows of dots with intervals and the number written beside each, first row on top.

    least: the axis starts at or below this. most: the largest value that there can be; the axis
    has no tick above it. At most `MAX_BARS` rows, the extremes; the alt text says so.
    """
    known = [dot for dot in dots if not np.isnan(dot.value)]
    shown = choose_shown(known)
    labels = unique_labels([dot.name for dot in shown])
    figure = make_figure(row_height(len(shown)), x_title=axis)
    # No interval is drawn as none, never as an interval of no width.
    above = [0.0 if np.isnan(dot.high) else dot.high - dot.value for dot in shown]
    below = [0.0 if np.isnan(dot.low) else dot.value - dot.low for dot in shown]
    colours = [QUIET if dot.quiet else ACCENT for dot in shown]
    for position, dot in enumerate(shown):
        figure.add_scatter(
            x=[dot.value - below[position], dot.value + above[position]],
            y=[labels[position]] * 2, mode="lines", hoverinfo="skip",
            line={"color": colours[position], "width": 5}, opacity=0.38,
        )  # fmt: skip
    figure.add_scatter(
        x=[dot.value for dot in shown], y=labels, mode="markers", cliponaxis=False,
        marker={"size": 11, "color": colours},
        customdata=[dot.text for dot in shown],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )  # fmt: skip
    _add_texts(figure, shown, labels)
    figure.update_yaxes(
        range=[len(shown) - 0.4, -0.6], showgrid=False, categoryorder="array", categoryarray=labels
    )
    _set_range(figure, shown, mark, least, percent)
    if most is not None and least is not None and all(dot.low >= least for dot in shown):
        figure.update_xaxes(tickvals=np.linspace(least, most, 6).tolist())
    if mark is not None:
        _add_mark(figure, mark)
    if percent:
        use_percent_axis(figure)
    places = {id(dot): place for place, dot in enumerate(dots)}
    picks: dict[tuple[str, ...], int] = {
        (label,): places[id(dot)] for label, dot in zip(labels, shown, strict=True)
    }
    return Chart(figure, title, _describe(shown, len(known), axis, mark), picks)


def _add_texts(figure: go.Figure, shown: Sequence[Dot], labels: Sequence[str]) -> None:
    figure.add_scatter(
        x=[dot.value if np.isnan(dot.high) else dot.high for dot in shown], y=list(labels),
        mode="text", text=["  " + dot.text.split(" (")[0] for dot in shown],
        textposition="middle right", textfont={"size": 13}, hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip


def _set_range(
    figure: go.Figure, shown: Sequence[Dot], mark: Mark | None, least: float | None, percent: bool
) -> None:
    ends = [end for dot in shown for end in (dot.low, dot.value, dot.high) if not np.isnan(end)]
    ends += [mark.value] if mark else []
    ends += [least] if least is not None else []
    if not ends:
        return
    low, high = min(ends), max(ends)
    span = (high - low) or max(abs(high), 0.1)
    start = low if least is not None and low >= least else low - 0.06 * span
    # Room for the written number at the right end, also on a narrow screen.
    longest = max(len(dot.text.split(" (")[0]) for dot in shown)
    room = max(0.24 if percent else 0.28, _ROOM_A_LETTER * longest)
    figure.update_xaxes(range=[start, high + room * span])


def _describe(shown: Sequence[Dot], total: int, axis: str, mark: Mark | None) -> str:
    listed = "; ".join(f"{dot.name}: {dot.text}" for dot in shown[:12])
    more = f"; and {len(shown) - 12} more" if len(shown) > 12 else ""
    cut = f" The {len(shown)} most extreme of {total} are shown." if total > len(shown) else ""
    line = f" A dotted line marks {mark.text}." if mark else ""
    return f"{axis}, a dot with an interval for each. {listed}{more}.{cut}{line}"
