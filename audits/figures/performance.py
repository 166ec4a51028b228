"""Figures of how good the scores and decisions are: ROC, precision-recall, calibration, confusion,
and what each threshold would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray
from audits.figures.theme import (
    PALETTE,
    QUIET,
    SEQUENTIAL,
    Chart,
    add_upright,
    escape_label,
    make_figure,
    row_height,
    unique_labels,
    use_percent_axis,
)

CURVE_POINTS = 200
MAX_CURVES = 8


@dataclass(frozen=True, slots=True)
class Curve:
    """One line with its name, `x` and `y` of the same length."""

    name: str
    x: FloatArray
    y: FloatArray


def thin_curve(curve: Curve, points: int = CURVE_POINTS) -> Curve:
    """Return the curve at no more than `points` of its own points, evenly along its length."""
    if len(curve.x) <= points:
        return curve
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(curve.x), np.diff(curve.y)))])
    kept = np.unique(np.searchsorted(length, np.linspace(0, length[-1], points)))
    kept = np.clip(kept, 0, len(length) - 1)
    return Curve(curve.name, curve.x[kept], curve.y[kept])


def _draw_curves(curves: Sequence[Curve], title: str, x_title: str, y_title: str) -> Chart:
    figure = make_figure(380, x_title=x_title, y_title=y_title)
    shown = [thin_curve(curve) for curve in curves[:MAX_CURVES]]
    dashes = ("solid", "dash", "dot", "dashdot")
    for position, curve in enumerate(shown):
        figure.add_scatter(
            x=curve.x, y=curve.y, mode="lines", name=escape_label(curve.name, 30),
            line={"color": PALETTE[position], "width": 2.5, "dash": dashes[position % 4]},
            hovertemplate="%{x:.1%}, %{y:.1%}",
        )  # fmt: skip
    use_percent_axis(figure, "x")
    use_percent_axis(figure, "y")
    figure.update_xaxes(range=[-0.01, 1.01])
    figure.update_yaxes(range=[-0.01, 1.02])
    figure.update_layout(showlegend=len(shown) > 1)
    names = ", ".join(curve.name for curve in shown)
    return Chart(figure, title, f"{y_title} against {x_title}. Lines: {names}.")


def draw_roc(curves: Sequence[Curve], *, title: str, axes: tuple[str, str]) -> Chart:
    """Draw ROC curves (x: false positive rate, y: true positive rate) and the line of guessing."""
    chart = _draw_curves(curves, title, *axes)
    chart.figure.add_shape(
        type="line", x0=0, y0=0, x1=1, y1=1, line={"color": QUIET, "width": 1, "dash": "dot"}
    )
    return chart


def draw_precision_recall(curves: Sequence[Curve], *, title: str, axes: tuple[str, str]) -> Chart:
    """Draw precision-recall curves (x: recall, y: precision)."""
    return _draw_curves(curves, title, *axes)


def draw_calibration(
    name: str,
    mean_score: FloatArray,
    share: FloatArray,
    low: FloatArray,
    high: FloatArray,
    *,
    title: str,
    axes: tuple[str, str],
    ideal: str,
) -> Chart:
    """Draw one group's calibration: in each bin of the score, what share came true."""
    figure = make_figure(380, x_title=axes[0], y_title=axes[1])
    full = ~np.isnan(share)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name=ideal, hoverinfo="skip",
        line={"color": QUIET, "width": 1, "dash": "dot"},
    )  # fmt: skip
    figure.add_scatter(
        x=mean_score[full], y=share[full], mode="lines+markers", name=escape_label(name, 30),
        error_y={"type": "data", "array": (high - share)[full], "color": PALETTE[0],
                 "arrayminus": (share - low)[full], "thickness": 1.5, "width": 4},
        marker={"size": 9, "color": PALETTE[0]}, line={"color": PALETTE[0], "width": 2},
        hovertemplate="%{x:.1%} → %{y:.1%}<extra></extra>",
    )  # fmt: skip
    use_percent_axis(figure, "x")
    use_percent_axis(figure, "y")
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(range=[-0.02, 1.04])
    figure.update_layout(showlegend=True)
    points = "; ".join(
        f"{x:.0%}: {y:.0%}" for x, y in zip(mean_score[full], share[full], strict=True)
    )
    return Chart(figure, title, f"{name}. {axes[1]} by {axes[0]}. {points}.")


def draw_confusion(
    counts: FloatArray, classes: Sequence[str], *, title: str, axes: tuple[str, str]
) -> Chart:
    """Draw `[true, predicted]` counts as a heat map; each cell with its share of the true class."""
    rows = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0)
    labels = unique_labels(list(classes), 18)
    size = len(classes)
    small = size > 12
    written = [
        [f"{counts[i, j]:,.0f}" + ("" if small else f"<br>{share[i, j]:.1%}") for j in range(size)]
        for i in range(size)
    ]
    figure = make_figure(row_height(size, each=70 if not small else 26, around=100))
    figure.add_heatmap(
        z=share.tolist(), x=labels, y=labels, text=written, zmin=0, zmax=1,
        texttemplate="%{text}", colorscale=[list(stop) for stop in SEQUENTIAL],
        showscale=False, xgap=3, ygap=3,
        hovertemplate=f"{axes[0]}: %{{y}}<br>{axes[1]}: %{{x}}<br>%{{text}}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(side="top", title={"text": axes[1]}, type="category", showgrid=False)
    figure.update_yaxes(
        autorange="reversed", title={"text": axes[0]}, type="category", showgrid=False
    )
    cells = "; ".join(
        f"{axes[0]} {classes[i]}, {axes[1]} {classes[j]}: {counts[i, j]:,.0f}"
        for i in range(min(size, 4))
        for j in range(min(size, 4))
    )
    picks: dict[tuple[str, ...], int] = {
        (labels[i], labels[j]): i * size + j for i in range(size) for j in range(size)
    }
    return Chart(figure, title, f"Confusion matrix. {cells}.", picks)


def draw_thresholds(
    curves: Sequence[Curve], *, current: float | None, title: str, axes: tuple[str, str], here: str
) -> Chart:
    """Draw rates against the threshold, with a line at the one in use."""
    chart = _draw_curves(curves, title, *axes)
    if current is not None:
        add_upright(chart.figure, current, width=1.5, dash="dot")
        chart.figure.add_annotation(
            x=current, y=0.02, yref="paper", text=here, showarrow=False, xanchor="left",
            xshift=4, font={"color": QUIET},
        )  # fmt: skip
    chart.figure.update_xaxes(tickformat=".2f")
    return chart
