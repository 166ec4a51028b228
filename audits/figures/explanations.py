"""Figures of what moves the model: importance, by group, one row, and the spread over rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray
from audits.figures.theme import (
    DOWN,
    MAX_POINTS,
    PALETTE,
    QUIET,
    UP,
    Chart,
    add_upright,
    make_figure,
    row_height,
    unique_labels,
)

MAX_FEATURES = 15
_SPREAD_FEATURES = 10
_SPREAD_ROWS = 300


@dataclass(frozen=True, slots=True)
class Importance:
    """One feature's mean absolute attribution with its interval (NaN ends: no interval)."""

    feature: str
    value: float
    low: float
    high: float
    text: str


def draw_importance(items: Sequence[Importance], *, title: str, axis: str) -> Chart:
    """Draw the features that move the model most as bars with intervals, largest first."""
    shown = sorted(items, key=lambda item: -item.value)[:MAX_FEATURES]
    labels = unique_labels([item.feature for item in shown], 26)
    figure = make_figure(row_height(len(shown)), x_title=axis)
    high = [0.0 if np.isnan(item.high) else item.high - item.value for item in shown]
    low = [0.0 if np.isnan(item.low) else item.value - item.low for item in shown]
    figure.add_bar(
        x=[item.value for item in shown], y=labels, orientation="h",
        marker={"color": PALETTE[0], "cornerradius": 3},
        error_x={"type": "data", "array": high, "arrayminus": low, "color": QUIET, "width": 3},
        customdata=[item.text for item in shown],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[item.value + up for item, up in zip(shown, high, strict=True)], y=labels, mode="text",
        text=["  " + item.text.split(" (")[0] for item in shown], textposition="middle right",
        hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip
    top = max((item.value + up for item, up in zip(shown, high, strict=True)), default=1.0)
    figure.update_xaxes(range=[0, 1.2 * (top or 1.0)])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(bargap=0.35)
    listed = "; ".join(f"{item.feature}: {item.text}" for item in shown)
    return Chart(figure, title, f"{axis}, largest first. {listed}.")


@dataclass(frozen=True, slots=True)
class GroupSeries:
    """One group's numbers by feature, `[n_features]` each; NaN where there is none."""

    name: str
    value: FloatArray
    low: FloatArray
    high: FloatArray


def draw_group_importance(
    features: Sequence[str], groups: Sequence[GroupSeries], *, title: str, axis: str
) -> Chart:
    """Draw each group's mean attributions side by side: one dot with its interval a group."""
    shown = list(groups[: len(PALETTE)])
    largest = np.nanmax(np.abs([group.value for group in shown]), axis=0, initial=0.0)
    order = np.argsort(-largest, kind="stable")[:MAX_FEATURES]
    labels = unique_labels([features[i] for i in order], 26)
    figure = make_figure(row_height(len(order), each=34, around=110), x_title=axis)
    add_upright(figure, 0.0)
    symbols = ("circle", "diamond", "square", "triangle-up", "x", "cross", "star", "hexagon")
    names = unique_labels([group.name for group in shown], 40)
    for position, group in enumerate(shown):
        # Beside one another, so that no interval hides another.
        offset = 0.5 * ((position + 0.5) / len(shown) - 0.5)
        value = group.value[order]
        figure.add_scatter(
            x=value, y=np.arange(len(order)) + offset, mode="markers", name=names[position],
            marker={"size": 9, "color": PALETTE[position], "symbol": symbols[position]},
            error_x={"type": "data", "array": group.high[order] - value,
                     "arrayminus": value - group.low[order], "color": PALETTE[position],
                     "width": 2, "thickness": 1.5},
            hovertemplate="%{x:.3f}",
        )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(order))), ticktext=labels, showgrid=False,
        range=[len(order) - 0.4, -0.6],
    )  # fmt: skip
    figure.update_layout(showlegend=True)
    lines = [
        f"{features[i]}: "
        + ", ".join(
            f"{group.name} {group.value[i]:.3f} ({group.low[i]:.3f} to {group.high[i]:.3f})"
            for group in shown if not np.isnan(group.value[i])
        )
        for i in order[:6]
    ]  # fmt: skip
    return Chart(figure, title, f"{axis} by group, with intervals. " + "; ".join(lines) + ".")


