"""Figures of single columns: how the answer changes along one, and what is lost without each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from audits.core.arrays import FloatArray, IntArray
from audits.figures.dots import Dot, Mark, draw_dots
from audits.figures.theme import (
    ACCENT,
    GRID,
    QUIET,
    Chart,
    escape_label,
    make_figure,
    unique_labels,
)

_HEIGHT = 440
_RUG = 0.2
"""The share of the height that the bars of row counts take."""

_BAND = "rgba(42, 127, 191, 0.25)"
_FANS = ("rgba(138, 147, 160, 0.16)", "rgba(138, 147, 160, 0.28)")


@dataclass(frozen=True, slots=True, eq=False)
class EffectCurve:
    """A curve at the points of one column. Arrays are `[n_points]`.

    texts: the points' names. numbers: their values, NaN for categories and, at the end, for
    missing. n: rows of each point (of a number: of the cell that ends there). value, low, high:
    the curve with its interval (NaN ends: none); NaN points are not drawn. fan: quantiles 5, 25,
    50, 75 and 95% of the single rows' curves `[n_points, 5]`, None where there are none.
    """

    texts: Sequence[str]
    numbers: FloatArray
    n: IntArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    fan: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class EffectWords:
    """What the parts of the figure are called: the curve, its band, both fans, the bars' axis."""

    curve: str
    interval: str
    most: str
    half: str
    rows: str


def draw_effect(
    curve: EffectCurve, *, title: str, column: str, axis: str, words: EffectWords
) -> Chart:
    """Draw a column's curve with its interval, the fan of single rows and, below, the rows.

    A number is drawn as a line over its values, missing as a dot beside it; categories as dots.
    """
    figure = make_figure(_HEIGHT, x_title=escape_label(column, 60), y_title=escape_label(axis, 60))
    figure.update_layout(
        yaxis={"domain": [_RUG + 0.06, 1]},
        yaxis2={"domain": [0, _RUG], "title": {"text": words.rows, "standoff": 8}, "nticks": 3,
                "fixedrange": True, "automargin": True, "gridcolor": GRID, "rangemode": "tozero"},
        xaxis={"anchor": "y2"}, showlegend=True, hovermode="x", bargap=0.35,
    )  # fmt: skip
    if np.isnan(curve.numbers).all():
        _draw_names(figure, curve, words)
    else:
        _draw_numbers(figure, curve, words)
    return Chart(figure, title, _describe(curve, column, axis, words))


def draw_permutation_importance(
    items: Sequence[Dot], *, title: str, axis: str, nothing: str
) -> Chart:
    """Draw what is lost without each column, the largest first; a line marks no loss."""
    ranked = sorted(items, key=lambda dot: np.inf if np.isnan(dot.value) else -dot.value)
    return draw_dots(ranked, title=title, axis=axis, mark=Mark(0.0, nothing))


def _draw_numbers(figure: go.Figure, curve: EffectCurve, words: EffectWords) -> None:
    known = np.flatnonzero(~np.isnan(curve.numbers))
    drawn = known[~np.isnan(curve.value[known])]
    x = curve.numbers[drawn]
    if curve.fan is not None:
        for low, high, name, colour in ((0, 4, words.most, _FANS[0]), (1, 3, words.half, _FANS[1])):
            _add_band(figure, x, curve.fan[drawn, low], curve.fan[drawn, high], name, colour)
    if not np.isnan(curve.low[drawn]).any():
        _add_band(figure, x, curve.low[drawn], curve.high[drawn], words.interval, _BAND)
    figure.add_scatter(
        x=x, y=curve.value[drawn], mode="lines+markers", name=words.curve,
        line={"color": ACCENT, "width": 2.5}, marker={"size": 5},
        customdata=[curve.n[i] for i in drawn],
        hovertemplate="%{y:.4g}, " + words.rows + ": %{customdata:,}<extra></extra>",
    )  # fmt: skip
    edges = curve.numbers[known]
    span = float(np.ptp(edges)) or 1.0
    _draw_rows(figure, edges, curve.n[known], words)
    for place in np.flatnonzero(np.isnan(curve.numbers)):
        _draw_missing(figure, curve, int(place), float(edges[-1]) + 0.1 * span)


