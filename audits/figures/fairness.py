"""Figures of how groups are treated: rates, gaps, intersections, a moved threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.figures.theme import (
    ACCENT,
    MAX_BARS,
    QUIET,
    SEQUENTIAL,
    Chart,
    make_figure,
    row_height,
    unique_labels,
    use_percent_axis,
)

FEW_ROWS = 30
"""Under this many rows a cell of the heat map is marked: its number says little."""

MAX_SIDE = 20
"""The heat map shows at most so many groups a side, the largest."""


def draw_moved(
    names: Sequence[str],
    audited: FloatArray,
    moved: FloatArray,
    texts: Sequence[str],
    *,
    title: str,
    axis: str,
    legend: tuple[str, str],
    rows: IntArray | None = None,
) -> Chart:
    """Draw each group's rate before (ring) and after (dot) the threshold was moved.

    rows: the groups' sizes; of more than `MAX_BARS` groups the largest are drawn (without sizes
    the first), and the alt text says so.
    """
    known = np.flatnonzero(~np.isnan(moved) & ~np.isnan(audited))
    sizes = np.zeros(len(names)) if rows is None else rows
    order = np.sort(known[np.argsort(-sizes[known], kind="stable")[:MAX_BARS]]).tolist()
    labels = unique_labels([names[i] for i in order])
    figure = make_figure(row_height(len(order), around=100), x_title=axis)
    # One trace with gaps: a trace a group costs milliseconds each.
    figure.add_scatter(
        x=[end for i in order for end in (audited[i], moved[i], None)],
        y=[end for label in labels for end in (label, label, None)],
        mode="lines", hoverinfo="skip", line={"color": ACCENT, "width": 3}, opacity=0.35,
        showlegend=False,
    )  # fmt: skip
    figure.add_scatter(
        x=[audited[i] for i in order], y=labels, mode="markers", name=legend[0],
        marker={"size": 11, "color": "rgba(0,0,0,0)", "line": {"color": QUIET, "width": 2}},
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[moved[i] for i in order], y=labels, mode="markers", name=legend[1],
        marker={"size": 11, "color": ACCENT}, hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    # The number stands beside both marks, so that neither lies on it.
    figure.add_scatter(
        x=[max(audited[i], moved[i]) for i in order], y=labels, mode="text", hoverinfo="skip",
        text=["   " + texts[i] for i in order], textposition="middle right", cliponaxis=False,
        showlegend=False,
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(range=[0, 1.12], tickvals=[0, 0.2, 0.4, 0.6, 0.8, 1.0])
    use_percent_axis(figure)
    figure.update_layout(showlegend=True)
    listed = "; ".join(f"{names[i]}: from {audited[i]:.1%} to {moved[i]:.1%}" for i in order[:12])
    cut = (
        f" The {len(order)} largest of {len(known)} groups are shown."
        if len(order) < len(known)
        else ""
    )
    alt = f"{axis} at the audited and at the moved threshold. {listed}.{cut}"
    return Chart(figure, title, alt)


def _largest(names: Sequence[str], rows: IntArray) -> list[int]:
    order = np.argsort(-rows, kind="stable")[:MAX_SIDE]
    return sorted(int(i) for i in order)


def draw_intersections(
    first: Sequence[str],
    second: Sequence[str],
    values: FloatArray,
    rows: IntArray,
    texts: Sequence[Sequence[str]],
    *,
    title: str,
    axes: tuple[str, str],
) -> Chart:
    """Draw a metric over two attributes, `[len(first), len(second)]`, as a heat map with numbers.

    Cells without rows stay empty; cells under `FEW_ROWS` rows carry an asterisk.
    """
    down, across = _largest(first, rows.sum(axis=1)), _largest(second, rows.sum(axis=0))
    part, counted = values[np.ix_(down, across)], rows[np.ix_(down, across)]
    written = [
        [
            "" if np.isnan(values[i, j]) else texts[i][j] + ("*" if rows[i, j] < FEW_ROWS else "")
            for j in across
        ]
        for i in down
    ]
    figure = make_figure(row_height(len(down), each=56, around=90))
    columns = unique_labels([second[j] for j in across], 18)
    lines = unique_labels([first[i] for i in down], 18)
    figure.add_heatmap(
        z=[[None if np.isnan(cell) else float(cell) for cell in row] for row in part],
        x=columns, y=lines,
        text=written, texttemplate="%{text}", customdata=counted.tolist(),
        colorscale=[list(stop) for stop in SEQUENTIAL], showscale=False, xgap=3, ygap=3,
        hovertemplate="%{y} & %{x}: %{text}, %{customdata:,} rows<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(side="top", showgrid=False, title={"text": axes[1]}, type="category")
    figure.update_yaxes(
        autorange="reversed", showgrid=False, title={"text": axes[0]}, type="category"
    )
    cells = [
        f"{first[i]} & {second[j]}: {texts[i][j]}"
        for i in down
        for j in across
        if not np.isnan(values[i, j])
    ]
    alt = f"Heat map of {axes[0]} by {axes[1]}. " + "; ".join(cells[:16]) + "."
    picks: dict[tuple[str, ...], int] = {
        (line, column): i * len(second) + j
        for i, line in zip(down, lines, strict=True)
        for j, column in zip(across, columns, strict=True)
        if not np.isnan(values[i, j])
    }
    return Chart(figure, title, alt, picks)