def draw_waterfall(
    features: Sequence[str],
    parts: FloatArray,
    values: Sequence[str],
    base: float,
    output: float,
    *,
    title: str,
    axis: str,
    words: tuple[str, str, str],
) -> Chart:
    """Draw how one row's output adds up from the base: the largest parts, the rest summed.

    values: what the row has in each feature, "" where not known. words: the labels of the base,
    of the sum of the small parts, and of the output.
    """
    order = np.argsort(-np.abs(parts), kind="stable")
    large, rest = order[: MAX_FEATURES - 3], order[MAX_FEATURES - 3 :]
    names = [features[i] + (f" = {values[i]}" if values[i] else "") for i in large.tolist()]
    steps = [float(parts[i]) for i in large]
    if len(rest):
        names.append(words[1])
        steps.append(float(parts[rest].sum()))
    labels = unique_labels([words[0], *names, words[2]], 36)
    figure = make_figure(row_height(len(labels)), x_title=axis)
    figure.add_waterfall(
        orientation="h", y=labels, x=[base, *steps, output],
        measure=["absolute", *["relative"] * len(steps), "total"],
        text=[f"{base:.2f}", *(f"{step:+.2f}" for step in steps), f"{output:.2f}"],
        textposition="outside", cliponaxis=False,
        increasing={"marker": {"color": UP}}, decreasing={"marker": {"color": DOWN}},
        totals={"marker": {"color": QUIET}}, connector={"line": {"color": QUIET, "width": 1}},
        hovertemplate="%{y}: %{text}<extra></extra>",
    )  # fmt: skip
    path = np.concatenate([[base], base + np.cumsum(steps), [output]])
    span = float(path.max() - path.min()) or 1.0
    figure.update_xaxes(range=[float(path.min()) - 0.18 * span, float(path.max()) + 0.18 * span])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(bargap=0.3)
    listed = "; ".join(f"{name}: {step:+.3f}" for name, step in zip(names, steps, strict=True))
    return Chart(figure, title, f"From {base:.3f} to {output:.3f}. {listed}.")


def _spread_offsets(values: FloatArray) -> FloatArray:
    """Return vertical offsets in ±0.36 that keep equal values apart, most in dense places."""
    bins = np.digitize(values, np.linspace(values.min(), values.max() + 1e-12, 40))
    offsets = np.zeros(len(values))
    for number in np.unique(bins):
        inside = np.flatnonzero(bins == number)
        steps = (np.arange(len(inside)) + 1) // 2 * np.where(np.arange(len(inside)) % 2, 1, -1)
        offsets[inside] = steps
    largest = np.abs(offsets).max()
    spread: FloatArray = offsets / max(largest, 6) * 0.36
    return spread


def draw_spread(
    features: Sequence[str],
    parts: FloatArray,
    ranks: FloatArray,
    *,
    title: str,
    axis: str,
    words: tuple[str, str],
) -> Chart:
    """Draw `[row, feature]` attributions of a sample of rows: one dot a row, one line a feature.

    ranks: each value's rank within its feature in [0, 1], NaN where the feature has no order or
    the values are not known (grey). words: the ends of the colour scale, low and high.
    """
    order = np.argsort(-np.abs(parts).mean(axis=0), kind="stable")[:_SPREAD_FEATURES]
    rows = min(len(parts), _SPREAD_ROWS, MAX_POINTS // max(len(order), 1))
    labels = unique_labels([features[i] for i in order], 26)
    figure = make_figure(row_height(len(order), each=38, around=100), x_title=axis)
    add_upright(figure, 0.0)
    for position, feature in enumerate(order):
        colours = ranks[:rows, feature]
        known = not np.isnan(colours).all()
        x = parts[:rows, feature]
        figure.add_scatter(
            x=x, y=position + _spread_offsets(x), mode="markers", name=labels[position],
            marker={"size": 5, "opacity": 0.75, "color": colours if known else QUIET,
                    "colorscale": [[0, UP], [0.5, "#B9A9C9"], [1, DOWN]], "cmin": 0, "cmax": 1,
                    "showscale": known and not any(t.marker.showscale for t in figure.data),
                    "colorbar": {"tickvals": [0, 1], "ticktext": list(words), "thickness": 8}},
            hovertemplate="%{x:.3f}",
        )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(order))), ticktext=labels, autorange="reversed", showgrid=False
    )
    listed = ", ".join(features[i] for i in order)
    return Chart(figure, title, f"{axis} of {rows} rows, one dot each, by feature: {listed}.")
