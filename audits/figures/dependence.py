"""Figure of a column's attributions against its values: a sample's points, all rows' means."""

from __future__ import annotations

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.figures.theme import (
    ACCENT,
    MAX_POINTS,
    QUIET,
    Chart,
    escape_label,
    make_figure,
    unique_labels,
)


def draw_dependence(
    labels: list[str],
    centre: FloatArray,
    mean: FloatArray,
    low: FloatArray,
    high: FloatArray,
    rows: IntArray,
    points: tuple[FloatArray, FloatArray],
    *,
    title: str,
    column: str,
    axis: str,
    words: tuple[str, str],
) -> Chart:
    """Draw bins with intervals over a sample's points.

    labels, centre, mean, low, high, rows: of the bins, `[n_bins]`; centre is NaN where a bin has no
    place on an axis of numbers (a category, missing). points: the sample's places and attributions,
    `[n_points]`; a place is a value, or, where no bin has a centre, the position of its bin; NaN is
    missing. words: the names of the points and of the means.
    """
    numeric = bool((~np.isnan(centre)).any())
    at, names = _place_bins(labels, centre)
    x, y = (part[: MAX_POINTS - len(labels)] for part in points)
    figure = make_figure(420, x_title=escape_label(column, 60), y_title=axis)
    gone: float = float(at[np.isnan(centre)][-1]) if numeric and np.isnan(centre).any() else np.nan
    figure.add_scatter(
        x=np.where(np.isnan(x), gone, x) + (0.0 if numeric else _jitter(len(x))), y=y,
        mode="markers", name=words[0], hoverinfo="skip",
        marker={"size": 4, "color": QUIET, "opacity": 0.45},
    )  # fmt: skip
    figure.add_scatter(
        x=at, y=mean, mode="markers+lines" if numeric else "markers", name=words[1],
        line={"color": ACCENT, "width": 2}, marker={"size": 9, "color": ACCENT},
        error_y={"type": "data", "array": np.nan_to_num(high - mean),
                 "arrayminus": np.nan_to_num(mean - low), "color": ACCENT, "width": 4},
        customdata=[f"{escape_label(label, 40)}: {value:+.3f}, {int(n):,}"
                    for label, value, n in zip(labels, mean, rows, strict=True)],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.add_shape(type="line", x0=0, x1=1, xref="x domain", y0=0, y1=0,
                     line={"color": QUIET, "width": 1})  # fmt: skip
    if not numeric:
        figure.update_xaxes(tickvals=at, ticktext=names, range=[-0.6, len(labels) - 0.4])
    elif not np.isnan(gone):
        figure.add_annotation(x=gone, y=1, yref="paper", text=names[-1], showarrow=False,
                              yanchor="bottom", font={"size": 12, "color": QUIET})  # fmt: skip
    figure.update_layout(showlegend=True)
    listed = "; ".join(
        f"{label}: {value:+.3f} ({int(n):,})"
        for label, value, n in zip(labels[:12], mean, rows, strict=False)
    )
    return Chart(figure, title, f"{axis} by {column}, means of all rows. {listed}.")


def _place_bins(labels: list[str], centre: FloatArray) -> tuple[FloatArray, list[str]]:
    """Return where the bins stand: numbers at their centre, missing to the right of them, and
    categories at 0, 1, 2, ..."""
    names = unique_labels(labels, 16)
    if np.isnan(centre).all():
        return np.arange(len(labels), dtype=np.float64), names
    last = float(np.nanmax(centre))
    span = (last - float(np.nanmin(centre))) or 1.0
    at: FloatArray = np.where(np.isnan(centre), last + 0.12 * span, centre)
    return at, names


def _jitter(n: int) -> FloatArray:
    """Return offsets in ±0.28 that are spread evenly and the same every time."""
    steps = (np.arange(n, dtype=np.float64) * 0.618034) % 1.0
    offsets: FloatArray = 0.56 * (steps - 0.5)
    return offsets