def _draw_rows(figure: go.Figure, edges: FloatArray, n: IntArray, words: EffectWords) -> None:
    """Draw where the rows are: a bar's area is its rows, from the point before to its own.

    Cells of quantiles hold about as many rows each: bars as high as their counts would hide that
    a wide cell is nearly empty. Cells of one whole number each stand over their number.
    """
    widths = np.diff(edges)
    counted = bool((widths == 1).all() and (edges == np.rint(edges)).all())
    widths = np.insert(widths, 0, widths.min() if len(widths) else 1.0)
    figure.add_bar(
        x=edges if counted else edges - widths / 2, y=n / widths, width=widths, yaxis="y2",
        showlegend=False,
        marker={"color": QUIET, "line": {"width": 0}}, customdata=n,
        hovertemplate=words.rows + ": %{customdata:,}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(yaxis2={"showticklabels": False, "showgrid": False})


def _draw_missing(figure: go.Figure, curve: EffectCurve, place: int, x: float) -> None:
    """Draw the point of missing values to the right of the numbers, with how many there are."""
    name = f"{curve.texts[place]}: {int(curve.n[place]):,}"
    figure.add_annotation(
        x=x, y=1, yref="paper", text=unique_labels([name], 26)[0], showarrow=False,
        font={"size": 12, "color": QUIET}, yanchor="bottom",
    )  # fmt: skip
    if not np.isnan(curve.value[place]):
        figure.add_scatter(
            x=[x], y=[curve.value[place]], mode="markers", showlegend=False,
            marker={"size": 10, "color": ACCENT, "symbol": "diamond"},
            error_y=_error(curve, np.array([place])), hovertemplate="%{y:.4g}<extra></extra>",
        )  # fmt: skip


def _draw_names(figure: go.Figure, curve: EffectCurve, words: EffectWords) -> None:
    labels = unique_labels(list(curve.texts), 18)
    drawn = np.flatnonzero(~np.isnan(curve.value))
    if curve.fan is not None:
        for low, high, name, width in ((0, 4, words.most, 3), (1, 3, words.half, 9)):
            for position in drawn:
                ends = [curve.fan[position, low], curve.fan[position, high]]
                figure.add_scatter(
                    x=[labels[position]] * 2, y=ends, mode="lines", name=name, legendgroup=name,
                    showlegend=bool(position == drawn[0]), hoverinfo="skip",
                    line={"color": _FANS[1], "width": width},
                )  # fmt: skip
    figure.add_scatter(
        x=[labels[i] for i in drawn], y=curve.value[drawn], mode="markers", name=words.curve,
        marker={"size": 11, "color": ACCENT}, error_y=_error(curve, drawn),
        hovertemplate="%{y:.4g}<extra></extra>",
    )  # fmt: skip
    figure.add_bar(
        x=labels, y=curve.n, yaxis="y2", marker={"color": QUIET}, showlegend=False,
        hovertemplate="%{y:,}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(categoryorder="array", categoryarray=labels, showgrid=False)


def _error(curve: EffectCurve, places: IntArray) -> dict[str, object]:
    """Return error bars; a point without an interval gets none of any width."""
    up = np.nan_to_num(curve.high[places] - curve.value[places])
    down = np.nan_to_num(curve.value[places] - curve.low[places])
    return {"type": "data", "array": up, "arrayminus": down, "color": ACCENT, "width": 5}


def _add_band(
    figure: go.Figure, x: FloatArray, low: FloatArray, high: FloatArray, name: str, colour: str
) -> None:
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]), y=np.concatenate([low, high[::-1]]), mode="lines",
        fill="toself", fillcolor=colour, line={"width": 0}, hoverinfo="skip", name=name,
    )  # fmt: skip


def _describe(curve: EffectCurve, column: str, axis: str, words: EffectWords) -> str:
    parts = []
    for position, text in enumerate(curve.texts):
        if np.isnan(curve.value[position]):
            continue
        ends = (curve.low[position], curve.high[position])
        interval = "" if np.isnan(ends).any() else f" ({ends[0]:.4g} to {ends[1]:.4g})"
        count = f"{words.rows}: {int(curve.n[position]):,}"
        parts.append(f"{text}: {curve.value[position]:.4g}{interval}, {count}")
    return f"{axis}, {words.curve}, by {column}. {'; '.join(parts)}."
